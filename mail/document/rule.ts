/**
 * A mail rule: conditions, exceptions and one action. Rules run once, in the listener at the end of DATA.
 */
import * as z from 'zod';
import { expression, headerName, headerValue, name } from './checks.ts';
import { about, flag, requiredText, shorten } from './fields.ts';

export const ruleItems = [
  'sender',
  'subject',
  'body',
  'importance',
  'priority',
  'to',
  'cc',
  'recipient',
  'recipient-count',
  'size',
  'attachment-name',
  'attachment-count',
  'internet-domain',
  'blacklist-tag',
  'whitelist-tag',
] as const;
export const ruleComparisons = ['contains', 'is', 'is-not', 'matches', 'greater-than', 'less-than'] as const;
export const ruleActions = [
  'refuse',
  'drop',
  'return',
  'hold',
  'journal',
  'move',
  'tag',
  'priority',
] as const;
export const rulePriorities = ['high', 'normal', 'low'] as const;

export type RuleItem = (typeof ruleItems)[number] | `header:${string}`;
export type RuleComparison = (typeof ruleComparisons)[number];
export type RuleCondition = { item: RuleItem; is: RuleComparison; value: string };
export type RuleAction =
  | { action: 'refuse' | 'drop' | 'return' | 'hold' }
  | { action: 'journal' | 'move'; database: string }
  | { action: 'tag'; header: string; value: string }
  | { action: 'priority'; value: (typeof rulePriorities)[number] };
export type Rule = {
  name: string;
  if: RuleCondition[];
  match: 'all' | 'any';
  unless: RuleCondition[];
  then: RuleAction;
  stop: boolean;
};

const rules = 'Configuration > Router/SMTP > Restrictions and Controls > Rules';

const unknownItem = `is not an item of a message; write ${ruleItems.join(', ')} or header:<name>`;

const condition = z
  .strictObject({
    item: z
      .union([z.enum(ruleItems), z.templateLiteral(['header:', z.string()])], { error: () => unknownItem })
      .meta({
        ...about(`${rules}: Message item`, 'What is compared.'),
        required: true,
      }),
    is: z
      .enum(ruleComparisons)
      .meta({ ...about(`${rules}: comparison`, 'How; letter case does not matter.'), required: true }),
    value: z
      .union([z.string(), z.number()], { error: () => 'is neither a string nor a number; write one of them' })
      .transform(String)
      .meta({
        ...about(`${rules}: value`, 'With what: a text, a number, or an RE2 expression for `matches`.'),
        required: true,
      }),
  })
  .check(({ value, issues }) => {
    for (const { path, problem } of conditionProblems(value))
      issues.push({ code: 'custom', input: value, path: [path], message: problem, continue: true });
  })
  .meta(about(`${rules}: Condition`, 'A condition.'));

type Problem = { readonly path: keyof RuleCondition; readonly problem: string };

const numericItems: readonly string[] = ['recipient-count', 'size', 'attachment-count'];
const textComparisons: readonly string[] = ['contains', 'matches'];
const sizeComparisons: readonly string[] = ['greater-than', 'less-than'];

function conditionProblems({ item, is, value }: RuleCondition): Problem[] {
  const problems: Problem[] = [];
  const isHeader = item.startsWith('header:');
  const isNumeric = numericItems.includes(item);
  const header = isHeader ? headerName(item.slice('header:'.length)) : undefined;
  if (header !== undefined) problems.push({ path: 'item', problem: header });
  if (isNumeric && textComparisons.includes(is))
    problems.push({
      path: 'is',
      problem: `"${is}" compares texts and ${item} is a number; write is, is-not, greater-than or less-than`,
    });
  if (!isNumeric && !isHeader && sizeComparisons.includes(is))
    problems.push({
      path: 'is',
      problem: `"${is}" compares numbers and ${item} is a text; write is, is-not, contains or matches`,
    });
  const wrong = valueProblem(is, value, isNumeric || sizeComparisons.includes(is));
  if (wrong !== undefined) problems.push({ path: 'value', problem: wrong });
  return problems;
}

function valueProblem(is: RuleComparison, value: string, numeric: boolean): string | undefined {
  if (numeric)
    return /^\d+(?:\.\d+)?$/.test(value)
      ? undefined
      : `"${shorten(value)}" is not a number; write one such as 10`;
  if (is === 'matches') return expression(value);
  return is === 'contains' && value === ''
    ? '"" is contained in every text; write what to look for'
    : undefined;
}

const decides = { ...about(`${rules}: Action`, 'What is done.'), required: true };

const action = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['refuse', 'drop', 'return', 'hold']).meta(decides) }),
  z.strictObject({
    action: z.enum(['journal', 'move']).meta(decides),
    database: requiredText(about(`${rules}: Action, database`, 'Name of a mail-in database.'), name),
  }),
  z.strictObject({
    action: z.literal('tag').meta(decides),
    header: requiredText(about('none', 'Name of the header field that is added.'), headerName),
    value: requiredText(about('none', 'Its value.'), headerValue),
  }),
  z.strictObject({
    action: z.literal('priority').meta(decides),
    value: z
      .enum(rulePriorities)
      .meta({ ...about(`${rules}: Action, change delivery priority`, 'The new priority.'), required: true }),
  }),
]);

export const rule = z.strictObject({
  name: requiredText(about(`${rules}: the rule's text`, 'Name of the rule, for logs and traces.'), name),
  if: z
    .array(condition)
    .min(1)
    .meta({ ...about(`${rules}: Conditions`, 'Conditions; at least one.'), required: true }),
  match: z
    .enum(['all', 'any'])
    .default('all')
    .meta(about(`${rules}: AND / OR`, 'Whether all conditions must hold, or any.')),
  unless: z
    .array(condition)
    .default([])
    .meta(about(`${rules}: Exception`, 'Any of these stops the rule.')),
  then: action.meta({ ...about(`${rules}: Action`, 'What happens to the message.'), required: true }),
  stop: flag(false, about(`${rules}: Stop processing further rules`, 'No later rule runs.')),
});
