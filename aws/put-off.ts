/**
 * Mail whose next hop is down stays due, untried: one conditional write says why and when the sweep looks again, where
 * a claim and its settling would be two, and many wait for a hop that is down.
 */
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Clock, PutOff } from '../mail/spool/doors.ts';
import type { DeliveryKey } from '../mail/spool/records.ts';
import { conditionally, toItem, values } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

export async function putOff(
  { client, table, clock }: Options,
  { message, part }: DeliveryKey,
  { reply, until }: PutOff,
): Promise<boolean> {
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message, part }),
    UpdateExpression: 'SET #state = :deferred, lastReply = :reply, wakeAt = :until, version = version + :one',
    ConditionExpression: `${waits} AND ${notCalled}`,
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: values({
      ':pending': 'pending',
      ':deferred': 'deferred',
      ':now': clock().toISOString(),
      ':reply': reply,
      ':until': until,
      ':one': 1,
    }),
  });
  return (await conditionally(() => client.send(update))).done;
}

/** Pending or deferred and due, with no wish to apply. */
const waits = '#state IN (:pending, :deferred) AND dueAt <= :now AND attribute_not_exists(want)';

/** Neither its deadline nor its delay notice has come. */
const notCalled = 'expireAt > :now AND (attribute_not_exists(delayAt) OR delayAt > :now)';
