/** An explanation for people: every step with the document, field and entry that decided. */
import type { Explained, ExplainedStep } from './explained.ts';
import type { Question } from './explain-message.ts';
import { table } from './output.ts';

export function explainText(question: Question, { code, text, steps, recipients }: Explained): string {
  const who = question.auth === undefined ? '' : `, authenticated as ${question.auth}`;
  const heading = `From ${question.from || '<>'} by [${question.peer}] on port ${question.port}${who}: ${code} ${text}`;
  const several = recipients.length > 1;
  const rows = steps.map((step) => [`  ${ruleOf(step, several)}`, step.outcome, why(step)]);
  const ends = recipients.map(({ address, outcome, route, reply }) => [
    `  ${address}`,
    outcome,
    route === '' ? (reply ?? '') : route,
  ]);
  return [
    heading,
    '',
    table(['  STEP', 'OUTCOME', 'BECAUSE'], rows),
    '',
    table(['  RECIPIENT', 'OUTCOME', 'ROUTE'], ends),
  ].join('\n');
}

function ruleOf(step: ExplainedStep, several: boolean): string {
  return several && step.recipient !== undefined ? `${step.rule} of ${step.recipient}` : step.rule;
}

function why({ because }: ExplainedStep): string {
  if (because === undefined) return '';
  const entry = because.entry === undefined ? '' : `: ${because.entry === '' ? 'empty' : because.entry}`;
  return `${because.document}, ${because.field}${entry}`;
}
