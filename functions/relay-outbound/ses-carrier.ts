/**
 * Carries deliveries by Amazon SES: the whole message in memory (up to `routing.sesMaximumSize`), 50 recipients a call.
 * Larger mail fails at once and says how it could leave; so does mail whose sender SES has not verified.
 */
import { mostSesRecipients, type RawSender, type SesAnswer } from '../../aws/ses.ts';
import type { RecipientResult, SendRecipient } from '../../mail/relay/doors.ts';
import { failed, ourWords, waiting } from '../../mail/relay/results.ts';
import type { BodyStore } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { outgoing, type Attempt, type Carrier } from './carrier.ts';
import { openCopy } from './copy.ts';

export interface SesCarrierOptions {
  readonly bodies: Pick<BodyStore, 'open'>;
  readonly ses: RawSender;
  /** KB, from the Configuration. */
  readonly maximumSize: number;
  /** SES knows no null sender: reports leave in this name. */
  readonly postmaster: string;
}

const kilobyte = 1024;

export function sesCarrier(options: SesCarrierOptions): Carrier {
  return {
    send: (delivery) => send(options, delivery),
    close: () => Promise.resolve(),
  };
}

async function send(options: SesCarrierOptions, delivery: Delivery): Promise<Attempt> {
  const { size, recipients } = outgoing(delivery);
  if (size > options.maximumSize * kilobyte)
    return { results: failed(recipients, ourWords(tooLarge(size, options)), 'size'), hop: 'answered' };
  const bytes = await wholeCopy(options, delivery);
  const from = delivery.from === '' ? options.postmaster : delivery.from;
  const results: RecipientResult[] = [];
  for (let at = 0; at < recipients.length; at += mostSesRecipients) {
    const some = recipients.slice(at, at + mostSesRecipients);
    const answer = await options.ses.send({ from, to: some.map(({ address }) => address), bytes });
    results.push(...resultsOf(some, answer));
  }
  return { results, hop: 'answered' };
}

function tooLarge(size: number, { maximumSize }: SesCarrierOptions): string {
  return `552 5.3.4 The message has ${Math.ceil(size / kilobyte)} KB and Amazon SES is given at most ${maximumSize} KB (routing.sesMaximumSize); larger mail can leave through SES's own SMTP endpoint as routing.relayHost`;
}

async function wholeCopy({ bodies }: SesCarrierOptions, delivery: Delivery): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await openCopy(bodies, delivery)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const remote = 'Amazon SES';

function resultsOf(recipients: readonly SendRecipient[], { outcome, text }: SesAnswer): RecipientResult[] {
  if (outcome === 'failed')
    return failed(recipients, { ...ourWords(`554 5.7.1 Amazon SES refused the message: ${text}`), remote });
  if (outcome === 'waiting')
    return waiting(recipients, {
      ...ourWords(`451 4.3.2 Amazon SES did not take the message: ${text}`),
      remote,
    });
  const said = { ...ourWords(`250 2.0.0 Amazon SES took the message as ${text}`), remote };
  return recipients.map(({ address }) => ({ address, outcome: 'relayed', ...said }));
}
