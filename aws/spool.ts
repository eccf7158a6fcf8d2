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
import { randomBytes } from 'node:crypto';
import type { Clock, Spool } from '../mail/spool/doors.ts';
import type { Delivery, DeliveryKey, MessageRecord, ReportRecord } from '../mail/spool/records.ts';
import { wished, withSteering } from '../mail/spool/steer.ts';
import { atRest } from '../mail/spool/standing.ts';
import { later, minute, wakeOf } from '../mail/spool/keys.ts';
import { conditionally, deliveryItem, fromItem, toItem, values, type Item } from './items.ts';
import { putOff } from './put-off.ts';
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
    putOff: (key, why) => putOff(options, key, why),
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

/**
 * Transition 3. A short lease that ends before the record would wake anyhow leaves it where it stands in the index,
 * which spares the two writes of a move; else the record wakes when the lease ends.
 */
async function claim(
  options: SpoolOptions,
  key: DeliveryKey,
  leaseUntil: string,
): Promise<Delivery | undefined> {
  if (leaseUntil <= later(options.clock(), firstWake)) {
    const { claimed, old } = await tryClaim(options, key, { leaseUntil, moves: false });
    if (claimed !== undefined || old === undefined || !isOpen(old)) return claimed;
  }
  const { claimed, old } = await tryClaim(options, key, { leaseUntil, moves: true });
  if (claimed === undefined && old !== undefined) await holdFaulty(options, old);
  return claimed;
}

/** What was planned wakes after this. */
const firstWake = 2 * minute;

interface Lease {
  readonly leaseUntil: string;
  /** Whether the record moves in the index, to the end of the lease. */
  readonly moves: boolean;
}

async function tryClaim(
  { client, table, clock }: SpoolOptions,
  key: DeliveryKey,
  { leaseUntil, moves }: Lease,
): Promise<{ readonly claimed?: Delivery; readonly old?: Delivery }> {
  const move = moves ? ', wake = :wake, wakeAt = :until' : '';
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message: key.message, part: key.part }),
    UpdateExpression: `SET #state = :sending, lease = :lease, leaseUntil = :until, claims = claims + :one, version = version + :one${move} REMOVE hopKey`,
    ConditionExpression: moves ? claimable : `${claimable} AND ${wakesInTime}`,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: values({
      ...claimValues(clock().toISOString()),
      ':lease': randomBytes(12).toString('base64url'),
      ':until': leaseUntil,
      ':one': 1,
      ...(moves ? { ':wake': wakeOf(key.message) } : { ':late': later(new Date(leaseUntil), minute) }),
    }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const result = await conditionally(() => client.send(update));
  if (result.done) return { claimed: fromItem<Delivery>(result.value.Attributes ?? {}) };
  return result.old === undefined ? {} : { old: fromItem<Delivery>(result.old) };
}

/** When the lease has ended, and not long after. */
const wakesInTime = 'wakeAt >= :until AND wakeAt <= :late';

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
  if (delivery.claims < mostClaims || !abandoned || !isOpen(delivery) || delivery.want !== undefined) return;
  await options.keepMessage(delivery.message);
  const next = atRest({ ...delivery, state: 'held', version: delivery.version + 1 }, 'fault', now);
  if (await putVersion(options, next, delivery.version)) options.onFault(next);
}

function isOpen({ state }: Delivery): boolean {
  return state === 'pending' || state === 'deferred' || state === 'sending';
}

/** Transition 4: the lease is mine and the version as read; a wish that came, or went, meanwhile goes into the same write. */
async function settle(
  options: SpoolOptions,
  claimed: Delivery,
  next: Delivery,
): Promise<Delivery | undefined> {
  let [before, last] = [claimed, next];
  for (let tries = 0; tries < mostWishes; tries++) {
    await keepWhatRests(options, last);
    const settled: Delivery = { ...last, version: before.version + 1 };
    const written = await putLeased(options, before, settled);
    if (written.done) return settled;
    if (written.old === undefined) return undefined;
    before = fromItem<Delivery>(written.old);
    if (before.lease !== claimed.lease) return undefined;
    last = wished(withSteering(next, before), before.want, options.clock());
  }
  throw new Error(`Delivery ${next.message} ${next.part} was steered whenever its outcome was written.`);
}

/** An administrator changes their mind; a script does so all the time. */
const mostWishes = 10;

async function keepWhatRests({ keepMessage }: SpoolOptions, next: Delivery): Promise<void> {
  if (next.state === 'held' || next.state === 'dead') await keepMessage(next.message);
}

function putLeased({ client, table }: Options, claimed: Delivery, next: Delivery) {
  return conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: deliveryItem(next),
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
        Item: deliveryItem(next),
        ConditionExpression: 'version = :version',
        ExpressionAttributeValues: values({ ':version': version }),
      }),
    ),
  );
  return done;
}
