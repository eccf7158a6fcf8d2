/**
 * Carries deliveries by Amazon SES: the whole message in memory (up to `routing.sesMaximumSize`), 50 recipients a call.
 * Larger mail fails at once and says how it could leave; so does mail whose sender SES has not
 * verified. What SES took is found again by its name, for the events that may follow.
 */
import { mostSesRecipients, type RawSender, type SesAnswer } from '../../aws/ses.ts';
import type { SesPointers } from '../../aws/ses-pointers.ts';
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
  readonly pointers: Pick<SesPointers, 'write'>;
  readonly onFault: (what: string, cause: unknown, delivery: Delivery) => void;
}

const kilobyte = 1024;
/** RFC 8689 section 4.2.1: nobody may have it who does not pass the wish on. */
const noRequireTls = '550 5.7.30 REQUIRETLS support required: Amazon SES does not pass it on';

export function sesCarrier(options: SesCarrierOptions): Carrier {
  return {
    send: (delivery) => send(options, delivery),
    close: () => Promise.resolve(),
  };
}

async function send(options: SesCarrierOptions, delivery: Delivery): Promise<Attempt> {
  const { size, recipients } = outgoing(delivery);
  if (delivery.requireTls) return { results: failed(recipients, ourWords(noRequireTls)), hop: 'answered' };
  if (size > options.maximumSize * kilobyte)
    return { results: failed(recipients, ourWords(tooLarge(size, options)), 'size'), hop: 'answered' };
  const bytes = await wholeCopy(options, delivery);
  const from = delivery.from === '' ? options.postmaster : delivery.from;
  const results: RecipientResult[] = [];
  for (let at = 0; at < recipients.length; at += mostSesRecipients) {
    const some = recipients.slice(at, at + mostSesRecipients);
    const answer = await options.ses.send({ from, to: some.map(({ address }) => address), bytes });
    if (answer.outcome === 'relayed') await point(options, answer.text, delivery);
    results.push(...resultsOf(some, answer));
  }
  // Throttling, a paused account, a missing right: the next message would fare no better.
  return { results, hop: results.every(({ outcome }) => outcome === 'waiting') ? 'down' : 'answered' };
}

/** SES has the message: that its events will not find it must not send it twice. */
async function point(
  { pointers, onFault }: SesCarrierOptions,
  sesId: string,
  delivery: Delivery,
): Promise<void> {
  try {
    await pointers.write(sesId, delivery);
  } catch (error) {
    onFault('Events of Amazon SES will not find a message', error, delivery);
  }
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

/** What an administrator can do about it. */
const wayOut =
  '; verify the sender’s domain in Amazon SES, or let such mail leave by another relay host (routing.relayHost); for forwarded mail routing.forwardingSender can rewrite the sender';

function resultsOf(
  recipients: readonly SendRecipient[],
  { outcome, text, unverified }: SesAnswer,
): RecipientResult[] {
  if (outcome === 'failed') {
    const sentence = `554 5.7.1 Amazon SES refused the message: ${text}${unverified === true ? wayOut : ''}`;
    return failed(recipients, { ...ourWords(sentence), remote });
  }
  if (outcome === 'waiting')
    return waiting(recipients, {
      ...ourWords(`451 4.3.2 Amazon SES did not take the message: ${text}`),
      remote,
    });
  const said = { ...ourWords(`250 2.0.0 Amazon SES took the message as ${text}`), remote };
  return recipients.map(({ address }) => ({ address, outcome: 'relayed', ...said }));
}
