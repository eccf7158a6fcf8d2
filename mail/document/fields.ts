/**
 * The kinds of fields that forms are made of: each gives the type, the default, what is checked, and what the
 * documentation says (`domino` names the document, tab and field of Domino that the field imitates).
 */
import * as z from 'zod';

export type About = { readonly domino: string; readonly description: string };

export function about(domino: string, description: string): About {
  return { domino, description };
}

/** A check of one text: undefined where it is right, else what is wrong and what would be right. */
export type Check = (text: string) => string | undefined;

/** Longer texts are mistakes, and would hide what is wrong in its own quotation. */
const LONGEST_TEXT = 1024;

export function flag(fallback: boolean, words: About) {
  return z.boolean().default(fallback).meta(words);
}

export function choice<const T extends readonly [string, ...string[]]>(
  options: T,
  fallback: T[number],
  words: About,
) {
  return z
    .enum(options)
    .default(fallback as never)
    .meta(words);
}

export type Range = {
  readonly fallback: number;
  readonly least?: number;
  readonly most?: number;
  /** Times may be fractions; zero is no time where the field says so. */
  readonly kind: 'count' | 'size' | 'time' | 'positive-time';
};

export function number(range: Range, words: About) {
  const least = z.number().min(range.least ?? 0);
  const kinds = {
    count: () => least.check(z.int()),
    size: () => least,
    time: () => least,
    'positive-time': () => z.number().gt(0),
  };
  const most = range.most;
  const bounded = kinds[range.kind]();
  return (most === undefined ? bounded : bounded.max(most)).default(range.fallback).meta(words);
}

/** A text with a documented default; where that is empty, so may the text be. */
export function text(fallback: string, words: About, check?: Check) {
  const empty = fallback === '' ? undefined : `is empty; leave it out for ${fallback}`;
  return checked(check, empty).default(fallback).meta(words);
}

/** A text that is absent where it is not written, or written empty. */
export function optionalText(words: About, check?: Check) {
  return checked(check, undefined)
    .transform((value) => (value === '' ? undefined : value))
    .optional()
    .meta(words);
}

export function requiredText(words: About, check?: Check) {
  return checked(check, 'is empty; it is required').meta({ ...words, required: true });
}

/** Beyond these the mistakes of a list are counted, not told. */
const TOLD_OF_A_LIST = 20;

export function texts(words: About, check?: Check, fallback: readonly string[] = []) {
  return z
    .array(z.string())
    .superRefine(
      (entries, context) => {
        if (Array.isArray(entries)) tellProblems(entries, check, context);
      },
      // Also where an entry is no string: the others are looked at all the same.
      { when: () => true },
    )
    .default([...fallback])
    .meta(words);
}

function tellProblems(entries: readonly unknown[], check: Check | undefined, context: z.RefinementCtx): void {
  let problems = 0;
  for (const [index, entry] of entries.entries()) {
    const message =
      typeof entry === 'string' ? problemOf(entry, check, 'is empty; leave the entry out') : undefined;
    if (message === undefined) continue;
    problems += 1;
    if (problems <= TOLD_OF_A_LIST) context.addIssue({ code: 'custom', path: [index], message });
  }
  if (problems > TOLD_OF_A_LIST)
    context.addIssue({
      code: 'custom',
      message: `${problems - TOLD_OF_A_LIST} more entries have such problems`,
    });
}

export function section<T extends z.core.$ZodLooseShape>(shape: T, words: About) {
  return z
    .strictObject(shape)
    .prefault({} as never)
    .meta(words);
}

/** A whole document: every attribute that the form does not know is a problem. */
export function form<T extends z.core.$ZodLooseShape>(shape: T, words: About) {
  return z.strictObject(shape).meta(words);
}

function checked(check: Check | undefined, empty: string | undefined) {
  return z.string().check(({ value, issues }) => {
    const message = problemOf(value, check, empty);
    if (message !== undefined) issues.push({ code: 'custom', input: value, message, continue: true });
  });
}

function problemOf(value: string, check: Check | undefined, empty: string | undefined): string | undefined {
  return value === '' ? empty : (tooLong(value) ?? check?.(value));
}

function tooLong(value: string): string | undefined {
  if (value.length <= LONGEST_TEXT) return undefined;
  return `"${shorten(value)}" has ${value.length} characters; write at most ${LONGEST_TEXT}`;
}

/** A text as problems quote it. */
export function shorten(value: string, most = 60): string {
  return value.length > most ? `${value.slice(0, most - 3)}...` : value;
}

/** A name, or an address: one must be able to look for it. */
export function shortenName(name: string): string {
  return shorten(name, 200);
}
