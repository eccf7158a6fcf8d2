/**
 * Transition 5: who is owed a word at this moment, the report record that gathers them, and the deliveries with their
 * debts cleared. Records that a worker holds are left alone: what they owe is reported after their attempt.
 */
import { later, reportIdOf, reportPart, restOf, wakeOf } from './keys.ts';
import type { Delivery, MessageRecord, Owed, Recipient, ReportedRecipient, ReportRecord } from './records.ts';
import { closed, owesAnything, reportWake, rested, unowed } from './standing.ts';

export interface Reporting {
  readonly report: ReportRecord;
  /** The records as read, each with what is to be written. */
  readonly cleared: readonly { readonly before: Delivery; readonly next: Delivery }[];
}

/**
 * One transaction takes 100 items and 4 MB, an item 400 KB: the report, `m`, and so many deliveries; the rest is
 * another report.
 */
const mostDeliveries = 90;
const largestReport = 250_000;
const largestTransaction = 3_000_000;

/** Undefined: nothing is owed (any more). */
export function gatherReport(
  message: MessageRecord,
  deliveries: readonly Delivery[],
  now: Date,
): Reporting | undefined {
  const owing = fitting(deliveries.filter((d) => d.state !== 'sending' && owesAnything(d)));
  if (owing.length === 0) return undefined;
  const recipients = owing.flatMap(owedIn);
  return {
    report: reportRecord(message, recipients, now),
    cleared: owing.map((before) => ({ before, next: cleared(before, now) })),
  };
}

function owedIn({ recipients, expireAt }: Delivery): ReportedRecipient[] {
  return recipients
    .filter(({ owes }) => owes !== undefined)
    .map((one) => (one.owes === 'delayed' ? { ...one, retryUntil: expireAt } : one));
}

/** At least one, whatever its size: a record alone always fits. */
function fitting(owing: readonly Delivery[]): Delivery[] {
  let report = 0;
  let transaction = 0;
  return owing.slice(0, mostDeliveries).filter((delivery, n) => {
    report += octetsOf(owedIn(delivery));
    transaction += octetsOf(delivery);
    return n === 0 || (report <= largestReport && transaction <= largestTransaction);
  });
}

function octetsOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}

function reportRecord(
  message: MessageRecord,
  recipients: readonly ReportedRecipient[],
  now: Date,
): ReportRecord {
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
    wakeAt: later(now, reportWake),
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
  const recipients = delivery.recipients.map(toldOf);
  const next: Delivery = { ...delivery, recipients, version: delivery.version + 1 };
  if (delivery.state === 'held' || delivery.state === 'dead') return { ...next, wake: restOf(next.message) };
  if (!recipients.some(({ outcome }) => outcome === 'waiting')) return closed(next, now);
  return rested(next, delivery.dueAt);
}

function toldOf(recipient: Recipient): Recipient {
  return recipient.owes === 'failed' ? { ...unowed(recipient), told: true } : unowed(recipient);
}
