/**
 * The spool over DynamoDB: transitions 2 to 4 of the spool as conditional writes. Every condition is named in words
 * beside its expression. What a condition refuses is an answer (`false`, `undefined`); anything else is thrown, and
 * the queue or the due index brings the work back.
 */
import {
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import type { Clock, Plan, Spool } from '../mail/spool/doors.ts';
import type { Delivery, DeliveryKey, MessageRecord, ReportRecord } from '../mail/spool/records.ts';
import { applyWant } from '../mail/spool/steer.ts';
import { atRest } from '../mail/spool/standing.ts';
import { later, minute, routePart, wakeOf } from '../mail/spool/keys.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';

const mostClaims = 5;
/** Transactions take 100 items and 4 MB; records are up to 64 KB. */
const largestTransaction = 4_000_000;
export const mostInOneTransaction = 90;

export interface SpoolOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  /** Keeps a copy of the body that does not expire; called before `held` is written. */
  readonly keepBody: (id: string) => Promise<void>;
  readonly onFault: (delivery: Delivery) => void;
}

export function awsSpool(options: SpoolOptions): Spool {
  return {
    message: (id) => readOne<MessageRecord>(options, { message: id, part: 'm' }),
    deliveries: (id) => readParts<Delivery>(options, id, 'd#'),
    reports: (id) => readParts<ReportRecord>(options, id, 'r#'),
    plan: (plan) => writePlan(options, plan),
    follow: (plan) => followPlan(options, plan),
    claim: (key, leaseUntil) => claim(options, key, leaseUntil),
    settle: (claimed, next) => settle(options, claimed, next),
  };
}

type Options = Pick<SpoolOptions, 'client' | 'table'>;

async function readOne<T>(
  { client, table }: Options,
  key: { message: string; part: string },
): Promise<T | undefined> {
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: toItem(key), ConsistentRead: true }),
  );
  return Item === undefined ? undefined : fromItem<T>(Item);
}

async function readParts<T>({ client, table }: Options, message: string, prefix: string): Promise<T[]> {
  const found: T[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'message = :message AND begins_with(part, :prefix)',
        ExpressionAttributeValues: values({ ':message': message, ':prefix': prefix }),
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []).map((item) => fromItem<T>(item)));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

/** Transition 2. Small plans in one transaction; large ones as `m` planned, each `d`, then `m` routed. */
async function writePlan(options: SpoolOptions, plan: Plan): Promise<boolean> {
  const small = plan.deliveries.length <= mostInOneTransaction && sizeOf(plan) < largestTransaction;
  if (small) return writeAtOnce(options, plan);
  const begun = await putFirst(options, {
    ...plan.message,
    phase: 'planned',
    ...waking(options, plan.message),
  });
  if (!begun) return false;
  await followPlan(options, plan);
  return true;
}

/** Transition 2' for large plans: each `d` if absent, then `m` routed. Any number of times. */
async function followPlan({ client, table, clock }: SpoolOptions, plan: Plan): Promise<void> {
  if (plan.waited === true) await dropWaiting({ client, table }, plan.message.message);
  for (let at = 0; at < plan.deliveries.length; at += 25)
    await Promise.all(
      plan.deliveries.slice(at, at + 25).map((delivery) => putAbsent({ client, table }, delivery)),
    );
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: toItem({ message: plan.message.message, part: 'm' }),
      UpdateExpression: 'SET phase = :routed, version = version + :one, routedAt = :now REMOVE wake, wakeAt',
      ExpressionAttributeValues: values({ ':routed': 'routed', ':one': 1, ':now': clock().toISOString() }),
    }),
  );
}

async function writeAtOnce({ client, table }: SpoolOptions, plan: Plan): Promise<boolean> {
  const first = { Put: { TableName: table, Item: toItem(plan.message), ...notYetPlanned } };
  const rest = [
    ...plan.deliveries.map((d) => ({ Put: { TableName: table, Item: toItem(d) } })),
    ...waitingPart(plan).map((Key) => ({ Delete: { TableName: table, Key } })),
  ];
  const { done } = await conditionally(() =>
    client.send(new TransactWriteItemsCommand({ TransactItems: [first, ...rest] })),
  );
  return done;
}

async function dropWaiting({ client, table }: Options, message: string): Promise<void> {
  await conditionally(() =>
    client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: toItem({ message, part: routePart }),
        ConditionExpression: 'transport = :route AND attribute_exists(reason)',
        ExpressionAttributeValues: values({ ':route': 'route' }),
      }),
    ),
  );
}

/** Record `d#0000` of a message that waited, unless the plan has one of its own. */
function waitingPart({ waited, message, deliveries }: Plan): Item[] {
  if (waited !== true || deliveries.some(({ part }) => part === routePart)) return [];
  return [toItem({ message: message.message, part: routePart })];
}

/** No plan exists: `m` is absent, or waits before routing. */
const notYetPlanned = {
  ConditionExpression: 'attribute_not_exists(message) OR phase IN (:unrouted, :stuck)',
  ExpressionAttributeValues: values({ ':unrouted': 'unrouted', ':stuck': 'stuck' }),
};

async function putFirst({ client, table }: Options, message: MessageRecord): Promise<boolean> {
  const { done } = await conditionally(() =>
    client.send(new PutItemCommand({ TableName: table, Item: toItem(message), ...notYetPlanned })),
  );
  return done;
}

async function putAbsent({ client, table }: Options, delivery: Delivery): Promise<void> {
  await conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem(delivery),
        ConditionExpression: 'attribute_not_exists(message)',
      }),
    ),
  );
}

function waking({ clock }: SpoolOptions, message: MessageRecord): Pick<MessageRecord, 'wake' | 'wakeAt'> {
  return { wake: wakeOf(message.message), wakeAt: later(clock(), 2 * minute) };
}

function sizeOf(plan: Plan): number {
  return Buffer.byteLength(JSON.stringify(plan));
}

/** Transition 3. */
async function claim(
  options: SpoolOptions,
  key: DeliveryKey,
  leaseUntil: string,
): Promise<Delivery | undefined> {
  const { client, table, clock } = options;
  const result = await conditionally(() =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toItem({ message: key.message, part: key.part }),
        UpdateExpression:
          'SET #state = :sending, lease = :lease, leaseUntil = :until, claims = claims + :one, version = version + :one, wake = :wake, wakeAt = :until REMOVE hopKey',
        ConditionExpression: claimable,
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: values({
          ...claimValues(clock().toISOString()),
          ':lease': randomUUID(),
          ':until': leaseUntil,
          ':one': 1,
          ':wake': wakeOf(key.message),
        }),
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  if (result.done) return fromItem<Delivery>(result.value.Attributes ?? {});
  if (result.old !== undefined) await holdFaulty(options, fromItem<Delivery>(result.old));
  return undefined;
}

/** Pending or deferred and due, or sending with a lease that has passed; fewer than five claims; no wish to apply. */
const claimable =
  '((#state IN (:pending, :deferred) AND dueAt <= :now) OR (#state = :sending AND leaseUntil < :now)) AND claims < :most AND attribute_not_exists(want)';

function claimValues(now: string): Record<string, unknown> {
  return {
    ':pending': 'pending',
    ':deferred': 'deferred',
    ':sending': 'sending',
    ':now': now,
    ':most': mostClaims,
  };
}

/** Five claims without an outcome: something of ours kills the worker each time. A person must look. */
async function holdFaulty(options: SpoolOptions, delivery: Delivery): Promise<void> {
  const now = options.clock();
  const abandoned = delivery.state !== 'sending' || (delivery.leaseUntil ?? '') < now.toISOString();
  const open = ['pending', 'deferred', 'sending'].includes(delivery.state);
  if (delivery.claims < mostClaims || !abandoned || !open) return;
  await options.keepBody(delivery.message);
  const { lease: _, leaseUntil: __, ...record } = delivery;
  const next = atRest({ ...record, state: 'held', version: record.version + 1 }, 'fault', now);
  if (await putVersion(options, next, delivery.version)) options.onFault(next);
}

/** Transition 4: the lease is mine and the version as read; a wish that came meanwhile goes into the same write. */
async function settle(options: SpoolOptions, claimed: Delivery, next: Delivery): Promise<boolean> {
  await keepWhatRests(options, next);
  const written = await putLeased(options, claimed, { ...next, version: claimed.version + 1 });
  if (written.done) return true;
  const old = written.old === undefined ? undefined : fromItem<Delivery>(written.old);
  if (old?.want === undefined || old.lease !== claimed.lease) return false;
  const wished = wishedFor(next, old, options.clock());
  await keepWhatRests(options, wished);
  const again = await putLeased(options, old, { ...wished, version: old.version + 1 });
  return again.done;
}

function wishedFor(next: Delivery, old: Delivery, now: Date): Delivery {
  if (next.state !== 'deferred' || old.want === undefined) return next;
  return applyWant({ ...next, want: old.want }, now);
}

async function keepWhatRests({ keepBody }: SpoolOptions, next: Delivery): Promise<void> {
  if (next.state === 'held' || next.state === 'dead') await keepBody(next.message);
}

function putLeased({ client, table }: Options, claimed: Delivery, next: Delivery) {
  return conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem(next),
        ConditionExpression: 'lease = :lease AND version = :version',
        ExpressionAttributeValues: values({ ':lease': claimed.lease, ':version': claimed.version }),
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
}

/** Replaces a record that is still at the version read. */
export async function putVersion(
  { client, table }: Options,
  next: Delivery,
  version: number,
): Promise<boolean> {
  const { done } = await conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem(next),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: values({ ':version': version }),
      }),
    ),
  );
  return done;
}
