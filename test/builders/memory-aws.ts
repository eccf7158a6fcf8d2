/**
 * DynamoDB, S3 and SQS in memory, as far as the doors of the spool use them: the real adapters of aws/ run over it,
 * thousands of runs in seconds, and every call passes one place where a test can break it. The same adapters are held
 * to the embedded services elsewhere; here only conditions, transactions, limits and indexes matter.
 */
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { NoSuchKey, S3ServiceException } from '@aws-sdk/client-s3';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { Readable } from 'node:stream';
import { conditionOf, updated, type Placeholders } from './expressions.ts';

export type Plain = Record<string, unknown>;
type Attributes = Record<string, AttributeValue>;
export interface Command {
  readonly input: object;
}

interface Write {
  readonly TableName: string;
  readonly Item?: Attributes;
  readonly Key?: Attributes;
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Attributes;
  readonly ReturnValuesOnConditionCheckFailure?: string;
}
interface Query extends Write {
  readonly IndexName?: string;
  readonly KeyConditionExpression: string;
  readonly FilterExpression?: string;
  readonly Limit?: number;
  readonly ExclusiveStartKey?: Attributes;
}

const keys: Readonly<Record<string, readonly [string, string]>> = {
  spool: ['message', 'part'],
  mailboxes: ['mailFile', 'id'],
};
const sorts: Readonly<Record<string, string>> = { due: 'wakeAt', hop: 'wakeAt' };
const largestItem = 400 * 1024;
const $metadata = {};

export class MemoryAws {
  readonly tables = new Map<string, Map<string, Plain>>([
    ['spool', new Map()],
    ['mailboxes', new Map()],
  ]);
  readonly objects = new Map<string, Buffer>();
  /** Told of each message sent. */
  onSend: (queue: string, body: string) => void = () => undefined;

  rows(table: string): Plain[] {
    return [...(this.tables.get(table)?.values() ?? [])];
  }

  /** Takes effect at once and whole, or throws what AWS would. */
  run(command: Command): unknown {
    const input = command.input as never;
    const verb = verbs[command.constructor.name];
    if (verb === undefined) throw new Error(`Memory AWS knows no ${command.constructor.name}.`);
    return verb(this, input);
  }

  table(name: string): Map<string, Plain> {
    const table = this.tables.get(name);
    if (table === undefined) throw new Error(`There is no table ${name}.`);
    return table;
  }
}

const verbs: Readonly<Record<string, (aws: MemoryAws, input: never) => unknown>> = {
  GetItemCommand(aws, { TableName, Key }: Write) {
    const found = aws.table(TableName).get(keyOf(TableName, unmarshall(Key!)));
    return found === undefined ? {} : { Item: toAttributes(found) };
  },
  PutItemCommand: (aws, write: Write) => checked(aws, write, () => put(aws, write)),
  UpdateItemCommand: (aws, write: Write) =>
    checked(aws, write, () => ({ Attributes: toAttributes(update(aws, write)) })),
  DeleteItemCommand: (aws, write: Write) => checked(aws, write, () => remove(aws, write)),
  QueryCommand: (aws, query: Query) => ({ Items: queried(aws, query).map(toAttributes) }),
  ScanCommand: (aws, { TableName, IndexName, Limit }: Query) => {
    const all = aws.rows(TableName).filter((item) => item[sorts[IndexName ?? ''] ?? ''] !== undefined);
    const Items = all.slice(0, Limit).map(toAttributes);
    return Items.length < (Limit ?? Infinity) ? { Items } : { Items, LastEvaluatedKey: Items.at(-1) };
  },
  TransactWriteItemsCommand: transact,
  BatchWriteItemCommand(aws, { RequestItems }: { RequestItems: Record<string, { PutRequest: Write }[]> }) {
    for (const [TableName, requests] of Object.entries(RequestItems))
      for (const { PutRequest } of requests) put(aws, { ...PutRequest, TableName });
    return {};
  },
  PutObjectCommand(aws, { Key, Body, IfNoneMatch }: { Key: string; Body: string; IfNoneMatch?: string }) {
    if (IfNoneMatch !== undefined && aws.objects.has(Key)) throw s3Error('PreconditionFailed');
    aws.objects.set(Key, Buffer.from(Body));
    return {};
  },
  GetObjectCommand(aws, { Key, Range }: { Key: string; Range?: string }) {
    const bytes = aws.objects.get(Key);
    if (bytes === undefined) throw new NoSuchKey({ message: Key, $metadata });
    const [, from = '0', to] = /^bytes=(\d+)-(\d*)$/.exec(Range ?? '') ?? [];
    const part = bytes.subarray(Number(from), to ? Number(to) + 1 : undefined);
    const transformToString = (): Promise<string> => Promise.resolve(part.toString());
    return { Body: Object.assign(Readable.from([part]), { transformToString }) };
  },
  CopyObjectCommand(aws, { Key, CopySource }: { Key: string; CopySource: string }) {
    const bytes = aws.objects.get(CopySource.slice(CopySource.indexOf('/') + 1));
    if (bytes === undefined) throw s3Error('NoSuchKey');
    aws.objects.set(Key, bytes);
    return {};
  },
  DeleteObjectCommand: (aws, { Key }: { Key: string }) => ({ gone: aws.objects.delete(Key) }),
  SendMessageCommand(aws, { QueueUrl, MessageBody }: { QueueUrl: string; MessageBody: string }) {
    aws.onSend(QueueUrl, MessageBody);
    return {};
  },
  SendMessageBatchCommand(aws, input: { QueueUrl: string; Entries: { MessageBody: string }[] }) {
    for (const { MessageBody } of input.Entries) aws.onSend(input.QueueUrl, MessageBody);
    return {};
  },
};

function s3Error(name: string): S3ServiceException {
  return new S3ServiceException({ name, $fault: 'client', $metadata });
}

type Action = { Put?: Write; Update?: Write; Delete?: Write };

function transact(aws: MemoryAws, { TransactItems }: { TransactItems: Action[] }): object {
  if (TransactItems.length > 100) throw new Error('ValidationException: more than 100 items');
  const codes = TransactItems.map(({ Put, Update, Delete }) =>
    holds(aws, (Put ?? Update ?? Delete)!) ? 'None' : 'ConditionalCheckFailed',
  );
  if (codes.some((code) => code !== 'None'))
    throw new TransactionCanceledException({
      message: codes.join(),
      $metadata,
      CancellationReasons: codes.map((Code) => ({ Code })),
    });
  for (const { Put, Update, Delete } of TransactItems) {
    if (Put !== undefined) put(aws, Put);
    if (Update !== undefined) update(aws, Update);
    if (Delete !== undefined) remove(aws, Delete);
  }
  return {};
}

function checked(aws: MemoryAws, write: Write, act: () => object): object {
  if (holds(aws, write)) return act();
  const old = write.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' ? itemOf(aws, write) : undefined;
  const Item = old === undefined ? {} : { Item: toAttributes(old) };
  throw new ConditionalCheckFailedException({
    message: 'The conditional request failed',
    $metadata,
    ...Item,
  });
}

function holds(aws: MemoryAws, write: Write): boolean {
  return conditionOf(write.ConditionExpression, placeholders(write))(itemOf(aws, write) ?? {});
}

function itemOf(aws: MemoryAws, { TableName, Item, Key }: Write): Plain | undefined {
  return aws.table(TableName).get(keyOf(TableName, unmarshall((Item ?? Key)!)));
}

function put(aws: MemoryAws, { TableName, Item }: Write): object {
  const item = unmarshall(Item!);
  if (JSON.stringify(item).length > largestItem) throw new Error('ValidationException: item size');
  aws.table(TableName).set(keyOf(TableName, item), item);
  return {};
}

function update(aws: MemoryAws, write: Write): Plain {
  const key = unmarshall(write.Key!);
  const next = updated(write.UpdateExpression ?? '', placeholders(write), itemOf(aws, write) ?? key);
  aws.table(write.TableName).set(keyOf(write.TableName, key), next);
  return next;
}

function remove(aws: MemoryAws, { TableName, Key }: Write): object {
  aws.table(TableName).delete(keyOf(TableName, unmarshall(Key!)));
  return {};
}

function queried(aws: MemoryAws, query: Query): Plain[] {
  const { TableName, IndexName = '', Limit, ExclusiveStartKey } = query;
  const inKeys = conditionOf(query.KeyConditionExpression, placeholders(query));
  const wanted = conditionOf(query.FilterExpression, placeholders(query));
  const sort = sorts[IndexName] ?? keys[TableName]?.[1] ?? '';
  const place = (item: Plain): string => `${String(item[sort])} ${keyOf(TableName, item)}`;
  const behind = ExclusiveStartKey === undefined ? '' : place(unmarshall(ExclusiveStartKey));
  return aws
    .rows(TableName)
    .filter((item) => item[sort] !== undefined && inKeys(item) && wanted(item) && place(item) > behind)
    .sort((a, b) => (place(a) < place(b) ? -1 : 1))
    .slice(0, Limit);
}

function placeholders({ ExpressionAttributeNames, ExpressionAttributeValues }: Write): Placeholders {
  return { names: ExpressionAttributeNames ?? {}, values: unmarshall(ExpressionAttributeValues ?? {}) };
}

function keyOf(table: string, item: Plain): string {
  return (keys[table] ?? []).map((name) => String(item[name])).join(' ');
}

function toAttributes(item: Plain): Attributes {
  return marshall(item, { removeUndefinedValues: true });
}
