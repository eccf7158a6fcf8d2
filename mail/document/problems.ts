/**
 * What a schema finds wrong, as sentences: the field, then the value and what would be right. A list or a map full
 * of mistakes tells the first ones and counts the rest.
 */
import type * as z from 'zod';
import { shorten } from './fields.ts';
import type { FormName } from './forms.ts';
import { unknownAttribute } from './unknown-attribute.ts';

const MOST_OF_A_LIST = 20;
const MOST_OF_A_DOCUMENT = 100;
/** What the item keeps (documents.md), and room for the count of the rest. */
const STORED_BYTES = 2048;
const ROOM_FOR_COUNT = 40;

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

export function problemsOf(form: FormName, issues: readonly Issue[]): string[] {
  const single = issues.flatMap(separate);
  const { shown, left } = firstOfEach(single);
  const sentences = shown.slice(0, MOST_OF_A_DOCUMENT).map((issue) => sentenceOf(form, issue));
  const rest = shown.length - sentences.length;
  return [...sentences, ...left, ...(rest > 0 ? [andMore(rest, 'problem')] : [])];
}

function andMore(count: number, what: string): string {
  return `and ${count} more ${what}${count === 1 ? '' : 's'}`;
}

/** One issue per unknown attribute. */
function separate(issue: Issue): Issue[] {
  if (issue.code !== 'unrecognized_keys') return [issue];
  return issue.keys.map((key) => ({ ...issue, keys: [key] }));
}

function firstOfEach(issues: readonly Issue[]): { shown: Issue[]; left: string[] } {
  const counts = new Map<string, number>();
  const shown: Issue[] = [];
  for (const issue of issues) {
    const place = placeOf(issue);
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    if (count <= MOST_OF_A_LIST) shown.push(issue);
  }
  const left = [...counts]
    .filter(([, count]) => count > MOST_OF_A_LIST)
    .map(
      ([place, count]) =>
        `${place === '' ? '' : `${place}: `}${andMore(count - MOST_OF_A_LIST, 'such problem')}`,
    );
  return { shown, left };
}

/** The list or map that holds the mistake. */
function placeOf(issue: Issue): string {
  return printPath(issue.code === 'unrecognized_keys' ? issue.path : issue.path.slice(0, -1));
}

function sentenceOf(form: FormName, issue: Issue): string {
  if (issue.code !== 'unrecognized_keys') return `${printPath(issue.path)}: ${problemOf(issue)}`;
  const [key = ''] = issue.keys;
  const map = printPath(issue.path.map((part) => (typeof part === 'number' ? '[]' : part)));
  const problem = unknownAttribute(form, map, shorten(key));
  const told = map === '' ? problem : problem.replaceAll(map, printPath(issue.path));
  return `${printPath([...issue.path, shorten(key)])}: ${told}`;
}

function problemOf(issue: Exclude<Issue, { code: 'unrecognized_keys' }>): string {
  const { input } = issue;
  if (issue.code === 'custom') return issue.message;
  if (input === undefined) return 'is missing; it is required';
  const value = issue.path.at(-1) === 'password' ? 'the value' : show(input);
  if (issue.code === 'invalid_type')
    return `${valueAndKind(value, input)}; write ${wordsFor(issue.expected)}`;
  if (issue.code === 'invalid_value')
    return `${value} is not known; write ${either(issue.values.map(String))}`;
  if (issue.code === 'invalid_union') return ofUnion(issue, value);
  if (issue.code === 'too_small') return tooSmall(issue, value);
  if (issue.code === 'too_big') return `${value} is too large; write at most ${issue.maximum}`;
  return `${value} is not valid; ${issue.message}`;
}

function ofUnion(issue: z.core.$ZodIssueInvalidUnion, value: string): string {
  if (issue.discriminator === undefined) return `${value} ${issue.message}`;
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options.map(String) : [];
  const written = (issue.input as Record<string, unknown>)[issue.discriminator];
  if (written === undefined) return `is missing; write ${either(options)}`;
  return `${show(written)} is not known; write ${either(options)}`;
}

function tooSmall(issue: z.core.$ZodIssueTooSmall, value: string): string {
  if (issue.origin === 'array') return 'is empty; write at least one';
  return `${value} is too small; write ${issue.inclusive === true ? 'at least' : 'more than'} ${issue.minimum}`;
}

const words: Readonly<Record<string, string>> = {
  boolean: 'true or false',
  number: 'a number',
  int: 'a whole number',
  string: 'a string',
  array: 'a list',
  object: 'a map',
};

function wordsFor(expected: string): string {
  return words[expected] ?? expected;
}

/** What is not one word is told by its kind alone. */
function valueAndKind(shown: string, value: unknown): string {
  return typeof value === 'object' ? `is ${kindOf(value)}` : `${shown} is ${kindOf(value)}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (value instanceof Uint8Array) return 'binary';
  if (typeof value === 'number')
    return value % 1 === 0 || !Number.isFinite(value) ? 'a number' : 'a fraction';
  return typeof value === 'object' ? 'a map' : `a ${typeof value}`;
}

/** `a, b or c` */
export function either(options: readonly string[]): string {
  if (options.length < 2) return options.join('');
  return `${options.slice(0, -1).join(', ')} or ${options.at(-1)}`;
}

function show(value: unknown): string {
  if (typeof value === 'string') return `"${shorten(value)}"`;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a map';
  return String(value);
}

export function printPath(path: Path): string {
  let printed = '';
  for (const part of path) {
    if (typeof part === 'number') printed += `[${part}]`;
    else if (part === '[]') printed += '[]';
    else printed += printed === '' ? String(part) : `.${String(part)}`;
  }
  return printed;
}

/** The problems that an item keeps: as JSON at most 2 KB, the rest counted. */
export function storedProblems(problems: readonly string[]): string[] {
  const stored: string[] = [];
  let bytes = 0;
  for (const problem of problems) {
    const cut = problem.slice(0, 600);
    bytes += Buffer.byteLength(JSON.stringify(cut)) + 1;
    if (bytes > STORED_BYTES - ROOM_FOR_COUNT)
      return [...stored, andMore(problems.length - stored.length, 'problem')];
    stored.push(cut);
  }
  return stored;
}
