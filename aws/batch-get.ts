/** Many items of one table by key: what DynamoDB leaves out is asked for again. */
import { BatchGetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import { toItem, type Item } from './items.ts';

/** BatchGetItem takes 100 keys and answers with 16 MB at most. */
const mostKeys = 100;
const mostTries = 8;
/** More would only wait for connections. */
const atOnce = 25;

export interface TableOf {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export interface Reading {
  /** Strongly read, unless said otherwise. */
  readonly consistent?: boolean;
  /** A read that hangs longer counts as failed. */
  readonly timeoutMs?: number;
}

/** The items found, in no order; keys must not repeat. */
export async function batchGet(
  from: TableOf,
  keys: readonly Record<string, string>[],
  reading: Reading = {},
): Promise<Item[]> {
  const groups = Array.from({ length: Math.ceil(keys.length / mostKeys) }, (_, index) =>
    keys.slice(index * mostKeys, (index + 1) * mostKeys),
  );
  const found: Item[] = [];
  for (let at = 0; at < groups.length; at += atOnce) {
    const some = groups.slice(at, at + atOnce).map((group) => getGroup(from, group, reading));
    found.push(...(await Promise.all(some)).flat());
  }
  return found;
}

async function getGroup(
  { client, table }: TableOf,
  keys: readonly Record<string, string>[],
  { consistent = true, timeoutMs }: Reading,
): Promise<Item[]> {
  const found: Item[] = [];
  let left: Item[] = keys.map((key) => toItem(key));
  for (let tries = 1; left.length > 0; tries += 1) {
    const answer = await client.send(
      new BatchGetItemCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: consistent } } }),
      timeoutMs === undefined ? {} : { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    const items = answer.Responses?.[table] ?? [];
    found.push(...items);
    left = answer.UnprocessedKeys?.[table]?.Keys ?? [];
    if (left.length > 0 && tries >= mostTries)
      throw new Error(`Table ${table} left ${left.length} keys unread after ${mostTries} tries.`);
    if (left.length > 0 && items.length === 0) await pause(25 * 2 ** tries * Math.random());
  }
  return found;
}
