/** The reader's part of a report, in the phrases that a Domino administrator's users know. */
import { decodeWords, encodedWords } from '../envelope/encoded-words.ts';
import { mailDate } from '../envelope/received.ts';
import type { Owed, Recipient, ReportedRecipient, ReportRecord } from '../spool/records.ts';
import type { ReportContext } from './compose.ts';
import { oneLine, reasonOf } from './status.ts';

/** What a report speaks of first, and is titled by. */
const order: readonly Owed[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];
const titles: Record<Owed, string> = {
  failed: 'DELIVERY FAILURE',
  delayed: 'DELIVERY DELAYED',
  delivered: 'DELIVERED',
  relayed: 'RELAYED',
  expanded: 'EXPANDED',
};
const sentences: Record<Owed, string> = {
  failed: 'was not delivered to:',
  delayed: 'has not been delivered yet to:',
  delivered: 'was delivered to:',
  relayed: 'was passed on, to a server that sends no notifications, for:',
  expanded: 'was passed on to the members of:',
};

/** `DELIVERY FAILURE: <reason of the first recipient>`, `DELIVERED: <the first recipient>`. */
export function subjectOf(report: ReportRecord): string[] {
  const owed = order.find((one) => report.recipients.some(({ owes = 'failed' }) => owes === one)) ?? 'failed';
  const first = report.recipients.find(({ owes = 'failed' }) => owes === owed);
  if (first === undefined) return [titles[owed]];
  const about = isTold(owed) ? reasonOf(first) : oneLine(first.original);
  const text = Array.from(about).slice(0, 200).join('');
  const words = /^[ -~]*$/.test(text) ? text.split(' ') : encodedWords(text);
  return [`${titles[owed]}:`, ...words];
}

function isTold(owed: Owed): boolean {
  return owed === 'failed' || owed === 'delayed';
}

export function wordsOf(
  report: ReportRecord,
  context: Pick<ReportContext, 'envelope' | 'failureText'>,
): string {
  const { subject } = context.envelope.header;
  const shown = subject === undefined ? undefined : oneLine(decodeWords(subject));
  const start = ['Your message', '', ...(shown === undefined ? [] : [`  Subject: ${shown}`, ''])];
  const groups = order.flatMap((owed) => groupWords(owed, report.recipients, context));
  return [...start, ...groups].join('\n');
}

function groupWords(
  owed: Owed,
  recipients: readonly ReportedRecipient[],
  { failureText }: Pick<ReportContext, 'failureText'>,
): string[] {
  const group = recipients.filter((recipient) => (recipient.owes ?? 'failed') === owed);
  if (group.length === 0) return [];
  const lines = group.flatMap((one) => [
    `  ${whom(one)}`,
    ...(isTold(owed) ? ['', 'because:', '', `  ${reasonOf(one)}`] : []),
    '',
  ]);
  return [sentences[owed], '', ...lines, ...retried(group), ...customText(owed, group, failureText)];
}

/** The sender knows the address written to; a group or forwarding address may have led to another. */
function whom({ address, original }: Recipient): string {
  return address === original ? oneLine(address) : `${oneLine(address)} (by way of ${oneLine(original)})`;
}

function retried(group: readonly ReportedRecipient[]): string[] {
  const until =
    group
      .map(({ retryUntil = '' }) => retryUntil)
      .toSorted()
      .at(-1) ?? '';
  return until === ''
    ? []
    : [`Delivery is tried until ${mailDate(new Date(until))}; you need not send it again.`, ''];
}

/** The administrator's own text for the class of failure (Configuration, `failureText`), once each. */
function customText(owed: Owed, group: readonly Recipient[], texts: ReportContext['failureText']): string[] {
  if (!isTold(owed)) return [];
  const classes = new Set(
    group.map(({ failure }) => (owed === 'delayed' ? 'delay' : (failure ?? 'transfer'))),
  );
  return [...classes].flatMap((name) => {
    const text = texts[name];
    return text === undefined || text === '' ? [] : [text, ''];
  });
}
