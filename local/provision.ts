/**
 * Makes what the template declares and is not there yet: tables, queues, buckets. What is there is kept; a table
 * whose keys or indexes differ from the template's was made by another version, and that is said.
 */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  QueueDoesNotExist,
  SetQueueAttributesCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { setTimeout as pause } from 'node:timers/promises';
import { Refusal } from './sentence.ts';
import type { Queue, Table, Wiring } from './wiring.ts';

export interface Clients {
  readonly dynamodb: DynamoDBClient;
  readonly sqs: SQSClient;
  readonly s3: S3Client;
}

export async function provision(wiring: Wiring, clients: Clients): Promise<void> {
  await Promise.all([
    ...wiring.tables.map((table) => provideTable(clients.dynamodb, table)),
    ...wiring.buckets.map((bucket) => provideBucket(clients.s3, bucket)),
    provideQueues(clients.sqs, wiring.queues),
  ]);
}

async function provideTable(client: DynamoDBClient, table: Table): Promise<void> {
  const there = await describe(client, table.name);
  if (there !== undefined) return checkTable(table, there);
  await client.send(new CreateTableCommand(table.definition as unknown as CreateTableCommandInput));
  while ((await describe(client, table.name))?.TableStatus !== 'ACTIVE') await pause(20);
  if (table.ttlAttribute === undefined) return;
  const TimeToLiveSpecification = { AttributeName: table.ttlAttribute, Enabled: true };
  await client.send(new UpdateTimeToLiveCommand({ TableName: table.name, TimeToLiveSpecification }));
}

async function describe(client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return undefined;
    throw error;
  }
}

function checkTable({ name, definition }: Table, there: TableDescription): void {
  const wanted = definition as unknown as TableDescription;
  if (shape(wanted) === shape(there)) return;
  throw new Refusal(
    `The table ${name} in this data folder was made by a version of Postern with other keys or indexes; choose a new folder with POSTERN_DATA.`,
  );
}

function shape({ KeySchema, GlobalSecondaryIndexes }: TableDescription): string {
  const indexes = (GlobalSecondaryIndexes ?? []).map(
    (index) => `${index.IndexName}: ${keys(index.KeySchema)}`,
  );
  return [keys(KeySchema), ...indexes.sort()].join('; ');
}

function keys(schema: TableDescription['KeySchema']): string {
  return (schema ?? []).map((key) => `${key.KeyType} ${key.AttributeName}`).join(', ');
}

const redriven = (queue: Queue): boolean => queue.attributes['RedrivePolicy'] !== undefined;

/** Dead-letter queues first: a redrive policy names one that exists. */
async function provideQueues(client: SQSClient, queues: readonly Queue[]): Promise<void> {
  await Promise.all(queues.filter((queue) => !redriven(queue)).map((queue) => provideQueue(client, queue)));
  await Promise.all(queues.filter(redriven).map((queue) => provideQueue(client, queue)));
}

async function provideQueue(client: SQSClient, { name, attributes }: Queue): Promise<void> {
  try {
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: name }));
    await client.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { ...attributes } }));
  } catch (error) {
    if (!(error instanceof QueueDoesNotExist)) throw error;
    await client.send(new CreateQueueCommand({ QueueName: name, Attributes: { ...attributes } }));
  }
}

async function provideBucket(client: S3Client, Bucket: string): Promise<void> {
  try {
    await client.send(new CreateBucketCommand({ Bucket }));
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'BucketAlreadyOwnedByYou') throw error;
  }
}
