/** SDK clients of the embedded services, and a folder that goes with the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { StreamViewType } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';

export const access = { region: 'us-east-1', credentials: { accessKeyId: 'any', secretAccessKey: 'pair' } };

type After = Pick<TestContext, 'after'>;

export function dynamoClient(endpoint: string, t: After): DynamoDBClient {
  const client = new DynamoDBClient({ ...access, endpoint, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

export function s3Client(endpoint: string, t: After): S3Client {
  const client = new S3Client({ ...access, endpoint, forcePathStyle: true, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

export function sqsClient(endpoint: string, t: After): SQSClient {
  const client = new SQSClient({ ...access, endpoint, useQueueUrlAsEndpoint: false, maxAttempts: 1 });
  t.after(() => client.destroy());
  return client;
}

export async function folder(t: After): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'postern-services-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const key = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

/** A table shaped like the spool: two string keys, one sparse index of keys. */
export async function createSpool(
  client: DynamoDBClient,
  name = 'spool',
  view?: StreamViewType,
): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['message', 'part', 'wake', 'wakeAt'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      KeySchema: key('message', 'part'),
      GlobalSecondaryIndexes: [
        { IndexName: 'due', KeySchema: key('wake', 'wakeAt'), Projection: { ProjectionType: 'KEYS_ONLY' } },
      ],
      ...(view ? { StreamSpecification: { StreamEnabled: true, StreamViewType: view } } : {}),
    }),
  );
}

export function unexpected(error: Error): void {
  throw new Error('A service reported a fault.', { cause: error });
}
