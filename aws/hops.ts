/**
 * Next hops over DynamoDB (spool.md, outbound workers): slots as leases that time frees after a crash, the closure of
 * a hop that does not answer, and the deliveries of a hop that are due, from index `hop`.
 */
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { randomInt, randomUUID } from 'node:crypto';
import type { Clock, HopState, Hops, HopWork, Slot } from '../mail/spool/doors.ts';
import { hopKeys, hopName } from '../mail/spool/keys.ts';
import type { DeliveryKey } from '../mail/spool/records.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

export interface SteeredHops extends Hops {
  /** Ends the closure of a hop, whose failures stay known. */
  probe(work: HopWork): Promise<void>;
}

export function awsHops(options: Options): SteeredHops {
  return {
    takeSlot: (work, limit, until) => takeSlot(options, work, { limit, until }),
    freeSlot: (slot) => freeSlot(options, slot),
    due: (work, now, limit) => due(options, work, { now, limit }),
    state: (work) => readState(options, work),
    close: (work, until, lastReply) => close(options, work, { until, lastReply }),
    open: (work) => open(options, work),
    probe: (work) => probe(options, work),
    slow: (work, until, alone) => slow(options, work, { until, alone }),
  };
}

function partition(work: HopWork): string {
  return `hop#${hopName(work.transport, work.nextHop)}`;
}

/** Tries the slots from a random one on, so that workers seldom ask for the same. */
async function takeSlot(
  options: Options,
  work: HopWork,
  { limit, until }: { limit: number; until: string },
): Promise<Slot | undefined> {
  const start = randomInt(Math.max(1, limit));
  for (let n = 0; n < limit; n++) {
    const slot = { hop: partition(work), slot: `s#${(start + n) % limit}`, lease: randomUUID() };
    if (await lease(options, slot, until)) return slot;
  }
  return undefined;
}

/** The slot is free, or its holder's time has passed. */
async function lease({ client, table, clock }: Options, slot: Slot, until: string): Promise<boolean> {
  const { done } = await conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem({
          message: slot.hop,
          part: slot.slot,
          lease: slot.lease,
          leaseUntil: until,
          expiresAt: ttl(until),
        }),
        ConditionExpression: 'attribute_not_exists(message) OR leaseUntil < :now',
        ExpressionAttributeValues: values({ ':now': clock().toISOString() }),
      }),
    ),
  );
  return done;
}

function ttl(until: string): number {
  return Math.floor(Date.parse(until) / 1000) + 86_400;
}

async function freeSlot({ client, table }: Options, slot: Slot): Promise<void> {
  await conditionally(() =>
    client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: toItem({ message: slot.hop, part: slot.slot }),
        ConditionExpression: 'lease = :lease',
        ExpressionAttributeValues: values({ ':lease': slot.lease }),
      }),
    ),
  );
}

/** Index entries carry `dueAt`, so that what is not due yet is not even claimed. */
async function due(
  options: Options,
  work: HopWork,
  { now, limit }: { now: string; limit: number },
): Promise<DeliveryKey[]> {
  const shards = hopKeys(work.transport, work.nextHop).map((hopKey) =>
    dueInShard(options, hopKey, { now, limit }),
  );
  const found = (await Promise.all(shards)).flat();
  const soonestFirst = found.sort((a, b) => a.wakeAt.localeCompare(b.wakeAt)).slice(0, limit);
  return soonestFirst.map(({ message, part }) => ({ message, part }));
}

/** Reads on past entries that are not due: the due ones that the sweep has just moved stand behind them. */
async function dueInShard(
  { client, table }: Options,
  hopKey: string,
  { now, limit }: { now: string; limit: number },
): Promise<(DeliveryKey & { wakeAt: string })[]> {
  const found: (DeliveryKey & { wakeAt: string })[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: 'hop',
        KeyConditionExpression: 'hopKey = :hop',
        FilterExpression: 'dueAt <= :now',
        ExpressionAttributeValues: values({ ':hop': hopKey, ':now': now }),
        // The first page is what is wanted; where the filter leaves too little of it, pages are as large as they come.
        ...(from === undefined ? { Limit: limit } : {}),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []).map((item) => fromItem<DeliveryKey & { wakeAt: string }>(item)));
    from = page.LastEvaluatedKey;
  } while (from !== undefined && found.length < limit);
  return found;
}

async function readState({ client, table }: Options, work: HopWork): Promise<HopState | undefined> {
  const key = toItem({ message: partition(work), part: 'state' });
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true }),
  );
  return Item === undefined ? undefined : fromItem<HopState>(Item);
}

async function close(
  { client, table, clock }: Options,
  work: HopWork,
  { until, lastReply }: { until: string; lastReply: string },
): Promise<boolean> {
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message: partition(work), part: 'state' }),
    UpdateExpression:
      'SET closedUntil = :until, closedAt = :now, lastReply = :reply, expiresAt = :ttl ADD failures :one',
    ConditionExpression: 'attribute_not_exists(closedUntil) OR closedUntil <= :now',
    ExpressionAttributeValues: values({
      ':until': until,
      ':now': clock().toISOString(),
      ':reply': lastReply.slice(0, 1024),
      ':ttl': ttl(until),
      ':one': 1,
    }),
  });
  return (await conditionally(() => client.send(update))).done;
}

async function open({ client, table }: Options, work: HopWork): Promise<void> {
  await client.send(
    new DeleteItemCommand({ TableName: table, Key: toItem({ message: partition(work), part: 'state' }) }),
  );
}

/** An administrator wants it tried: its closure ends, and the next attempt is a probe. */
async function probe({ client, table, clock }: Options, work: HopWork): Promise<void> {
  await conditionally(() =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toItem({ message: partition(work), part: 'state' }),
        UpdateExpression: 'SET closedUntil = :now',
        ConditionExpression: 'closedUntil > :now',
        ExpressionAttributeValues: values({ ':now': clock().toISOString() }),
      }),
    ),
  );
}

async function slow(
  { client, table }: Options,
  work: HopWork,
  { until, alone }: { until: string; alone: boolean },
): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: toItem({ message: partition(work), part: 'state' }),
      UpdateExpression: `SET slowUntil = :until, expiresAt = :ttl${alone ? ', aloneUntil = :until' : ''}`,
      ExpressionAttributeValues: values({
        ':until': until,
        ':ttl': ttl(until),
      }),
    }),
  );
}
