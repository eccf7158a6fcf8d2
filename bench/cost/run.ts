/**
 * What Postern costs: the calls of a real local run at list prices, beside what else could take the mail.
 *
 *     npm run cost -- [--messages N a month] [--size KB] [--recipients R] [--sample MESSAGES]
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { figure, table } from '../table.ts';
import { countedRun } from './counted-run.ts';
import { fixedParts } from './fixed-parts.ts';
import {
  perMillion,
  perMonth,
  perMonthWithMail,
  rivals,
  waysToLess,
  total,
  type Item,
  type PriceFile,
} from './price.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    size: { type: 'string', default: '50' },
    recipients: { type: 'string', default: '1.3' },
    sample: { type: 'string', default: '100' },
  },
});
/** docs/measured.md: 50 KB, 1.3 recipients, to mailboxes. */
const budget = { perMillion: 25, perMonth: 60 };

const use = {
  messagesPerMonth: positive('messages', values.messages),
  sizeKb: positive('size', values.size),
  recipients: positive('recipients', values.recipients),
};
const file = JSON.parse(readFileSync(join(import.meta.dirname, 'prices.json'), 'utf8')) as PriceFile;
const parts = await fixedParts();
const run = await countedRun({
  messages: positive('sample', values.sample),
  sizeKb: use.sizeKb,
  recipients: use.recipients,
});
appendFileSync(
  join(import.meta.dirname, '..', 'results', 'calls.jsonl'),
  `${JSON.stringify({ use, run })}\n`,
);

const calls = run.calls.filter((one) => one.calls > 0);
console.log(`Calls of ${run.messages} messages of ${use.sizeKb} KB to ${run.deliveries} mailboxes:\n`);
console.log(
  table(
    ['Component', 'operation', 'a message'],
    calls.map((one) => [one.component, one.operation, figure(one.calls / run.messages)]),
  ),
);
const variable = perMillion(run, parts, file);
const fixed = perMonth(parts, file);
show(`A million messages (${file.region}, list prices of ${newest()})`, variable, budget.perMillion);
show('A month without mail', fixed, budget.perMonth);
const flowing = total(fixed) + perMonthWithMail(file);
const ours = {
  name: 'Postern',
  perMonth: flowing,
  perMillion: total(variable),
  remark: 'this stack, its metrics while mail flows included',
};
const rows = [ours, ...rivals(use, file)].map((one) => {
  const month = one.perMonth + (one.perMillion * use.messagesPerMonth) / 1e6;
  return [one.name, money(one.perMonth), money(one.perMillion), money(month), one.remark];
});
console.log(
  `\n${table(['', 'fixed a month', 'a million', `${figure(use.messagesPerMonth)} a month`, ''], rows)}`,
);

console.log('\nWhere it goes, and what would lower it:');
for (const { what, dollars } of [...variable.slice(0, 3), ...fixed.slice(0, 3)])
  console.log(`- ${what}, ${money(dollars)}: ${waysToLess[what] ?? 'no way is known'}.`);

function show(title: string, items: readonly Item[], limit: number): void {
  const sum = total(items);
  const rows = items
    .filter((one) => one.dollars >= 0.005)
    .map((one) => [one.what, figure(one.units), money(one.dollars)]);
  console.log(`\n${title}: ${money(sum)}, ${sum <= limit ? 'met' : 'missed'} (≤ ${money(limit)})\n`);
  console.log(table(['', 'units', 'dollars'], rows));
}

function money(value: number): string {
  return `$${value.toFixed(2)}`;
}

function newest(): string {
  return (
    Object.values(file.prices)
      .map((price) => price.asOf)
      .toSorted()
      .at(-1) ?? ''
  );
}

function positive(name: string, text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  console.error(`--${name} is "${text}"; it must be a number above 0.`);
  return process.exit(2);
}
