/**
 * Transition 8: what an administrator does to a delivery. A `sending` one cannot be changed under the worker's
 * hands: it gets `want`, which the settle (or the sweep, once the lease has passed) applies.
 */
import type { Delivery, Recipient, Want } from './records.ts';
import { later, minute, restOf, wakeOf } from './keys.ts';
import { atRest, closed, owesAnything, rested, withOwed } from './standing.ts';

export type Steering = Want | 'release';

/** The record to write, or a sentence saying why not. `clockHours` restarts the deadline of what is released. */
export type Steered = { readonly next: Delivery; readonly later: boolean } | { readonly refused: string };

export function steer(
  delivery: Delivery,
  verb: Steering,
  context: { now: Date; clockHours: number },
): Steered {
  if (!isOpen(delivery)) return { refused: `it is ${delivery.state} already; only open mail can be changed` };
  if (verb === 'release') return release(delivery, context);
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
  if (want === 'retry') return { ...record, dueAt: now.toISOString() };
  return remove(record, want === 'delete-report', now);
}

function isOpen(delivery: Delivery): boolean {
  return ['pending', 'sending', 'deferred', 'held', 'dead'].includes(delivery.state);
}

function hold(delivery: Delivery, now: Date): Steered {
  if (delivery.state === 'held') return { refused: 'it is held already' };
  if (delivery.state === 'dead') return { refused: 'it is dead mail; retry or delete it' };
  return { next: atRest({ ...delivery, state: 'held' }, 'administrator', now), later: false };
}

/** Held mail starts afresh: due now, with the clock, attempts and claims of new mail. */
function release(delivery: Delivery, context: { now: Date; clockHours: number }): Steered {
  if (delivery.state !== 'held') return { refused: `it is ${delivery.state}, not held` };
  return { next: revived(delivery, context), later: false };
}

function retry(delivery: Delivery, context: { now: Date; clockHours: number }): Steered {
  if (delivery.state === 'held') return { refused: 'it is held; release it first' };
  if (delivery.state === 'dead') return { next: revived(delivery, context), later: false };
  const now = context.now.toISOString();
  return { next: rested({ ...delivery, dueAt: now, state: 'pending' }, soon(context.now)), later: false };
}

function revived(delivery: Delivery, { now, clockHours }: { now: Date; clockHours: number }): Delivery {
  const next: Delivery = {
    ...delivery,
    state: 'pending',
    attempts: 0,
    claims: 0,
    dueAt: now.toISOString(),
    expireAt: later(now, clockHours * 60 * minute),
    recipients: delivery.recipients.map(waitingAgain),
  };
  delete next.reason;
  return rested(next, soon(now));
}

/** Held and dead mail is tried again for those it failed for; who has it is never given it twice. */
function waitingAgain(recipient: Recipient): Recipient {
  if (recipient.outcome !== 'failed') return recipient;
  const { owes: _, failure: __, ...rest } = recipient;
  return { ...rest, outcome: 'waiting' };
}

function remove(delivery: Delivery, report: boolean, now: Date): Delivery {
  const at = now.toISOString();
  const recipients = delivery.recipients.map((recipient): Recipient => {
    if (recipient.outcome !== 'waiting') return recipient;
    if (!report || delivery.from === '') return { ...recipient, outcome: 'deleted', at };
    const reply = 'Deleted by an administrator';
    return withOwed({ ...recipient, outcome: 'failed', at, reply, replyBy: 'X-Notes', failure: 'transfer' });
  });
  const next: Delivery = {
    ...delivery,
    recipients,
    state: recipients.some((r) => r.outcome === 'failed') ? 'failed' : 'deleted',
  };
  delete next.hopKey;
  delete next.lease;
  delete next.leaseUntil;
  if (!owesAnything(next)) return closed(next, now);
  return { ...next, wake: wakeOf(next.message), wakeAt: later(now, 2 * minute) };
}

function soon(now: Date): string {
  return later(now, 2 * minute);
}

/** Where a record at rest stands in the due index; for listings. */
export function isAtRest(delivery: Delivery): boolean {
  return delivery.wake === restOf(delivery.message);
}
