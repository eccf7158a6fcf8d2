/**
 * Transition 2 of the spool over DynamoDB: a plan is written once. A small one is one transaction; a large one, which
 * stands in S3 already, is `m` planned, then each `d` if absent, then `m` routed, so that a crash half way is followed to
 * its end. Of a message that waited before routing, `d#0000` goes in the same write, and only while it is pending: what
 * an administrator has held or deleted meanwhile is not planned.
 */
import {
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type DynamoDBClient,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import type { Clock, Plan } from '../mail/spool/doors.ts';
import { expiryOf, later, routePart, wakeOf } from '../mail/spool/keys.ts';
import type { Delivery, MessageRecord } from '../mail/spool/records.ts';
import { reportWake, rests } from '../mail/spool/standing.ts';
import { conditionally, deliveryItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

/** Transactions take 100 items and 4 MB; records are up to 64 KB. */
export const mostInOneTransaction = 90;
const largestTransaction = 4_000_000;

export async function writePlan(options: Options, plan: Plan): Promise<boolean> {
  if (fitsOneTransaction(plan)) return writeAtOnce(options, plan, plan.deliveries);
  const own = plan.deliveries.filter(({ part }) => part === routePart);
  const begun: Plan = { ...plan, message: { ...plan.message, ...planned(options, plan.message) } };
  if (!(await writeAtOnce(options, begun, own))) return false;
  await followPlan(options, plan);
  return true;
}

/** A plan for which this is false must stand in S3, named by `planKey`, before it is written. */
export function fitsOneTransaction(plan: Plan): boolean {
  if (plan.deliveries.length > mostInOneTransaction) return false;
  return Buffer.byteLength(JSON.stringify(plan)) < largestTransaction;
}

/** Transition 2' for large plans: each `d` if absent, then `m` routed. Any number of times. */
export async function followPlan({ client, table, clock }: Options, plan: Plan): Promise<void> {
  const round = together * roundsAtOnce;
  for (let at = 0; at < plan.deliveries.length; at += round)
    await Promise.all(
      groupsOf(plan.deliveries.slice(at, at + round)).map((some) => putAllAbsent({ client, table }, some)),
    );
  const { expiresAt } = ended(plan, clock());
  const end = (ttl?: number) => client.send(followed({ table, clock }, plan, ttl));
  if (expiresAt !== undefined && (await conditionally(() => end(expiresAt))).done) return;
  await end();
}

/** The end of a plan: `m` is what the plan says it is. It goes after 30 days, unless something came to rest meanwhile. */
function followed(
  { table, clock }: Pick<Options, 'table' | 'clock'>,
  { message: { message, phase } }: Plan,
  ttl?: number,
): UpdateItemCommand {
  const ends = ttl === undefined ? '' : ', expiresAt = :ttl';
  return new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message, part: 'm' }),
    UpdateExpression: `SET phase = :phase, version = version + :one, routedAt = :now${ends} REMOVE wake, wakeAt`,
    ...(ttl === undefined ? {} : { ConditionExpression: 'attribute_not_exists(keptAt)' }),
    ExpressionAttributeValues: values({
      ':phase': phase,
      ':one': 1,
      ':now': clock().toISOString(),
      ':ttl': ttl,
    }),
  });
}

async function writeAtOnce(
  { client, table, clock }: Options,
  plan: Plan,
  deliveries: readonly Delivery[],
): Promise<boolean> {
  const waited = plan.waited === true;
  const first = {
    Put: { TableName: table, Item: toItem(ended(plan, clock())), ...(waited ? stillWaiting : notYetPlanned) },
  };
  const rest = deliveries.map((delivery): TransactWriteItem => {
    const condition = waited && delivery.part === routePart ? stillPending : {};
    return { Put: { TableName: table, Item: deliveryItem(delivery), ...condition } };
  });
  const gone = waitingPart(plan).map((Key) => ({ Delete: { TableName: table, Key, ...stillPending } }));
  const TransactItems = [first, ...rest, ...gone];
  const write = () => client.send(new TransactWriteItemsCommand({ TransactItems }));
  return (await conditionally(write)).done;
}

/** Once routed, `m` itself is done: it goes after 30 days, but not while anything of its plan rests. */
function ended({ message, deliveries, again }: Plan, now: Date): MessageRecord {
  const ends = message.phase === 'routed' && again !== true && !deliveries.some(rests);
  return ends ? { ...message, expiresAt: expiryOf(now) } : message;
}

/** Record `d#0000` of a message that waited, unless the plan has one of its own. */
function waitingPart({ waited, message, deliveries }: Plan): Item[] {
  if (waited !== true || deliveries.some(({ part }) => part === routePart)) return [];
  return [toItem({ message: message.message, part: routePart })];
}

const notYetPlanned = { ConditionExpression: 'attribute_not_exists(message)' };

const stillWaiting = {
  ConditionExpression: 'phase IN (:unrouted, :stuck)',
  ExpressionAttributeValues: values({ ':unrouted': 'unrouted', ':stuck': 'stuck' }),
};

/** What waits before routing, and nobody has held or deleted it. */
const stillPending = {
  ConditionExpression: 'transport = :route AND #state = :pending',
  ExpressionAttributeNames: { '#state': 'state' },
  ExpressionAttributeValues: values({ ':route': 'route', ':pending': 'pending' }),
};

/** So many records of 64 KB fit one transaction. */
const together = 50;
const roundsAtOnce = 4;

function groupsOf(deliveries: readonly Delivery[]): Delivery[][] {
  const groups: Delivery[][] = [];
  for (let at = 0; at < deliveries.length; at += together) groups.push(deliveries.slice(at, at + together));
  return groups;
}

/** All at once where none is there, which is nearly always; else one by one. */
async function putAllAbsent(
  { client, table }: Pick<Options, 'client' | 'table'>,
  deliveries: readonly Delivery[],
): Promise<void> {
  const TransactItems = deliveries.map((delivery) => ({
    Put: {
      TableName: table,
      Item: deliveryItem(delivery),
      ConditionExpression: 'attribute_not_exists(message)',
    },
  }));
  const { done } = await conditionally(() => client.send(new TransactWriteItemsCommand({ TransactItems })));
  if (!done) await Promise.all(deliveries.map((delivery) => putAbsent({ client, table }, delivery)));
}

async function putAbsent(
  { client, table }: Pick<Options, 'client' | 'table'>,
  delivery: Delivery,
): Promise<void> {
  await conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: deliveryItem(delivery),
        ConditionExpression: 'attribute_not_exists(message)',
      }),
    ),
  );
}

function planned(
  { clock }: Options,
  { message }: MessageRecord,
): Pick<MessageRecord, 'phase' | 'wake' | 'wakeAt'> {
  return { phase: 'planned', wake: wakeOf(message), wakeAt: later(clock(), reportWake) };
}
