/** The reader's part of a report, in the phrases that a Domino administrator's users know. */
import type { Owed, Recipient, ReportRecord } from '../spool/records.ts';
import type { ReportContext } from './compose.ts';
import { oneLine, reasonOf } from './status.ts';

const titles: Record<ReportRecord['kind'], string> = {
  failed: 'DELIVERY FAILURE',
  mixed: 'DELIVERY FAILURE',
  delayed: 'DELIVERY DELAYED',
  delivered: 'DELIVERED',
  relayed: 'RELAYED',
};

const order: readonly Owed[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded'];
const sentences: Record<Owed, string> = {
  failed: 'was not delivered to:',
  delayed: 'has not been delivered yet to:',
  delivered: 'was delivered to:',
  relayed: 'was passed on, to a server that sends no notifications, for:',
  expanded: 'was passed on to the members of:',
};

/** `DELIVERY FAILURE: <reason of the first recipient>`, in ASCII so that any server takes it. */
export function subjectOf(report: ReportRecord): string {
  const first = report.recipients.find(({ owes }) => owes === 'failed') ?? report.recipients[0];
  const title = titles[report.kind];
  if (first === undefined) return title;
  const about = report.kind === 'delivered' || report.kind === 'relayed' ? first.original : reasonOf(first);
  return `${title}: ${ascii(about).slice(0, 200)}`;
}

export function wordsOf(
  report: ReportRecord,
  context: Pick<ReportContext, 'envelope' | 'failureText'>,
): string {
  const { subject } = context.envelope.header;
  const start = [
    'Your message',
    '',
    ...(subject === undefined ? [] : [`  Subject: ${oneLine(subject)}`, '']),
  ];
  const groups = order.flatMap((owed) => groupWords(owed, report.recipients, context));
  return [...start, ...groups].join('\n');
}

function groupWords(
  owed: Owed,
  recipients: readonly Recipient[],
  { failureText }: Pick<ReportContext, 'failureText'>,
): string[] {
  const group = recipients.filter((recipient) => (recipient.owes ?? 'failed') === owed);
  if (group.length === 0) return [];
  const told = owed === 'failed' || owed === 'delayed';
  const lines = group.flatMap((one) => [
    `  ${oneLine(one.address)}`,
    ...(told ? ['', 'because:', '', `  ${reasonOf(one)}`] : []),
    '',
  ]);
  return [sentences[owed], '', ...lines, ...customText(owed, group, failureText)];
}

/** The administrator's own text for the class of failure (Configuration, `failureText`), once each. */
function customText(owed: Owed, group: readonly Recipient[], texts: ReportContext['failureText']): string[] {
  if (owed !== 'failed' && owed !== 'delayed') return [];
  const classes = new Set(
    group.map(({ failure }) => (owed === 'delayed' ? 'delay' : (failure ?? 'transfer'))),
  );
  return [...classes].flatMap((name) => {
    const text = texts[name];
    return text === undefined || text === '' ? [] : [text, ''];
  });
}

function ascii(text: string): string {
  return text.replaceAll(/[^\u0020-\u007e]/g, '?');
}
