/**
 * Transition 5: who is owed a word at this moment, the report record that gathers them, and the deliveries with their
 * debts cleared. Records that a worker holds are left alone: what they owe is reported after their attempt.
 */
import { later, minute, reportIdOf, reportPart, wakeOf } from './keys.ts';
import type { Delivery, MessageRecord, Owed, Recipient, ReportRecord } from './records.ts';
import { closed, owesAnything, rested, unowed } from './standing.ts';

export interface Reporting {
  readonly report: ReportRecord;
  /** The records as read, each with what is to be written. */
  readonly cleared: readonly { readonly before: Delivery; readonly next: Delivery }[];
}

/** One transaction takes 100 items: the report, `m`, and this many deliveries; the rest is another report. */
const mostDeliveries = 90;

/** Undefined: nothing is owed (any more). */
export function gatherReport(
  message: MessageRecord,
  deliveries: readonly Delivery[],
  now: Date,
): Reporting | undefined {
  const owing = deliveries.filter((d) => d.state !== 'sending' && owesAnything(d)).slice(0, mostDeliveries);
  if (owing.length === 0) return undefined;
  const recipients = owing.flatMap((d) => d.recipients.filter(({ owes }) => owes !== undefined));
  return {
    report: reportRecord(message, recipients, now),
    cleared: owing.map((before) => ({ before, next: cleared(before, now) })),
  };
}

function reportRecord(message: MessageRecord, recipients: readonly Recipient[], now: Date): ReportRecord {
  const n = message.reports + 1;
  const reportId = reportIdOf(message.message, n);
  return {
    message: message.message,
    part: reportPart(n),
    kind: kindOf(recipients),
    recipients,
    reportId,
    date: now.toISOString(),
    boundary: `=_${reportId}`,
    wake: wakeOf(message.message),
    wakeAt: later(now, 2 * minute),
  };
}

function kindOf(recipients: readonly Recipient[]): ReportRecord['kind'] {
  const owed = new Set(recipients.map(({ owes }) => owes ?? 'failed'));
  const [only] = owed;
  return owed.size === 1 && only !== undefined ? kinds[only] : 'mixed';
}

const kinds: Record<Owed, ReportRecord['kind']> = {
  failed: 'failed',
  delayed: 'delayed',
  delivered: 'delivered',
  relayed: 'relayed',
  expanded: 'relayed',
};

function cleared(delivery: Delivery, now: Date): Delivery {
  const recipients = delivery.recipients.map(unowed);
  const next: Delivery = { ...delivery, recipients, version: delivery.version + 1 };
  if (delivery.state === 'held' || delivery.state === 'dead') return next;
  if (!recipients.some(({ outcome }) => outcome === 'waiting')) return closed(next, now);
  return rested(next, delivery.dueAt);
}
