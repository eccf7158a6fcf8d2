/**
 * Where a record stands: in the due index with a time to wake, at rest until a person acts, or ended. The one place
 * that sets `wake`, `wakeAt`, `hopKey` and `expiresAt`, so that the invariant of the spool can be read here.
 */
import type { Delivery, Recipient, State } from './records.ts';
import { expiryOf, hopKeyOf, later, minute, restOf, wakeOf } from './keys.ts';

/** The end of a record: nothing owed, no wake, 30 days to live. */
export function closed(delivery: Delivery, now: Date): Delivery {
  const next: Delivery = { ...delivery, expiresAt: expiryOf(now) };
  delete next.wake;
  delete next.wakeAt;
  delete next.hopKey;
  return next;
}

/**
 * Held and dead mail: in the index of what only a person wakes. Where the sender is still owed a word of those who have
 * ended, the sweeper's index keeps the record until the report is written. Of a delay nobody is told any more.
 */
export function atRest(delivery: Delivery, reason: string, now: Date): Delivery {
  const { hopKey: _, want: __, ...record } = unleased(delivery);
  const recipients = record.recipients.map((one) => (one.owes === 'delayed' ? unowed(one) : one));
  const next: Delivery = { ...record, recipients, reason };
  if (owesAnything(next)) return { ...next, wake: wakeOf(next.message), wakeAt: later(now, reportWake) };
  return { ...next, wake: restOf(next.message), wakeAt: now.toISOString() };
}

/** Held, dead, or waiting to be routed: it may do so for longer than bodies in the spool are kept. */
export function rests({ state, transport }: Pick<Delivery, 'state' | 'transport'>): boolean {
  return state === 'held' || state === 'dead' || (transport === 'route' && state === 'pending');
}

/** A report that its queue lost is made after this. */
export const reportWake = 2 * minute;

/** Back in the due index (and, for outbound work, in the hop's) until `wakeAt`. */
export function rested(delivery: Delivery, wakeAt: string): Delivery {
  const next: Delivery = { ...unleased(delivery), wake: wakeOf(delivery.message), wakeAt };
  if (isOutbound(next)) next.hopKey = hopKeyOf(next);
  return next;
}

export function isOutbound(delivery: Pick<Delivery, 'transport'>): boolean {
  return delivery.transport !== 'mailbox' && delivery.transport !== 'route';
}

export function owesAnything(delivery: Pick<Delivery, 'recipients'>): boolean {
  return delivery.recipients.some((recipient) => recipient.owes !== undefined);
}

/** The state of a delivery none of whose recipients waits. */
export function endState(recipients: readonly Recipient[]): State {
  if (recipients.some((r) => r.outcome === 'failed')) return 'failed';
  if (recipients.some((r) => r.outcome !== 'deleted')) return 'delivered';
  return 'deleted';
}

export function unleased(delivery: Delivery): Delivery {
  const next = { ...delivery };
  delete next.lease;
  delete next.leaseUntil;
  return next;
}

export function unowed(recipient: Recipient): Recipient {
  const next = { ...recipient };
  delete next.owes;
  return next;
}

/** Sets `owes` of a recipient that has just ended; `passedOn`: the next server reports success itself. */
export function withOwed(recipient: Recipient, passedOn = false): Recipient {
  const asked = recipient.notify?.toUpperCase().split(',') ?? ['FAILURE', 'DELAY'];
  const tells = asked.includes('FAILURE') && recipient.told !== true;
  if (recipient.outcome === 'failed' && tells) return { ...recipient, owes: 'failed' };
  const success = recipient.outcome;
  if (success === 'waiting' || success === 'failed' || success === 'deleted') return recipient;
  if (!asked.includes('SUCCESS') || passedOn) return recipient;
  return { ...recipient, owes: success };
}
