/**
 * Transition 8: what an administrator does to a delivery. A `sending` one cannot be changed under the worker's
 * hands: it gets `want`, which the settle (or the sweep, once the lease has passed) applies. Who did it and why stands
 * among the record's events.
 */
import type { Delivery, Event, Recipient, Want } from './records.ts';
import { later, minute, wakeOf } from './keys.ts';
import {
  atRest,
  closed,
  endState,
  owesAnything,
  reportWake,
  rested,
  unleased,
  withOwed,
} from './standing.ts';

export type Steering = Want | 'release';

/** The record to write, or a sentence saying why not; `already`: it is so, and nothing is to be done. */
export type Steered =
  | { readonly next: Delivery; readonly later: boolean }
  | { readonly already: string }
  | { readonly refused: string };

export interface SteeringContext {
  readonly now: Date;
  /** Restarts the deadline of what is released. */
  readonly clockHours: number;
  /** Who steers, and why if that was said. */
  readonly by?: string;
  readonly because?: string | undefined;
}

export function steer(delivery: Delivery, verb: Steering, context: SteeringContext): Steered {
  const steered = decide(delivery, verb, context);
  if (!('next' in steered)) return steered;
  const { next, later: isLater } = steered;
  const event = steerEvent(isLater ? `${verb} wanted` : verb, context);
  return { next: { ...next, events: [...next.events, event].slice(-keptEvents) }, later: isLater };
}

const keptEvents = 20;
const deletion = 'Deleted by an administrator';
/** The event of a record whose recipients wait in others since it was released. */
export const routedAgain = 'routed again';

function steerEvent(outcome: string, { now, by = 'an administrator', because }: SteeringContext): Event {
  const reply = because === undefined ? `by ${by}` : `by ${by}: ${because}`;
  return { at: now.toISOString(), stage: 'steer', outcome, reply };
}

const nameOf = ({ at, stage, outcome }: Event): string => `${at} ${stage} ${outcome}`;

/** What was noted of steering on a record that a worker has meanwhile settled from an older reading. */
export function withSteering(settled: Delivery, seen: Pick<Delivery, 'events'>): Delivery {
  const known = new Set(settled.events.map(nameOf));
  const missing = seen.events.filter((event) => event.stage === 'steer' && !known.has(nameOf(event)));
  const events = [...settled.events, ...missing].sort((one, other) => one.at.localeCompare(other.at));
  return { ...settled, events: events.slice(-keptEvents) };
}

function decide(delivery: Delivery, verb: Steering, context: SteeringContext): Steered {
  if (!isOpen(delivery)) return steerEnded(delivery, verb);
  if (verb === 'release') return release(delivery, context);
  if (delivery.state === 'sending' && delivery.want === verb)
    return { already: `${verb} takes effect when the running attempt ends` };
  if (delivery.state === 'sending') return { next: { ...delivery, want: verb }, later: true };
  if (verb === 'hold') return hold(delivery, context.now);
  if (verb === 'retry') return retry(delivery, context);
  return { next: remove(delivery, verb === 'delete-report', context.now), later: false };
}

/** A wish left on a record, carried out when its attempt has ended. */
export function applyWant(delivery: Delivery, now: Date): Delivery {
  const { want, ...record } = delivery;
  if (want === undefined) return record;
  if (want === 'hold') return atRest({ ...record, state: 'held' }, 'administrator', now);
  const at = now.toISOString();
  if (want === 'retry') return rested({ ...record, dueAt: at }, at);
  return remove(record, want === 'delete-report', now);
}

/** A wish that came while an attempt ran, applied to what became of it; what has ended is past wishing. */
export function wished(settled: Delivery, want: Want | undefined, now: Date): Delivery {
  const rests = settled.state === 'held' || settled.state === 'dead';
  const goesOn = settled.state === 'deferred' || settled.state === 'pending';
  const applies = goesOn || (rests && want?.startsWith('delete') === true);
  if (want === undefined || !applies) return settled;
  return applyWant({ ...settled, want }, now);
}

function isOpen(delivery: Delivery): boolean {
  return ['pending', 'sending', 'deferred', 'held', 'dead'].includes(delivery.state);
}

/** What was said of mail may be said again; else what has ended is past steering. */
function steerEnded(delivery: Delivery, verb: Steering): Steered {
  if (wasSteered(delivery, routedAgain))
    return verb === 'release'
      ? { already: 'it is released already' }
      : { refused: 'it has been routed, and others have taken its place; only open mail can be changed' };
  if (verb.startsWith('delete') && wasDeleted(delivery)) return { already: 'it is deleted already' };
  return { refused: `it is ${delivery.state} already; only open mail can be changed` };
}

function wasSteered({ events }: Delivery, ...words: string[]): boolean {
  return events.some(({ stage, outcome }) => stage === 'steer' && words.includes(outcome));
}

function wasDeleted(delivery: Delivery): boolean {
  if (delivery.state === 'deleted' || wasSteered(delivery, 'delete', 'delete-report')) return true;
  // By a wish that was carried out later.
  return delivery.recipients.some(({ reply, replyBy }) => reply === deletion && replyBy === 'X-Notes');
}

function hold(delivery: Delivery, now: Date): Steered {
  if (delivery.state === 'held') return { already: 'it is held already' };
  if (delivery.state === 'dead') return { refused: 'it is dead mail; retry or delete it' };
  return { next: atRest({ ...delivery, state: 'held' }, 'administrator', now), later: false };
}

/** Held mail starts afresh: due now, with the clock, attempts and claims of new mail. */
function release(delivery: Delivery, context: SteeringContext): Steered {
  if (delivery.state === 'sending' && delivery.want === 'hold') {
    const { want: _, ...record } = delivery;
    return { next: record, later: false };
  }
  if (delivery.state === 'dead') return { refused: 'it is dead, not held; retry or delete it' };
  // Released mail is soon under way, and whoever says it twice shall not mind.
  if (delivery.state !== 'held') return { already: `it is ${delivery.state} already` };
  return { next: revived(delivery, context), later: false };
}

function retry(delivery: Delivery, context: SteeringContext): Steered {
  if (delivery.state === 'held') return { refused: 'it is held; release it first' };
  if (delivery.state === 'dead') return { next: revived(delivery, context), later: false };
  const now = context.now.toISOString();
  return { next: rested({ ...delivery, dueAt: now, state: 'pending' }, soon(context.now)), later: false };
}

function revived(delivery: Delivery, { now, clockHours }: SteeringContext): Delivery {
  const next: Delivery = {
    ...delivery,
    state: 'pending',
    attempts: 0,
    claims: 0,
    dueAt: now.toISOString(),
    expireAt: later(now, clockHours * 60 * minute),
    recipients: waitingAgain(delivery.recipients),
  };
  delete next.reason;
  delete next.want;
  return rested(next, soon(now));
}

/**
 * What came to rest because it failed is tried again for those it failed for, unless their sender was told; who has it
 * is never given it twice. Mail held on its way goes on for those who wait.
 */
function waitingAgain(recipients: readonly Recipient[]): Recipient[] {
  const onItsWay = recipients.some(({ outcome }) => outcome === 'waiting');
  return recipients.map((recipient) => {
    if (onItsWay || recipient.outcome !== 'failed' || recipient.told === true) return recipient;
    const { owes: _, failure: __, ...rest } = recipient;
    return { ...rest, outcome: 'waiting' };
  });
}

function remove(delivery: Delivery, report: boolean, now: Date): Delivery {
  const at = now.toISOString();
  const tells = report && delivery.from !== '';
  const recipients = delivery.recipients.map((recipient) => removed(recipient, tells, at));
  const { hopKey: _, want: __, ...record } = unleased(delivery);
  const next: Delivery = { ...record, recipients, state: endState(recipients) };
  if (!owesAnything(next)) return closed(next, now);
  return { ...next, wake: wakeOf(next.message), wakeAt: later(now, reportWake) };
}

function removed(recipient: Recipient, tells: boolean, at: string): Recipient {
  if (recipient.outcome === 'failed' && tells && recipient.told !== true) return withOwed(recipient);
  if (recipient.outcome !== 'waiting') return recipient;
  // What a host said earlier is not why it ends.
  const { owes: _, remote: __, ...rest } = recipient;
  if (!tells) return { ...rest, outcome: 'deleted', at };
  return withOwed({
    ...rest,
    outcome: 'failed',
    at,
    reply: deletion,
    replyBy: 'X-Notes',
    failure: 'transfer',
  });
}

function soon(now: Date): string {
  return later(now, 2 * minute);
}
