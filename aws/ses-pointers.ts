/**
 * From SES's name of a message to the delivery that it carried (`ses#<id>`), for as long as the record may live: events
 * know nothing else.
 */
import { GetItemCommand, PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expiryOf } from '../mail/spool/keys.ts';
import type { DeliveryKey } from '../mail/spool/records.ts';
import type { Clock } from '../mail/spool/doors.ts';
import { fromItem, toItem } from './items.ts';

export interface SesPointers {
  write(sesId: string, delivery: DeliveryKey): Promise<void>;
  read(sesId: string): Promise<DeliveryKey | undefined>;
}

interface Pointer {
  readonly delivered: string;
  readonly deliveredPart: string;
  readonly expiresAt: number;
}

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

export function sesPointers({ client, table, clock }: Options): SesPointers {
  return {
    async write(sesId, { message, part }) {
      const delivery = { delivered: message, deliveredPart: part, expiresAt: expiryOf(clock()) };
      await client.send(
        new PutItemCommand({ TableName: table, Item: toItem({ ...keyOf(sesId), ...delivery }) }),
      );
    },
    async read(sesId) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: table, Key: toItem(keyOf(sesId)), ConsistentRead: true }),
      );
      if (Item === undefined) return undefined;
      const { delivered, deliveredPart, expiresAt } = fromItem<Pointer>(Item);
      // DynamoDB may take days to remove it.
      if (expiresAt * 1_000 <= clock().getTime()) return undefined;
      return { message: delivered, part: deliveredPart };
    },
  };
}

function keyOf(sesId: string): { message: string; part: string } {
  return { message: `ses#${sesId}`, part: 'pointer' };
}
