/**
 * What lies under `kept/` for as long as something of a message rests: when nothing needs it any more, and what of it is
 * to be tried again by itself since `undeliverable.processDeadMail` was switched on.
 */
import type { Configuration } from '../document/forms.ts';
import { hour, restOf, wakeOf } from './keys.ts';
import type { Delivery, MessageRecord, ReportRecord } from './records.ts';
import { isUnderWay } from './dead.ts';
import { owesAnything, rests } from './standing.ts';

export interface KeptRecords {
  /** Undefined: not planned yet, or long gone. */
  readonly message: MessageRecord | undefined;
  readonly deliveries: readonly Delivery[];
  readonly reports: readonly ReportRecord[];
}

/** A copy is made a moment before the record that needs it is written. */
const fresh = hour;
/** Longer than a message can lie in its queue before it has a record. */
const longestUnplanned = 15 * 24 * hour;

/** Everybody has it, or was told, or never will be: all of it has ended. `since`: when the copy was last made. */
export function isNeeded({ message, deliveries, reports }: KeptRecords, since: Date, now: Date): boolean {
  const age = now.getTime() - since.getTime();
  if (age < (message === undefined ? longestUnplanned : fresh)) return true;
  if (message?.phase === 'planned' || (message !== undefined && deliveries.length === 0)) return true;
  if (reports.some(({ wake }) => wake !== undefined)) return true;
  return deliveries.some((one) => rests(one) || isUnderWay(one) || owesAnything(one));
}

/** Dead mail that only a person would wake, with its first round due: its days are counted from now. */
export function toBeTried(
  { deliveries }: KeptRecords,
  { undeliverable }: Pick<Configuration, 'undeliverable'>,
  now: Date,
): Delivery[] {
  if (!undeliverable.processDeadMail) return [];
  const at = now.toISOString();
  return deliveries
    .filter(({ state, wake, message }) => state === 'dead' && wake === restOf(message))
    .map((one) => ({ ...one, dueAt: at, roundsFrom: at, wake: wakeOf(one.message), wakeAt: at }));
}
