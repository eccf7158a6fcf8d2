/**
 * One condition of a mail rule, compiled once per settings. Comparisons ignore case. An item with several values (a
 * list of recipients, a repeated field) matches when any value does; `is-not` holds when none is equal. What a message
 * does not have equals the empty text, and matches no expression.
 */
import { RE2JS } from 're2js';
import { foldText } from '../address/address.ts';
import type { RuleCondition } from '../document/forms.ts';
import { valuesOf, type RuleFacts } from './rule-items.ts';

export type CompiledCondition = (facts: RuleFacts) => boolean;

export function compileCondition({ item, is, value }: RuleCondition): CompiledCondition {
  const test = comparison(is, value);
  const equalsNothing = (is === 'is' || is === 'is-not') && value.trim() === '';
  const any = (facts: RuleFacts) => {
    const values = valuesOf(item, facts);
    return values.length === 0 ? equalsNothing : values.some(test);
  };
  return is === 'is-not' ? (facts) => !any(facts) : any;
}

function comparison(is: RuleCondition['is'], value: string): (text: string) => boolean {
  const wanted = asWords(value);
  switch (is) {
    case 'contains':
      return (text) => asWords(text).includes(wanted);
    case 'is':
    case 'is-not':
      return (text) => equals(text, value, wanted);
    case 'greater-than':
      return (text) => Number.parseFloat(text) > Number(value);
    case 'less-than':
      return (text) => Number.parseFloat(text) < Number(value);
    case 'matches':
      return expression(value);
    default:
      return () => false;
  }
}

/** Where a line ends, or a field is folded, and with what white space, is nothing that people see. */
function asWords(text: string): string {
  return foldText(text).replaceAll(/\s+/g, ' ');
}

/** `10` and `10.0` are one number. */
function equals(text: string, value: string, wanted: string): boolean {
  if (asWords(text).trim() === wanted.trim()) return true;
  return /^\d+(?:\.\d+)?$/.test(value) && text !== '' && Number(text) === Number(value);
}

/** RE2 finds anywhere in the text, in linear time whatever the expression; the document was validated with it. */
function expression(value: string): (text: string) => boolean {
  const compiled = RE2JS.compile(value, RE2JS.CASE_INSENSITIVE);
  return (text) => compiled.matcher(text).find();
}
