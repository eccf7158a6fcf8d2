/**
 * Mail rules (Configuration > Router/SMTP > Restrictions and Controls > Rules): run once, at the end of DATA, in
 * list order. The first that decides the message's fate (refuse, drop, return, hold, move) or says stop ends the run.
 *
 * Receives the facts of a message; returns a refusal that does not name the rule, or outcomes that travel in the
 * envelope and tags as header edits. Conditions that ask for the body need `content`: see `rulesNeedContent`.
 */
import type { Settings } from '../directory/settings.ts';
import type { Rule as MailRule, RuleAction } from '../document/forms.ts';
import type { RuleOutcome } from '../envelope/envelope.ts';
import { foldField } from '../envelope/field-text.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import { messageRejected554 } from '../reply/message-replies.ts';
import { compileCondition, type CompiledCondition } from './rule-conditions.ts';
import type { RuleFacts } from './rule-items.ts';
import { inConfiguration } from './ruling.ts';
import type { Because, Step, Verdict } from './verdict.ts';

export interface RulesRun {
  readonly verdict: Verdict;
  readonly outcomes: readonly RuleOutcome[];
  readonly edits: readonly HeaderEdit[];
}

interface CompiledRule {
  readonly rule: MailRule;
  readonly conditions: readonly CompiledCondition[];
  readonly exceptions: readonly CompiledCondition[];
}

const contentItems: readonly string[] = ['body', 'attachment-name', 'attachment-count'];
const fates: readonly string[] = [
  'refuse',
  'drop',
  'return',
  'hold',
  'move',
] satisfies RuleAction['action'][];
const compiled = new WeakMap<Settings, readonly CompiledRule[]>();

/** Whether any rule asks for the body or its attachments; else nobody needs to parse them. */
export function rulesNeedContent({ configuration }: Settings): boolean {
  return configuration.rules.some((rule) =>
    [...rule.if, ...rule.unless].some(({ item }) => contentItems.includes(item)),
  );
}

export function runRules(settings: Settings, facts: RuleFacts): RulesRun {
  const applied: MailRule[] = [];
  for (const rule of rulesOf(settings)) {
    if (!applies(rule, facts)) continue;
    applied.push(rule.rule);
    if (rule.rule.stop || fates.includes(rule.rule.then.action)) break;
  }
  return {
    verdict: verdictOf(settings, applied),
    outcomes: applied.flatMap((rule) => outcomeOf(settings, rule)),
    edits: applied.flatMap(({ then }) => tagOf(then)),
  };
}

function rulesOf(settings: Settings): readonly CompiledRule[] {
  const before = compiled.get(settings);
  if (before !== undefined) return before;
  const rules = settings.configuration.rules.map((rule) => ({
    rule,
    conditions: rule.if.map(compileCondition),
    exceptions: rule.unless.map(compileCondition),
  }));
  compiled.set(settings, rules);
  return rules;
}

function applies({ rule, conditions, exceptions }: CompiledRule, facts: RuleFacts): boolean {
  const holds = (condition: CompiledCondition) => condition(facts);
  const met = rule.match === 'any' ? conditions.some(holds) : conditions.every(holds);
  return met && !exceptions.some(holds);
}

function verdictOf(settings: Settings, applied: readonly MailRule[]): Verdict {
  const steps: Step[] = applied.map((rule) => ({
    rule: 'mail rule',
    outcome: rule.then.action,
    because: because(settings, rule),
  }));
  const refusing = applied.find((rule) => rule.then.action === 'refuse');
  if (refusing === undefined) return { outcome: 'accept', steps };
  return { outcome: 'refuse', reply: messageRejected554, steps, because: because(settings, refusing) };
}

/** What `route-mail` carries out; tags and refusals are done here. */
function outcomeOf(settings: Settings, { name, then }: MailRule): RuleOutcome[] {
  const rule = { rule: name, document: `Configuration ${settings.configuration.name}` };
  switch (then.action) {
    case 'refuse':
    case 'tag':
      return [];
    case 'journal':
    case 'move':
      return [{ ...rule, action: then.action, database: then.database }];
    case 'priority':
      return [{ ...rule, action: then.action, value: then.value }];
    case 'drop':
    case 'return':
    case 'hold':
      return [{ ...rule, action: then.action }];
    default:
      return [];
  }
}

/** The administrator's own words; they fold, and cannot start another field. */
function tagOf(then: RuleAction): HeaderEdit[] {
  if (then.action !== 'tag') return [];
  const words = then.value
    .replaceAll(/\p{Cc}/gu, ' ')
    .split(' ')
    .filter(Boolean);
  return [{ op: 'prepend', field: foldField(then.header, words) }];
}

function because(settings: Settings, rule: MailRule): Because {
  return inConfiguration(settings, 'rules', rule.name);
}
