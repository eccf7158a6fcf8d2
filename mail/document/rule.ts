/**
 * A mail rule: conditions, exceptions and one action. Rules run once, in the listener at the end of DATA.
 */
import { z } from 'zod';
import { about, flag, requiredText } from './fields.ts';

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

const unknownItem = `is not an item of a message; write one of ${ruleItems.join(', ')}, header:<name>`;

const condition = z
  .strictObject({
    item: z
      .union([z.enum(ruleItems), z.templateLiteral(['header:', z.string().min(1)])], {
        error: () => unknownItem,
      })
      .meta(about(`${rules}: Message item`, 'What is compared.')),
    is: z.enum(ruleComparisons).meta(about(`${rules}: comparison`, 'How; letter case does not matter.')),
    value: z
      .union([z.string(), z.number()])
      .transform(String)
      .meta(about(`${rules}: value`, 'With what: a text, a number, or an RE2 expression for `matches`.')),
  })
  .meta(about(`${rules}: Condition`, 'A condition.'));

const action = z.discriminatedUnion('action', [
  z.strictObject({ action: z.enum(['refuse', 'drop', 'return', 'hold']) }),
  z.strictObject({ action: z.enum(['journal', 'move']), database: z.string().min(1) }),
  z.strictObject({ action: z.literal('tag'), header: z.string().min(1), value: z.string() }),
  z.strictObject({ action: z.literal('priority'), value: z.enum(rulePriorities) }),
]);

export const rule = z.strictObject({
  name: requiredText(about(`${rules}: the rule's text`, 'Name of the rule, for logs and traces.')),
  if: z.array(condition).meta(about(`${rules}: Conditions`, 'Conditions.')),
  match: z
    .enum(['all', 'any'])
    .default('all')
    .meta(about(`${rules}: AND / OR`, 'Whether all conditions must hold, or any.')),
  unless: z
    .array(condition)
    .default([])
    .meta(about(`${rules}: Exception`, 'Any of these stops the rule.')),
  // oxlint-disable-next-line unicorn/no-thenable -- the documented name of the field; a rule is never awaited
  then: action.meta(about(`${rules}: Action`, 'What happens to the message.')),
  stop: flag(false, about(`${rules}: Stop processing further rules`, 'No later rule runs.')),
});
