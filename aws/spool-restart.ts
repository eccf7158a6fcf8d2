/**
 * What a start on one machine does to the spool before any worker runs: no worker outlives a start, so every lease and
 * slot is void, and what was pending or sending is due at once. Deferred mail keeps its time. Never used on AWS, where
 * other workers hold their leases rightly.
 */
import { DeleteItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { hopName, wakeShards } from '../mail/spool/keys.ts';
import type { Delivery } from '../mail/spool/records.ts';
import { isOutbound, owesAnything, rested } from '../mail/spool/standing.ts';
import { awsDue, type Due, type DueKey, type SpoolItem } from './due.ts';
import { fromItem, toItem, values } from './items.ts';

const endOfTime = '9999';

/** Returns how many items were woken. */
export async function wakeAfterRestart(options: {
  client: DynamoDBClient;
  spoolTable: string;
}): Promise<number> {
  const table = { client: options.client, table: options.spoolTable };
  const due = awsDue(table);
  const hops = new Set<string>();
  let woken = 0;
  for (const key of await everything(due)) if (await wakeOne(due, key, hops)) woken += 1;
  for (const hop of hops) await freeSlots(table, hop);
  return woken;
}

async function everything(due: Due): Promise<DueKey[]> {
  const found = await due.few(endOfTime);
  if (found !== undefined) return found;
  const shards: DueKey[][] = [];
  for (const shard of wakeShards) shards.push(await due.read(shard, endOfTime, Number.MAX_SAFE_INTEGER));
  return shards.flat();
}

async function wakeOne(due: Due, key: DueKey, hops: Set<string>): Promise<boolean> {
  const item = await due.item(key);
  if (item === undefined) return false;
  const now = new Date().toISOString();
  if (!isDelivery(item)) return due.move(key, now);
  if (isOutbound(item)) hops.add(`hop#${hopName(item.transport, item.nextHop)}`);
  if (item.state === 'sending') return due.replace(key, unclaimed(item, now));
  if (item.state === 'pending' || owesAnything(item)) return due.move(key, now);
  return false;
}

/** A wish that was left on it the sweep carries out. */
function unclaimed(item: Delivery, now: string): Delivery {
  const { version, claims } = item;
  return rested({ ...item, version: version + 1, state: 'pending', claims: claims - 1, dueAt: now }, now);
}

function isDelivery(item: SpoolItem): item is Delivery {
  return item.part.startsWith('d#');
}

async function freeSlots(
  { client, table }: { client: DynamoDBClient; table: string },
  hop: string,
): Promise<void> {
  const slots = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'message = :hop AND begins_with(part, :slot)',
      ExpressionAttributeValues: values({ ':hop': hop, ':slot': 's#' }),
    }),
  );
  for (const slot of slots.Items ?? []) {
    const { message, part } = fromItem<{ message: string; part: string }>(slot);
    await client.send(new DeleteItemCommand({ TableName: table, Key: toItem({ message, part }) }));
  }
}
