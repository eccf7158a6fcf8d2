/**
 * Carries deliveries by Amazon SES: the whole message in memory (up to `routing.sesMaximumSize`), 50 recipients a call.
 * Larger mail fails at once and says how it could leave; so does mail whose sender SES has not verified. A recipient that
 * SES does not take fails alone. What is sent too fast is tried again within seconds; a quota that is used up, or an
 * account that is paused, closes the hop. What SES took is found again by its name, for the events that may follow.
 */
import { mostSesRecipients, type RawSender, type SesAnswer } from '../../aws/ses.ts';
import type { SesPointers } from '../../aws/ses-pointers.ts';
import { hasForeignScript } from '../../mail/relay/commands.ts';
import type { RecipientResult, SendRecipient } from '../../mail/relay/doors.ts';
import { failed, ourWords, waiting } from '../../mail/relay/results.ts';
import type { SesRefusal } from '../../mail/relay/ses-error.ts';
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
  readonly pause: (milliseconds: number) => Promise<void>;
}

const kilobyte = 1024;
/** Milliseconds before a call that came too fast is made again; the SDK has tried three times by itself. */
const breaths = [500, 1_000, 2_000, 4_000, 4_000];

export function sesCarrier(options: SesCarrierOptions): Carrier {
  return {
    send: (delivery) => send(options, delivery),
    close: () => Promise.resolve(),
  };
}

async function send(options: SesCarrierOptions, delivery: Delivery): Promise<Attempt> {
  const refusal = refusalOf(options, delivery);
  if (refusal !== undefined) return { results: refusal, hop: 'answered' };
  const recipients = outgoing(delivery).recipients;
  const foreign = recipients.filter(({ address }) => isForeign(address));
  const call = new SesCalls(options, delivery);
  const results = failed(foreign, ourWords(noForeignScript));
  results.push(...(await call.toAll(recipients.filter((one) => !foreign.includes(one)))));
  return { results, hop: call.down ? 'down' : 'answered' };
}

/** What SES need not be asked for. */
function refusalOf(options: SesCarrierOptions, delivery: Delivery): RecipientResult[] | undefined {
  const { size, recipients, from } = outgoing(delivery);
  if (delivery.requireTls) return failed(recipients, ourWords(noRequireTls));
  if (isForeign(from)) return failed(recipients, ourWords(noForeignScript));
  if (size <= options.maximumSize * kilobyte) return undefined;
  return failed(recipients, ourWords(tooLarge(size, options)), 'size');
}

function isForeign(address: string): boolean {
  return hasForeignScript({ from: address, recipients: [] });
}

/** RFC 8689 section 4.2.1: nobody may have it who does not pass the wish on. */
const noRequireTls = '550 5.7.30 REQUIRETLS support required: Amazon SES does not pass it on';
const noForeignScript = '550 5.6.7 Amazon SES takes no addresses beyond ASCII (no SMTPUTF8)';

function tooLarge(size: number, { maximumSize }: SesCarrierOptions): string {
  return `552 5.3.4 The message has ${Math.ceil(size / kilobyte)} KB and Amazon SES is given at most ${maximumSize} KB (routing.sesMaximumSize); larger mail can leave through SES's own SMTP endpoint as routing.relayHost`;
}

/** The calls that one delivery takes. */
class SesCalls {
  /** Nothing was taken, and what held it up holds up everybody. */
  down = false;
  readonly #options: SesCarrierOptions;
  readonly #delivery: Delivery;
  readonly #from: string;
  #bytes: Buffer | undefined;
  #held: SesRefusal | undefined;

  constructor(options: SesCarrierOptions, delivery: Delivery) {
    this.#options = options;
    this.#delivery = delivery;
    this.#from = delivery.from === '' ? options.postmaster : delivery.from;
  }

  async toAll(recipients: readonly SendRecipient[]): Promise<RecipientResult[]> {
    const results: RecipientResult[] = [];
    for (let at = 0; at < recipients.length; at += mostSesRecipients)
      results.push(...(await this.#to(recipients.slice(at, at + mostSesRecipients))));
    const allWait = results.length > 0 && results.every(({ outcome }) => outcome === 'waiting');
    this.down = allWait && this.#held?.tooFast !== true;
    return results;
  }

  /** What holds up one call of a message holds up the rest of them. */
  async #to(some: readonly SendRecipient[]): Promise<RecipientResult[]> {
    const answer = this.#held ?? (await this.#ask(some.map(({ address }) => address)));
    if (answer.outcome === 'waiting') this.#held = answer;
    if (some.length === 1 || !this.#mayBeOne(answer, some)) return resultsOf(some, answer, this.#from);
    const half = Math.ceil(some.length / 2);
    return [...(await this.#to(some.slice(0, half))), ...(await this.#to(some.slice(half)))];
  }

  /** The refusal is about one or some of the recipients: the others are asked for apart. */
  #mayBeOne(answer: SesAnswer, some: readonly SendRecipient[]): boolean {
    if (answer.outcome !== 'failed') return false;
    return answer.malformed === true || isAboutRecipients(answer, some, this.#from);
  }

  async #ask(to: readonly string[]): Promise<SesAnswer> {
    const { ses, pause, pointers, onFault } = this.#options;
    const bytes = (this.#bytes ??= await wholeCopy(this.#options, this.#delivery));
    let answer = await ses.send({ from: this.#from, to, bytes });
    for (const breath of breaths) {
      if (answer.outcome !== 'waiting' || answer.tooFast !== true) break;
      await pause(breath);
      answer = await ses.send({ from: this.#from, to, bytes });
    }
    if (answer.outcome !== 'relayed') return answer;
    // SES has the message: that its events will not find it must not send it twice.
    await pointers.write(answer.text, this.#delivery).catch((error: unknown) => {
      onFault('Events of Amazon SES will not find a message', error, this.#delivery);
    });
    return answer;
  }
}

async function wholeCopy({ bodies }: SesCarrierOptions, delivery: Delivery): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of (await openCopy(bodies, delivery)) as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** In its sandbox SES knows only recipients that are verified as well. */
function isAboutRecipients(
  { unverified = [] }: SesRefusal,
  some: readonly Pick<SendRecipient, 'address'>[],
  from: string,
): boolean {
  const named = unverified.map((one) => one.toLowerCase());
  if (named.includes(from.toLowerCase())) return false;
  return some.some(({ address }) => named.includes(address.toLowerCase()));
}

const remote = 'Amazon SES';

/** What an administrator can do about it. */
const verifySender =
  '; verify the sender’s domain in Amazon SES, or let such mail leave by another relay host (routing.relayHost); for forwarded mail routing.forwardingSender can rewrite the sender';
const leaveSandbox =
  '; the account is in the sandbox of Amazon SES, which sends to verified addresses only: request production access in its console';

function resultsOf(recipients: readonly SendRecipient[], answer: SesAnswer, from: string): RecipientResult[] {
  const { outcome, text } = answer;
  if (outcome === 'relayed') {
    const said = { ...ourWords(`250 2.0.0 Amazon SES took the message as ${text}`), remote };
    return recipients.map(({ address }) => ({ address, outcome, ...said }));
  }
  if (outcome === 'waiting') {
    const sentence = `451 4.3.2 Amazon SES did not take the message: ${text}`;
    return waiting(recipients, { ...ourWords(sentence), remote });
  }
  const unverified = isAboutRecipients(answer, recipients, from) ? leaveSandbox : verifySender;
  const wayOut = answer.unverified === undefined ? '' : unverified;
  const sentence = `554 5.7.1 Amazon SES refused the message: ${text}${wayOut}`;
  return failed(recipients, { ...ourWords(sentence), remote });
}
