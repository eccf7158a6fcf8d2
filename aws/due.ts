/**
 * The due index over DynamoDB: what the sweep (transition 7) and a restart read and move. A shard is read soonest
 * first; an item is moved only while its `wakeAt` is the one seen, so that two sweeps never wake one item twice. Most of
 * the time little stands in the index: then one read finds all of it.
 */
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  ScanCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { wakeShards } from '../mail/spool/keys.ts';
import type { Delivery, MessageRecord, ReportRecord } from '../mail/spool/records.ts';
import { conditionally, deliveryItem, fromItem, toItem, values, type Item } from './items.ts';

export interface DueKey {
  readonly message: string;
  readonly part: string;
  readonly wakeAt: string;
}
export type SpoolItem = Delivery | MessageRecord | ReportRecord;

export interface Due {
  /** What `read` finds in all shards, where the whole index is small; undefined: read the shards. */
  few(until: string): Promise<DueKey[] | undefined>;
  /** Keys of one shard with `wakeAt` up to `until`, soonest first, at most `limit`, from behind `after`. */
  read(shard: string, until: string, limit: number, after?: DueKey): Promise<DueKey[]>;
  item(key: DueKey): Promise<SpoolItem | undefined>;
  /** Moves the item's `wakeAt` while it is the one seen. */
  move(key: DueKey, wakeAt: string): Promise<boolean>;
  /** Replaces a delivery while its `wakeAt` is the one seen, and its version the one before `next`. */
  replace(key: DueKey, next: Delivery): Promise<boolean>;
}

export function awsDue({ client, table }: { client: DynamoDBClient; table: string }): Due {
  return {
    few: (until) => readFew({ client, table }, until),
    read: (shard, until, limit, after) => readShard({ client, table }, { shard, until, limit, after }),
    async item({ message, part }) {
      const Key = toItem({ message, part });
      const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
      return Item === undefined ? undefined : fromItem<SpoolItem>(Item);
    },
    async move({ message, part, wakeAt: seen }, wakeAt) {
      const update = new UpdateItemCommand({
        TableName: table,
        Key: toItem({ message, part }),
        UpdateExpression: 'SET wakeAt = :next',
        ConditionExpression: 'wakeAt = :seen',
        ExpressionAttributeValues: values({ ':next': wakeAt, ':seen': seen }),
      });
      return (await conditionally(() => client.send(update))).done;
    },
    async replace({ wakeAt: seen }, next) {
      const put = new PutItemCommand({
        TableName: table,
        Item: deliveryItem(next),
        ConditionExpression: 'wakeAt = :seen AND version = :before',
        ExpressionAttributeValues: values({ ':seen': seen, ':before': next.version - 1 }),
      });
      return (await conditionally(() => client.send(put))).done;
    },
  };
}

/** Of keys alone: two read units, where a query of each shard takes 32. */
const mostFew = 100;

async function readFew(
  { client, table }: { client: DynamoDBClient; table: string },
  until: string,
): Promise<DueKey[] | undefined> {
  const { Items, LastEvaluatedKey } = await client.send(
    new ScanCommand({ TableName: table, IndexName: 'due', Limit: mostFew }),
  );
  if (LastEvaluatedKey !== undefined) return undefined;
  const found = (Items ?? []).map((item) => fromItem<DueKey & { readonly wake: string }>(item));
  return found
    .filter(({ wake, wakeAt }) => wakeShards.includes(wake) && wakeAt <= until)
    .sort((one, other) => (one.wakeAt < other.wakeAt ? -1 : 1));
}

const mostPerPage = 1000;

async function readShard(
  { client, table }: { client: DynamoDBClient; table: string },
  { shard, until, limit, after }: { shard: string; until: string; limit: number; after?: DueKey | undefined },
): Promise<DueKey[]> {
  const found: DueKey[] = [];
  let from = after && startAt(shard, after);
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'due',
        KeyConditionExpression: 'wake = :shard AND wakeAt <= :until',
        ExpressionAttributeValues: values({ ':shard': shard, ':until': until }),
        Limit: Math.min(limit, mostPerPage),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []).map((item) => fromItem<DueKey>(item)));
    from = page.LastEvaluatedKey;
  } while (from !== undefined && found.length < limit);
  return found;
}

/** The place of an entry in the index, whether or not it still stands there. */
function startAt(shard: string, { message, part, wakeAt }: DueKey): Item {
  return toItem({ wake: shard, wakeAt, message, part });
}
