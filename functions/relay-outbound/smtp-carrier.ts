/**
 * Carries deliveries of one next hop by SMTP: the hosts in order until one takes the session, the session kept for the
 * next delivery. A host that cannot be spoken to is followed by the next; a message that may have been taken by one is
 * offered to no other. A kept session that fails before DATA is replaced once, at no cost to the message.
 */
import { hasForeignScript, isUnspeakable } from '../../mail/relay/commands.ts';
import type { TlsResult } from '../../mail/relay/doors.ts';
import type { Resolution, Target } from '../../mail/relay/hosts.ts';
import { failed, ourWords, waiting, type Said } from '../../mail/relay/results.ts';
import type { BodyStore } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { outgoing, waitingRecipients, type Attempt, type Carrier } from './carrier.ts';
import { copyOf, hasEightBits, hasForeignHeader } from './copy.ts';
import { hangUp, openSession, type Opened, type Session, type TlsWish } from './smtp-session.ts';
import type { Judged } from './peer-policy.ts';
import { transact, type Outcome, type TransactionLimits } from './smtp-transaction.ts';
import { Way } from './way.ts';

export interface SmtpCarrierOptions {
  readonly bodies: Pick<BodyStore, 'open'>;
  readonly resolve: () => Promise<Resolution>;
  /** How to speak with one host; throws nothing, says why where it cannot be known. */
  readonly policyFor: (target: Target, tlsOptional: boolean) => Promise<Judged>;
  readonly limits: TransactionLimits;
  /** TLS towards a host whose domain has a wish about it. */
  readonly onTls?: (wish: TlsWish, target: Target, found: TlsFinding) => void;
}

export interface TlsFinding {
  readonly result: TlsResult | 'success';
  readonly reason?: string;
}

/** RFC 8689 section 4.2.1. */
const requireTlsRefusal = '550 5.7.30 REQUIRETLS support required: no mail server of the next hop offers it';

export function smtpCarrier(options: SmtpCarrierOptions): Carrier {
  const way = new Way();
  const line = new Line({ ...options, limits: { ...options.limits, way } });
  return {
    async send(delivery) {
      const attempt = await way.attempt(() => line.send(delivery));
      return attempt === 'gave way' ? { results: [], hop: 'answered', gaveWay: true } : attempt;
    },
    giveWay: () => way.giveWay(),
    close: () => line.close(),
  };
}

class Line {
  readonly #options: SmtpCarrierOptions;
  #session: Session | undefined;
  /** The session stands under no policy: it is for what may do without. */
  #tlsOptional = false;

  constructor(options: SmtpCarrierOptions) {
    this.#options = options;
  }

  async send(delivery: Delivery): Promise<Attempt> {
    if (isUnspeakable(outgoing(delivery)))
      return refuse(delivery, '553 5.1.3 An address of this message has characters that SMTP cannot carry');
    const kept = this.#session?.connection.isOpen ? this.#session : undefined;
    const serves = delivery.tlsOptional === true || !this.#tlsOptional;
    if (kept === undefined || !serves || !suits(kept, delivery)) return this.#sendAfresh(delivery);
    const outcome = await this.#offer(kept, delivery);
    if (outcome.ended) return verdict(outcome);
    if (outcome.beforeData) return this.#sendAfresh(delivery);
    return { results: waiting(waitingRecipients(delivery), outcome.said), hop: 'broke' };
  }

  async close(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session !== undefined) await hangUp(session.connection, this.#options.limits);
  }

  async #sendAfresh(delivery: Delivery): Promise<Attempt> {
    await this.close();
    this.#tlsOptional = delivery.tlsOptional === true;
    const found = await this.#options.resolve();
    if (found.outcome === 'targets') return this.#tryHosts(found.targets, delivery);
    if (found.outcome === 'failed') return refuse(delivery, found.reply);
    return { results: waiting(waitingRecipients(delivery), ourWords(found.reply)), hop: 'down' };
  }

  async #tryHosts(targets: readonly Target[], delivery: Delivery): Promise<Attempt> {
    let said: Said = ourWords('451 4.4.1 No host of the next hop could be spoken to');
    let spoken = false;
    let refusing = 0;
    for (const target of targets) {
      const opened = await this.#open(target, delivery);
      // RFC 5321 section 5.1: what stands behind ourselves in the list is no better than we are.
      if (!opened.ok && opened.because === 'ourselves') {
        if (target === targets[0]) return refuse(delivery, opened.said.reply);
        break;
      }
      if (!opened.ok) {
        said = opened.said;
        continue;
      }
      spoken = true;
      if (!suits(opened.session, delivery)) {
        refusing += 1;
        await hangUp(opened.session.connection, this.#options.limits);
        continue;
      }
      const outcome = await this.#offer(opened.session, delivery);
      if (outcome.ended) return verdict(outcome);
      said = outcome.said;
    }
    if (refusing === targets.length) return refuse(delivery, requireTlsRefusal);
    const results = waiting(waitingRecipients(delivery), said);
    if (delivery.requireTls) return { results, hop: 'answered' };
    return { results, hop: spoken ? 'broke' : 'down' };
  }

  async #open(target: Target, delivery: Delivery): Promise<Opened> {
    const policy = await this.#options.policyFor(target, delivery.tlsOptional === true);
    if ('waits' in policy) {
      this.#tell(policy.wish, target, policy.result && { result: policy.result, reason: policy.waits });
      return { ok: false, said: ourWords(policy.waits) };
    }
    const tls = delivery.requireTls ? 'required' : policy.tls;
    const opened = await openSession(target, { ...policy, tls }, this.#options.limits);
    if (tls !== 'disabled') this.#tell(policy.wish, target, tlsFinding(opened, policy.wish));
    return opened;
  }

  #tell(wish: TlsWish | undefined, target: Target, found: TlsFinding | undefined): void {
    if (wish !== undefined && found !== undefined) this.#options.onTls?.(wish, target, found);
  }

  async #offer(session: Session, delivery: Delivery): Promise<Outcome> {
    this.#session = session;
    const obstacle = await this.#obstacle(session, delivery);
    if (obstacle !== undefined)
      return { ended: true, results: refuse(delivery, obstacle).results, usable: true };
    const { bodies, limits } = this.#options;
    const body = (): ReturnType<typeof copyOf> => copyOf(bodies, delivery);
    const outcome = await transact(session, { message: outgoing(delivery), body }, limits);
    if (!outcome.ended || !outcome.usable) await this.close();
    return outcome;
  }

  /** What the host cannot carry. It is not converted: that would break signatures. */
  async #obstacle({ extensions, remote }: Session, delivery: Delivery): Promise<string | undefined> {
    const { bodies } = this.#options;
    if (!extensions.smtpUtf8 && hasForeignScript(outgoing(delivery)))
      return `550 5.6.7 ${remote} takes no addresses beyond ASCII (no SMTPUTF8)`;
    if (!extensions.smtpUtf8 && delivery.smtpUtf8 && (await hasForeignHeader(bodies, delivery)))
      return `550 5.6.7 ${remote} takes no header beyond ASCII (no SMTPUTF8)`;
    if (!extensions.eightBitMime && delivery.eightBitMime && (await hasEightBits(bodies, delivery)))
      return `550 5.6.7 ${remote} takes no 8-bit text (no 8BITMIME), and the message has some`;
    return undefined;
  }
}

function verdict({ results, unanswered }: Extract<Outcome, { ended: true }>): Attempt {
  return { results, hop: unanswered === true ? 'broke' : 'answered' };
}

/** Undefined: it did not come to TLS. */
function tlsFinding(opened: Opened, wish: TlsWish | undefined): TlsFinding | undefined {
  const refusal = opened.ok ? opened.withoutTls : opened;
  if (refusal !== undefined || !opened.ok)
    return refusal?.result && { result: refusal.result, reason: refusal.said.reply };
  const { tls } = opened.session;
  if (tls === undefined) return { result: 'starttls-not-supported' };
  if (wish?.listed === false)
    return { result: 'validation-failure', reason: 'the policy does not name this mail server' };
  if (tls.verified || wish?.policy.type !== 'sts') return { result: 'success' };
  return { result: tls.result ?? 'validation-failure', ...(tls.problem && { reason: tls.problem }) };
}

/** REQUIRETLS asks for a verified certificate and a host that passes the wish on. */
function suits({ tls, extensions }: Session, delivery: Delivery): boolean {
  return !delivery.requireTls || (tls?.verified === true && extensions.requireTls);
}

function refuse(delivery: Delivery, sentence: string): Attempt {
  const recipients = waitingRecipients(delivery);
  const failure = /^\d{3} 5\.(1\.2|1\.10|4\.4)/.test(sentence) ? 'domain' : 'transfer';
  return { results: failed(recipients, ourWords(sentence), failure), hop: 'answered' };
}
