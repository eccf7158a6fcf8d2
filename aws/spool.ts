/**
 * The spool over DynamoDB: transitions 2 to 4 of the spool as conditional writes. Every condition is named in words
 * beside its expression. What a condition refuses is an answer (`false`, `undefined`); anything else is thrown, and
 * the queue or the due index brings the work back.
 */
import {
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import type { Clock, Spool } from '../mail/spool/doors.ts';
import type { Delivery, DeliveryKey, MessageRecord, ReportRecord } from '../mail/spool/records.ts';
import { wished, withSteering } from '../mail/spool/steer.ts';
import { atRest } from '../mail/spool/standing.ts';
import { wakeOf } from '../mail/spool/keys.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';
import { followPlan, writePlan } from './spool-plan.ts';

const mostClaims = 5;

export interface SpoolOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
  /** Keeps body and record `m` from expiring; called before `held` is written. */
  readonly keepMessage: (id: string) => Promise<void>;
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

/**
 * Five claims without an outcome: something of ours kills the worker each time. A person must look; where one has said
 * already what is to happen, the sweep does it.
 */
async function holdFaulty(options: SpoolOptions, delivery: Delivery): Promise<void> {
  const now = options.clock();
  const abandoned = delivery.state !== 'sending' || (delivery.leaseUntil ?? '') < now.toISOString();
  const open = ['pending', 'deferred', 'sending'].includes(delivery.state);
  if (delivery.claims < mostClaims || !abandoned || !open || delivery.want !== undefined) return;
  await options.keepMessage(delivery.message);
  const next = atRest({ ...delivery, state: 'held', version: delivery.version + 1 }, 'fault', now);
  if (await putVersion(options, next, delivery.version)) options.onFault(next);
}

/** Transition 4: the lease is mine and the version as read; a wish that came, or went, meanwhile goes into the same write. */
async function settle(options: SpoolOptions, claimed: Delivery, next: Delivery): Promise<boolean> {
  await keepWhatRests(options, next);
  const written = await putLeased(options, claimed, { ...next, version: claimed.version + 1 });
  if (written.done) return true;
  const old = written.old === undefined ? undefined : fromItem<Delivery>(written.old);
  if (old === undefined || old.lease !== claimed.lease) return false;
  const last = wished(withSteering(next, old), old.want, options.clock());
  await keepWhatRests(options, last);
  const again = await putLeased(options, old, { ...last, version: old.version + 1 });
  return again.done;
}

async function keepWhatRests({ keepMessage }: SpoolOptions, next: Delivery): Promise<void> {
  if (next.state === 'held' || next.state === 'dead') await keepMessage(next.message);
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
