/**
 * What comes to rest (held, dead, waiting for its route) outlives the 30 days of everything else: its body gets a copy
 * under `kept/`, and record `m` loses its expiry. Done before the record that rests is written; the body is put back before
 * it is released. Copy and record are let go by retry-deferred, once nothing needs them: `keptAt` of record `m`, written
 * before the copy is made, tells whoever removes one, or ends a plan, that something is coming to rest.
 */
import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { expiryOf, keptKeyOf } from '../mail/spool/keys.ts';
import { conditionally, fromItem, toItem, values } from './items.ts';
import { keepBody, restoreBody } from './objects.ts';

interface Options {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly s3: S3Client;
  readonly bucket: string;
}

export interface KeptCopy {
  readonly id: string;
  /** When the copy was last made. */
  readonly since: Date;
}

export interface KeptMessages {
  readonly keep: (id: string) => Promise<void>;
  /** The body only: others of the message may rest still. */
  readonly restore: (id: string) => Promise<void>;
  /** Copies in the order of their ids, from behind the one given. */
  readonly list: (after: string, limit: number) => Promise<KeptCopy[]>;
  /** The copy goes, and record `m` in 30 days. */
  readonly remove: (id: string) => Promise<void>;
}

export function keptMessages(options: Options): KeptMessages {
  const { s3: client, bucket } = options;
  return {
    async keep(id) {
      const at = { ':now': new Date().toISOString() };
      await change(options, id, { set: 'SET keptAt = :now', where: isThere, values: at });
      await keepBody({ client, bucket })(id);
      await change(options, id, { set: 'REMOVE expiresAt', where: isThere });
    },
    restore: restoreBody({ client, bucket }),
    list: (after, limit) => list(options, after, limit),
    async remove(id) {
      const end = { ':ttl': expiryOf(new Date()) };
      const where = `${isThere} AND attribute_not_exists(expiresAt)`;
      await change(options, id, { set: 'SET expiresAt = :ttl', where, values: end });
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: keptKeyOf(id) }));
    },
  };
}

async function list({ s3, bucket }: Options, after: string, limit: number): Promise<KeptCopy[]> {
  const Prefix = keptKeyOf('');
  const command = new ListObjectsV2Command({
    Bucket: bucket,
    Prefix,
    MaxKeys: limit,
    ...(after === '' ? {} : { StartAfter: keptKeyOf(after) }),
  });
  const { Contents = [] } = await s3.send(command);
  return Contents.map(({ Key = '', LastModified }) => ({
    id: Key.slice(Prefix.length),
    since: LastModified ?? new Date(),
  }));
}

interface Change {
  readonly set: string;
  readonly where: string;
  readonly values?: Record<string, unknown>;
}

/** Of a message that has no record yet, or none any more, nothing is changed. */
const isThere = 'attribute_exists(message)';

async function change({ dynamodb, table }: Options, id: string, what: Change): Promise<void> {
  const update = new UpdateItemCommand({
    TableName: table,
    Key: toItem({ message: id, part: 'm' }),
    UpdateExpression: what.set,
    ConditionExpression: what.where,
    ...(what.values && { ExpressionAttributeValues: values(what.values) }),
  });
  await conditionally(() => dynamodb.send(update));
}

/** How far the pass over all copies has come. */
export interface PassState {
  /** The id behind which it goes on; empty: it has been through. */
  readonly after: string;
  readonly nextAt: string;
  /** Version of the settings that it began with. */
  readonly settings: string;
}

export interface KeptPass {
  read(): Promise<PassState>;
  write(state: PassState): Promise<void>;
}

const key = { message: 'kept#pass', part: 'state' };

export function keptPass({ dynamodb, table }: Pick<Options, 'dynamodb' | 'table'>): KeptPass {
  return {
    async read() {
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: toItem(key) }));
      return Item === undefined ? { after: '', nextAt: '', settings: '' } : fromItem<PassState>(Item);
    },
    async write(state) {
      await dynamodb.send(new PutItemCommand({ TableName: table, Item: toItem({ ...key, ...state }) }));
    },
  };
}
