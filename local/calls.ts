/**
 * SDK commands as IAM sees them: which actions a call asks for, on which resources, and what conditions can be
 * held against. A command that is not in this table is refused: whoever adds a call adds its line here.
 *
 * Source: the service authorization reference of DynamoDB, S3, SQS, SES and Secrets Manager.
 */
import { queueArn, region, account, tableArn } from './template.ts';

export interface Request {
  readonly action: string;
  readonly resource: string;
  /** Condition keys with the values of this call. */
  readonly context: Readonly<Record<string, readonly string[]>>;
}

type Input = Readonly<Record<string, unknown>>;
/** Name of the partition key of a table or one of its indexes; undefined: no such table. */
export type PartitionKeyOf = (table: string) => string | undefined;
type Reader = (input: Input, partitionKeyOf: PartitionKeyOf) => Request[];

/** What a command asks for; undefined: the command is not known here. */
export function requestsOf(
  command: string,
  input: Input,
  partitionKeyOf: PartitionKeyOf,
): Request[] | undefined {
  return readers[command.replace(/Command$/, '')]?.(input, partitionKeyOf);
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const items = (value: unknown): Input[] => (Array.isArray(value) ? (value as Input[]) : []);

function onItem(action: string, keyIn: 'Key' | 'Item' = 'Key'): Reader {
  return (input, partitionKeyOf) => [itemRequest(action, input, input[keyIn], partitionKeyOf)];
}

function itemRequest(action: string, input: Input, key: unknown, partitionKeyOf: PartitionKeyOf): Request {
  const table = text(input['TableName']);
  const leading = keyText((key as Input | undefined)?.[partitionKeyOf(table) ?? '']);
  return { action: `dynamodb:${action}`, resource: tableArn(table), context: leadingKeys(leading) };
}

const leadingKeys = (key: string): Request['context'] =>
  key === '' ? {} : { 'dynamodb:LeadingKeys': [key] };

function keyText(value: unknown): string {
  const { S, N } = (value ?? {}) as { S?: unknown; N?: unknown };
  return text(S ?? N);
}

/** `#k = :k` in a key condition names the partition key's value; indexes have keys of their own. */
function query(input: Input, partitionKeyOf: PartitionKeyOf): Request[] {
  const table = text(input['TableName']);
  const index = text(input['IndexName']);
  const resource = index === '' ? tableArn(table) : `${tableArn(table)}/index/${index}`;
  const key = partitionKeyOf(index === '' ? table : `${table}/${index}`) ?? '';
  return [{ action: 'dynamodb:Query', resource, context: leadingKeys(queriedKey(input, key)) }];
}

function queriedKey(input: Input, key: string): string {
  const names = (input['ExpressionAttributeNames'] ?? {}) as Readonly<Record<string, string>>;
  const values = (input['ExpressionAttributeValues'] ?? {}) as Input;
  for (const [, name, value] of text(input['KeyConditionExpression']).matchAll(/([#\w]+)\s*=\s*(:\w+)/g))
    if ((names[name ?? ''] ?? name) === key) return keyText(values[value ?? '']);
  return '';
}

function scan(input: Input): Request[] {
  const index = text(input['IndexName']);
  const resource = tableArn(text(input['TableName'])) + (index === '' ? '' : `/index/${index}`);
  return [{ action: 'dynamodb:Scan', resource, context: {} }];
}

function batchGet(input: Input, partitionKeyOf: PartitionKeyOf): Request[] {
  return Object.entries((input['RequestItems'] ?? {}) as Record<string, Input>).flatMap(
    ([TableName, { Keys }]) =>
      items(Keys).map((key) => itemRequest('BatchGetItem', { TableName }, key, partitionKeyOf)),
  );
}

function batchWrite(input: Input, partitionKeyOf: PartitionKeyOf): Request[] {
  return Object.entries((input['RequestItems'] ?? {}) as Record<string, unknown>).flatMap(
    ([TableName, writes]) =>
      items(writes).map((write) => {
        const { PutRequest: put, DeleteRequest: remove } = write as Record<string, Input | undefined>;
        return itemRequest('BatchWriteItem', { TableName }, put?.['Item'] ?? remove?.['Key'], partitionKeyOf);
      }),
  );
}

/** A transaction asks for the right of each of its parts. */
const transactionActions: Readonly<Record<string, string>> = {
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
  Get: 'GetItem',
};

function transaction(input: Input, partitionKeyOf: PartitionKeyOf): Request[] {
  return items(input['TransactItems']).flatMap((item) =>
    Object.entries(item as Record<string, Input>).map(([kind, part]) =>
      itemRequest(transactionActions[kind] ?? kind, part, part['Key'] ?? part['Item'], partitionKeyOf),
    ),
  );
}

const onTable =
  (action: string): Reader =>
  (input) => [{ action: `dynamodb:${action}`, resource: tableArn(text(input['TableName'])), context: {} }];

const bucketArn = (bucket: unknown): string => `arn:aws:s3:::${text(bucket)}`;

const onObject =
  (...actions: string[]): Reader =>
  ({ Bucket, Key }) =>
    actions.map((action) => ({ action, resource: `${bucketArn(Bucket)}/${text(Key)}`, context: {} }));

function copyObject(input: Input): Request[] {
  const source = decodeURIComponent(
    text(input['CopySource'])
      .replace(/^\//, '')
      .replace(/\?versionId=.*$/, ''),
  );
  return [
    { action: 's3:GetObject', resource: `arn:aws:s3:::${source}`, context: {} },
    { action: 's3:PutObject', resource: `${bucketArn(input['Bucket'])}/${text(input['Key'])}`, context: {} },
  ];
}

const listBucket: Reader = ({ Bucket, Prefix }) => [
  { action: 's3:ListBucket', resource: bucketArn(Bucket), context: { 's3:prefix': [text(Prefix)] } },
];

function deleteObjects({ Bucket, Delete }: Input): Request[] {
  return items((Delete as Input | undefined)?.['Objects']).map(({ Key }) => ({
    action: 's3:DeleteObject',
    resource: `${bucketArn(Bucket)}/${text(Key)}`,
    context: {},
  }));
}

const onQueue =
  (action: string): Reader =>
  ({ QueueUrl, QueueName }) => {
    const name = text(QueueName) || text(QueueUrl).replace(/^.*\//, '');
    return [{ action: `sqs:${action}`, resource: queueArn(name), context: {} }];
  };

/** SendRawEmail is judged by the identity of its Source, and by the configuration set where one is named. */
function sendRawEmail(input: Input): Request[] {
  const from = text(input['Source'])
    .replace(/^.*<|>.*$/g, '')
    .toLowerCase();
  const context = { 'ses:FromAddress': [from] };
  const arn = `arn:aws:ses:${region}:${account}`;
  const set = text(input['ConfigurationSetName']);
  const identity = {
    action: 'ses:SendRawEmail',
    resource: `${arn}:identity/${from.replace(/^.*@/, '')}`,
    context,
  };
  if (set === '') return [identity];
  return [identity, { action: 'ses:SendRawEmail', resource: `${arn}:configuration-set/${set}`, context }];
}

/** Secrets Manager adds six characters of its own to the name. */
const onSecret =
  (action: string): Reader =>
  ({ SecretId }) => {
    const id = text(SecretId);
    const arn = `arn:aws:secretsmanager:${region}:${account}:secret:${id}-AbCdEf`;
    return [{ action: `secretsmanager:${action}`, resource: id.startsWith('arn:') ? id : arn, context: {} }];
  };

const readers: Readonly<Record<string, Reader>> = {
  GetItem: onItem('GetItem'),
  PutItem: onItem('PutItem', 'Item'),
  UpdateItem: onItem('UpdateItem'),
  DeleteItem: onItem('DeleteItem'),
  Query: query,
  Scan: scan,
  BatchGetItem: batchGet,
  BatchWriteItem: batchWrite,
  TransactWriteItems: transaction,
  TransactGetItems: transaction,
  DescribeTable: onTable('DescribeTable'),
  PutObject: onObject('s3:PutObject'),
  GetObject: onObject('s3:GetObject'),
  HeadObject: onObject('s3:GetObject'),
  DeleteObject: onObject('s3:DeleteObject'),
  CopyObject: copyObject,
  CreateMultipartUpload: onObject('s3:PutObject'),
  UploadPart: onObject('s3:PutObject'),
  UploadPartCopy: copyObject,
  CompleteMultipartUpload: onObject('s3:PutObject'),
  AbortMultipartUpload: onObject('s3:AbortMultipartUpload'),
  ListParts: onObject('s3:ListMultipartUploadParts'),
  ListObjectsV2: listBucket,
  DeleteObjects: deleteObjects,
  SendMessage: onQueue('SendMessage'),
  SendMessageBatch: onQueue('SendMessage'),
  ReceiveMessage: onQueue('ReceiveMessage'),
  DeleteMessage: onQueue('DeleteMessage'),
  DeleteMessageBatch: onQueue('DeleteMessage'),
  ChangeMessageVisibility: onQueue('ChangeMessageVisibility'),
  ChangeMessageVisibilityBatch: onQueue('ChangeMessageVisibility'),
  GetQueueAttributes: onQueue('GetQueueAttributes'),
  GetQueueUrl: onQueue('GetQueueUrl'),
  SendRawEmail: sendRawEmail,
  GetSecretValue: onSecret('GetSecretValue'),
  DescribeSecret: onSecret('DescribeSecret'),
};
