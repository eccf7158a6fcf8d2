/** What a write will change, for people: one line per document, and one per field of a document that is there. */
import { canonicalJson } from '../mail/directory/content.ts';

type Content = Readonly<Record<string, unknown>>;

export interface FieldDifference {
  /** With dots for nesting. */
  readonly field: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Fields in the order of their names; maps are opened, lists compared whole. */
export function differences(before: Content, after: Content): FieldDifference[] {
  const [one, other] = [flat(before), flat(after)];
  const fields = [...new Set([...one.keys(), ...other.keys()])].sort((a, b) => (a < b ? -1 : 1));
  return fields
    .map((field) => ({ field, before: one.get(field), after: other.get(field) }))
    .filter((found) => canonicalJson(found.before ?? null) !== canonicalJson(found.after ?? null));
}

function flat(content: Content, prefix = ''): Map<string, unknown> {
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(content)) {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    if (!isMap) fields.set(prefix + name, value);
    else for (const [inner, one] of flat(value as Content, `${prefix}${name}.`)) fields.set(inner, one);
  }
  return fields;
}

const longest = 70;

export function differenceLines(found: readonly FieldDifference[]): string[] {
  return found.flatMap(({ field, before, after }) => {
    if (field === 'password') return [`    ${field}: changed`];
    if (Array.isArray(before) && Array.isArray(after)) return listLines(field, before, after);
    return [
      ...(before === undefined ? [] : [`  - ${field}: ${show(before)}`]),
      ...(after === undefined ? [] : [`  + ${field}: ${show(after)}`]),
    ];
  });
}

const mostEntries = 20;

/** Only the entries that come and go. */
function listLines(field: string, before: readonly unknown[], after: readonly unknown[]): string[] {
  const [had, has] = [before, after].map((list) => new Set(list.map((entry) => canonicalJson(entry))));
  const gone = before.filter((entry) => !has!.has(canonicalJson(entry))).map((entry) => `  - ${show(entry)}`);
  const come = after.filter((entry) => !had!.has(canonicalJson(entry))).map((entry) => `  + ${show(entry)}`);
  const lines = [...gone, ...come];
  if (lines.length === 0) return [`    ${field}: the same entries in another order`];
  const rest = lines.length - mostEntries;
  const more = rest > 0 ? [`    ${field}: and ${rest} more`] : [];
  return [
    ...lines.slice(0, mostEntries).map((line) => `${line.slice(0, 4)}${field}: ${line.slice(4)}`),
    ...more,
  ];
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? '';
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}
