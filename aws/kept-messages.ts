/**
 * What comes to rest (held, dead) outlives the 30 days of everything else: its body gets a copy under `kept/`, and
 * record `m` loses its expiry. Done before `held` or `dead` is written; undone before it is released.
 */
import { UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import { expiryOf } from '../mail/spool/keys.ts';
import { conditionally, toItem, values } from './items.ts';
import { keepBody, restoreBody } from './objects.ts';

interface Options {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly s3: S3Client;
  readonly bucket: string;
}

export interface KeptMessages {
  readonly keep: (id: string) => Promise<void>;
  readonly restore: (id: string) => Promise<void>;
}

export function keptMessages(options: Options): KeptMessages {
  const { s3: client, bucket } = options;
  return {
    async keep(id) {
      await keepBody({ client, bucket })(id);
      await change(options, id, 'REMOVE expiresAt');
    },
    async restore(id) {
      await restoreBody({ client, bucket })(id);
      await change(options, id, 'SET expiresAt = :ttl', { ':ttl': expiryOf(new Date()) });
    },
  };
}

/** Only of a message that is routed: what is on its way to a plan has no expiry yet. */
async function change(
  { dynamodb, table }: Options,
  id: string,
  UpdateExpression: string,
  more: Record<string, unknown> = {},
): Promise<void> {
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message: id, part: 'm' }),
    UpdateExpression,
    ConditionExpression: 'phase = :routed',
    ExpressionAttributeValues: values({ ':routed': 'routed', ...more }),
  });
  await conditionally(() => dynamodb.send(update));
}
