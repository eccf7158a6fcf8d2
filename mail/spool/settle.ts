/**
 * Transition 4: what a delivery becomes after an attempt. Pure: the claimed record and the results in, the record to
 * write out. All outcomes of one transaction go into one write.
 *
 * A recipient that ends leaves `owes` where the sender must be told (RFC 3461 section 5.2). Failed mail from `<>`
 * can be told to nobody: it becomes `dead`. With `undeliverable.hold` failed mail is held instead of reported.
 */
import type { Configuration } from '../document/forms.ts';
import type { RecipientResult } from '../relay/doors.ts';
import type { Delivery, Event, Owed, Recipient } from './records.ts';
import { dying } from './dead.ts';
import { applyWant } from './steer.ts';
import { hour, later, minute, wakeOf } from './keys.ts';
import {
  atRest,
  closed,
  endState,
  owesAnything,
  reportWake,
  rested,
  unleased,
  unowed,
  withOwed,
} from './standing.ts';

export interface SettleContext {
  readonly now: Date;
  readonly configuration: Configuration;
}

const longestWait = 4 * hour;
const keptEvents = 20;
/** Octets of a reply, and of all replies of a record, which stays under 64 KB. */
const longestReply = 1024;
const allReplies = 32 * 1024;
const faultWait = 30_000;

/** The record after an attempt in which each named recipient came to what `results` say. */
export function settleAttempt(
  claimed: Delivery,
  results: readonly RecipientResult[],
  context: SettleContext,
): Delivery {
  const at = context.now.toISOString();
  const { reason: _, ...record } = claimed;
  const said = shortened(results, claimed.recipients.length);
  const next: Delivery = {
    ...record,
    attempts: claimed.attempts + 1,
    claims: 0,
    recipients: claimed.recipients.map((recipient) => afterResult(recipient, said, at)),
    lastReply: lastReplyOf(said) ?? claimed.lastReply,
    events: withEvents(claimed, said, at),
  };
  if (at >= claimed.expireAt) expire(next, at, context.configuration);
  else if (claimed.delayAt !== undefined && at >= claimed.delayAt) owe(next, 'delayed');
  return settled(next, context);
}

/** What stands in the way of those who wait, else of those who failed. */
function lastReplyOf(results: readonly RecipientResult[]): string | undefined {
  const last = (wanted: RecipientResult['outcome']) => results.findLast(({ outcome }) => outcome === wanted);
  return (last('waiting') ?? last('failed'))?.reply;
}

/** Puts a delivery off without counting an attempt: the hop is closed, no way there is deployed, over quota. */
export function putOff(claimed: Delivery, dueAt: string, reason: string): Delivery {
  return rested({ ...claimed, claims: 0, state: 'deferred', dueAt, reason }, dueAt);
}

/**
 * An attempt that broke on our side: the lease is given back and the work is due again, after 30 s, 2, 8 and 32 minutes,
 * so that an outage of less than that holds no mail. Claims go on counting: what breaks five times is held for a person.
 */
export function steppedBack(claimed: Delivery, now: Date): Delivery {
  const dueAt = later(now, faultWait * 4 ** (claimed.claims - 1));
  return rested({ ...claimed, state: 'deferred', dueAt, reason: 'fault' }, dueAt);
}

/** Derives state, lease, wake and TTL of a record whose recipients have been updated. */
export function settled(delivery: Delivery, context: SettleContext): Delivery {
  const next = unleased(delivery);
  // Nobody can be told of mail from <> (RFC 5321 section 4.5.5).
  if (next.from === '') next.recipients = next.recipients.map(unowed);
  if (next.recipients.some((r) => r.outcome === 'waiting')) return deferred(next, context);
  return ended(next, context);
}

function deferred(delivery: Delivery, { now, configuration }: SettleContext): Delivery {
  const wait = configuration.transfer.initialRetryMinutes * minute * Math.max(1, delivery.attempts);
  const dueAt = later(now, Math.min(wait, longestWait));
  const next: Delivery = { ...delivery, state: 'deferred', dueAt };
  const wanted = next.want === undefined ? next : applyWant(next, now);
  if (wanted.state !== 'deferred') return wanted;
  return rested(wanted, owesAnything(wanted) ? later(now, reportWake) : wanted.dueAt);
}

function ended(delivery: Delivery, { now, configuration }: SettleContext): Delivery {
  const state = endState(delivery.recipients);
  const next: Delivery = { ...delivery, state, dueAt: now.toISOString() };
  delete next.want;
  delete next.hopKey;
  if (state === 'failed' && configuration.undeliverable.hold) return kept(next, now);
  if (state === 'failed' && delivery.from === '') return dying(next, { now, configuration });
  if (owesAnything(next)) return { ...next, wake: wakeOf(next.message), wakeAt: later(now, reportWake) };
  return closed(next, now);
}

/** Failed mail is held instead of reported (Configuration, Hold undeliverable mail). */
function kept(delivery: Delivery, now: Date): Delivery {
  const recipients = delivery.recipients.map((one) => (one.owes === 'failed' ? unowed(one) : one));
  return atRest({ ...delivery, recipients, state: 'held' }, 'failed', now);
}

function shortened(results: readonly RecipientResult[], recipients: number): RecipientResult[] {
  const octets = Math.min(longestReply, Math.floor(allReplies / recipients));
  return results.map((result) => ({ ...result, reply: cut(result.reply, octets) }));
}

/** At most so many octets of UTF-8, whole characters. */
function cut(text: string, octets: number): string {
  if (Buffer.byteLength(text) <= octets) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(octets));
  return text.slice(0, read);
}

function afterResult(recipient: Recipient, results: readonly RecipientResult[], at: string): Recipient {
  const result = results.find((r) => r.address === recipient.address);
  if (result === undefined || recipient.outcome !== 'waiting') return recipient;
  const next: Recipient = {
    ...recipient,
    reply: result.reply,
    replyBy: result.replyBy,
    ...(result.remote === undefined ? {} : { remote: result.remote }),
    ...(result.because === undefined ? {} : { ended: result.because }),
  };
  if (result.outcome === 'waiting') return next;
  return withOwed({ ...next, outcome: result.outcome, at, ...failureOf(result) }, result.dsn === true);
}

function failureOf(result: RecipientResult): Pick<Recipient, 'failure'> {
  if (result.outcome !== 'failed') return {};
  return { failure: result.failure ?? 'transfer' };
}

function owe(delivery: Delivery, what: Owed): void {
  delivery.recipients = delivery.recipients.map((recipient) => {
    const asked = recipient.notify?.toUpperCase().split(',') ?? ['FAILURE', 'DELAY'];
    if (recipient.outcome !== 'waiting' || !asked.includes('DELAY')) return recipient;
    return { ...recipient, owes: what };
  });
  delete delivery.delayAt;
}

/** The deadline has passed and an attempt was made past it: who still waits has failed. */
function expire(delivery: Delivery, at: string, { name, transfer }: Configuration): void {
  const late = delivery.recipients.filter(({ outcome }) => outcome === 'waiting');
  const entry = String(transfer.timeoutHours);
  const because = { document: `Configuration ${name}`, field: 'transfer.timeoutHours', entry };
  delivery.recipients = delivery.recipients.map((recipient) => {
    if (recipient.outcome !== 'waiting') return recipient;
    return withOwed({ ...recipient, outcome: 'failed', failure: 'expiration', at, ended: because });
  });
  const stage = stageOf(delivery);
  const fresh = late.map(({ address: recipient }): Event => ({
    at,
    stage,
    outcome: 'failed',
    recipient,
    because,
  }));
  delivery.events = [...delivery.events, ...fresh].slice(-keptEvents);
}

function stageOf({ transport }: Delivery): Event['stage'] {
  return transport === 'mailbox' ? 'deliver' : 'relay';
}

function withEvents(claimed: Delivery, results: readonly RecipientResult[], at: string): Event[] {
  const { events, recipients } = claimed;
  const stage = stageOf(claimed);
  const routed = new Map(recipients.map((recipient) => [recipient.address, recipient.because]));
  const fresh = results.map((result): Event => {
    const because = result.because ?? routed.get(result.address);
    return {
      at,
      stage,
      outcome: result.outcome === 'waiting' ? 'deferred' : result.outcome,
      recipient: result.address,
      reply: result.reply,
      ...(because === undefined ? {} : { because }),
    };
  });
  return [...events, ...fresh].slice(-keptEvents);
}
