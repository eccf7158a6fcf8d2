/** The size of an item as DynamoDB counts it, at most 400 KB (developer guide, "DynamoDB item sizes and formats"). */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from './items.ts';

export const largestItem = 409_600;

export function itemSize(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + valueSize(value);
  return bytes;
}

function valueSize(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return Math.ceil(value.N.length / 2) + 2;
  if (value.B !== undefined) return value.B.length;
  if (value.L !== undefined) return value.L.reduce((bytes, one) => bytes + 1 + valueSize(one), 3);
  if (value.M !== undefined) return 3 + itemSize(value.M) + Object.keys(value.M).length;
  const members: readonly (string | Uint8Array)[] = value.SS ?? value.NS ?? value.BS ?? [];
  return members.reduce((bytes, one) => bytes + Buffer.byteLength(one), 1);
}
