/**
 * Content of documents compared by hash: canonical JSON (keys in order), so that equal documents have equal
 * hashes however they were written.
 */
import { createHash } from 'node:crypto';

export function canonicalJson(value: unknown): string {
  return JSON.stringify(ordered(value));
}

/** 132 bits: enough that two contents never share one. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url').slice(0, 22);
}

function ordered(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  // A set has no order of its own.
  if (value instanceof Set) return [...value].map((entry) => JSON.stringify(ordered(entry))).sort(byText);
  if (Array.isArray(value)) return value.map(ordered);
  if (value === null || typeof value !== 'object') return value;
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return Object.fromEntries(
    entries.sort(([one], [other]) => byText(one, other)).map(([key, inner]) => [key, ordered(inner)]),
  );
}

function byText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
