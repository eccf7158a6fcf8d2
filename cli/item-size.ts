/** How many bytes DynamoDB counts for an item: names and texts in UTF-8, and a little for each list, map and entry. */
export const largestItem = 400 * 1024;

export function itemBytes(item: Readonly<Record<string, unknown>>): number {
  return Object.entries(item).reduce(
    (sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value),
    0,
  );
}

function valueBytes(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return 21;
  if (Array.isArray(value)) return 3 + value.reduce((sum: number, one) => sum + 1 + valueBytes(one), 0);
  if (typeof value !== 'object' || value === null) return 1;
  const entries = Object.entries(value);
  return 3 + entries.length + itemBytes(value as Record<string, unknown>);
}
