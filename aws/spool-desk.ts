/**
 * The administrator's desk over the spool: lists what is open from index `due`, and writes what steering decided while
 * a record is still the one read. Scans only for states that are ended.
 */
import {
  BatchGetItemCommand,
  GetItemCommand,
  ScanCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { restShards, wakeShards } from '../mail/spool/keys.ts';
import type { Delivery, DeliveryKey, MessageRecord, State } from '../mail/spool/records.ts';
import { awsDue, type DueKey } from './due.ts';
import { fromItem, toItem, values, type Item } from './items.ts';
import { putVersion } from './spool.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export interface SpoolDesk {
  /** Open deliveries, or those of one state. */
  list(state?: State): Promise<Delivery[]>;
  one(key: DeliveryKey): Promise<Delivery | undefined>;
  /** Have deliveries taken the place of what waited before routing? */
  isRouted(message: string): Promise<boolean>;
  /** False: it changed meanwhile; read it again. */
  write(next: Delivery, before: Delivery): Promise<boolean>;
}

const open: readonly State[] = ['pending', 'sending', 'deferred', 'held', 'dead'];

export function awsSpoolDesk(options: Options): SpoolDesk {
  return {
    list: (state) =>
      state === undefined || open.includes(state) ? listOpen(options, state) : listEnded(options, state),
    one: (key) => readOne<Delivery>(options, key),
    async isRouted(message) {
      const record = await readOne<MessageRecord>(options, { message, part: 'm' });
      return record?.phase === 'planned' || record?.phase === 'routed';
    },
    write: (next, before) => putVersion(options, { ...next, version: before.version + 1 }, before.version),
  };
}

async function listOpen(options: Options, state?: State): Promise<Delivery[]> {
  const due = awsDue(options);
  // Held mail of which a report is still owed stands with what is woken.
  const shards = [...wakeShards, ...restShards];
  const keys = await Promise.all(shards.map((shard) => due.read(shard, '9999', Number.MAX_SAFE_INTEGER)));
  const found = await readMany(options, distinct(keys.flat()));
  return found
    .filter((one) => (state === undefined ? open.includes(one.state) : one.state === state))
    .sort(byAge);
}

/** What moves from one shard to another meanwhile stands in both; a batch takes no key twice. */
function distinct(keys: readonly DueKey[]): DueKey[] {
  const deliveries = keys.filter(({ part }) => part.startsWith('d#'));
  return [...new Map(deliveries.map((key) => [`${key.message} ${key.part}`, key])).values()];
}

function byAge(a: Delivery, b: Delivery): number {
  return a.acceptedAt.localeCompare(b.acceptedAt) || a.part.localeCompare(b.part);
}

/** A batch takes 100 keys. */
async function readMany(options: Options, keys: readonly DueKey[]): Promise<Delivery[]> {
  const found: Delivery[] = [];
  for (let at = 0; at < keys.length; at += 100) {
    const Keys = keys.slice(at, at + 100).map(({ message, part }) => toItem({ message, part }));
    found.push(...(await readBatch(options, Keys)));
  }
  return found;
}

async function readBatch({ client, table }: Options, wanted: Item[]): Promise<Delivery[]> {
  const found: Delivery[] = [];
  let Keys = wanted;
  while (Keys.length > 0) {
    const RequestItems = { [table]: { Keys, ConsistentRead: true } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems }));
    found.push(...(Responses?.[table] ?? []).map((item) => fromItem<Delivery>(item)));
    Keys = UnprocessedKeys?.[table]?.Keys ?? [];
  }
  return found;
}

async function listEnded({ client, table }: Options, state: State): Promise<Delivery[]> {
  const found: Delivery[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: '#state = :state AND begins_with(part, :d)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: values({ ':state': state, ':d': 'd#' }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []).map((item) => fromItem<Delivery>(item)));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found.sort(byAge);
}

async function readOne<T extends object>(
  { client, table }: Options,
  { message, part }: DeliveryKey,
): Promise<T | undefined> {
  const Key = toItem({ message, part });
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item === undefined ? undefined : fromItem<T>(Item);
}
