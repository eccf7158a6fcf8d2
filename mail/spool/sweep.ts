/**
 * Transition 7: what the sweep does with an item whose time has come. Pure: the item as read strongly, in; how the item
 * moves and which queues are woken, out. Held and dead mail never comes here: it stands in partitions `h#…`.
 */
import type { Delivery, MessageRecord, ReportRecord } from './records.ts';
import { applyWant } from './steer.ts';
import { later, minute } from './keys.ts';
import { isOutbound, owesAnything, rested, unleased } from './standing.ts';
import type { HopWork } from './doors.ts';
import { ownWait, ownWaitAgain } from './waiting.ts';

export type Wake =
  | { readonly queue: 'route'; readonly id: string }
  | { readonly queue: 'deliver'; readonly message: string; readonly part: string }
  | { readonly queue: 'hop'; readonly work: HopWork }
  | { readonly queue: 'report'; readonly message: string };

export type Sweep = {
  /** Where the item goes on waiting: a new time, or a whole new record. */
  readonly move: { readonly wakeAt: string } | { readonly next: Delivery };
  readonly wakes: readonly Wake[];
};

/** An item that was woken is looked at again after this, should the queue have lost the wake. */
const again = 15 * minute;

export function sweepItem(item: Delivery | MessageRecord | ReportRecord, now: Date): Sweep {
  const move = { wakeAt: later(now, again) };
  if (item.part === 'm') return { move, wakes: [{ queue: 'route', id: item.message }] };
  if (!isDelivery(item)) return { move, wakes: [{ queue: 'report', message: item.message }] };
  if (item.state === 'sending') return sweepAbandoned(item, now);
  if (item.want !== undefined) return sweepWish({ ...item, version: item.version + 1 }, now);
  return { move: { wakeAt: wakeAtOf(item, now) }, wakes: [...reportOf(item), ...workOf(item, now)] };
}

function wakeAtOf({ transport, state, reason }: Delivery, now: Date): string {
  if (transport !== 'route' || state !== 'pending') return later(now, again);
  return later(now, reason === ownWait ? ownWaitAgain : minute);
}

function isDelivery(item: Delivery | MessageRecord | ReportRecord): item is Delivery {
  return item.part.startsWith('d#');
}

/** A lease that has passed: the wish left on the record is applied, or the work is offered again. */
function sweepAbandoned(item: Delivery, now: Date): Sweep {
  const leaseUntil = item.leaseUntil ?? '';
  if (leaseUntil > now.toISOString()) return { move: { wakeAt: leaseUntil }, wakes: [] };
  const open: Delivery = { ...unleased(item), state: 'pending', version: item.version + 1 };
  if (item.want !== undefined) return sweepWish(open, now);
  const next = rested(open, later(now, again));
  return { move: { next }, wakes: workOf(next, now) };
}

function sweepWish(open: Delivery, now: Date): Sweep {
  const next = applyWant(open, now);
  return { move: { next }, wakes: [...reportOf(next), ...workOf(next, now)] };
}

/** Dead mail that wakes is tried again by whoever reports. */
function reportOf(item: Delivery): Wake[] {
  return owesAnything(item) || item.state === 'dead' ? [{ queue: 'report', message: item.message }] : [];
}

function workOf(item: Delivery, now: Date): Wake[] {
  if (item.state !== 'pending' && item.state !== 'deferred') return [];
  if (item.transport === 'route') return [{ queue: 'route', id: item.message }];
  if (item.dueAt > now.toISOString()) return [];
  if (isOutbound(item)) return [{ queue: 'hop', work: { transport: item.transport, nextHop: item.nextHop } }];
  return [{ queue: 'deliver', message: item.message, part: item.part }];
}
