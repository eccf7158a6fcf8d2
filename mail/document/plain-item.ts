/**
 * An item as it stands in the table, without what the gateway itself writes there, and with string sets as lists.
 */

/** documents.md: ignored on a put and left out of an export. */
export const ownAttributes = ['problems', 'warnings', 'publishedAt'] as const;

export type Item = Readonly<Record<string, unknown>>;

/** The attributes that people write, `form` and `name` included. */
export function plainItem(item: Item): Record<string, unknown> {
  const plain: Record<string, unknown> = {};
  for (const [attribute, value] of Object.entries(item)) {
    if (!(ownAttributes as readonly string[]).includes(attribute))
      define(plain, attribute, plainValue(value));
  }
  return plain;
}

function plainValue(value: unknown): unknown {
  if (value instanceof Set) return [...value];
  if (Array.isArray(value)) return value.map(plainValue);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const plain: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) define(plain, key, plainValue(inner));
  return plain;
}

/** An attribute may be called `__proto__`. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, writable: true, configurable: true });
}
