/** The embedded services with the spool's and the mailboxes' tables, for contract tests of the doors in aws/. */
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { embeddedServices } from './embedded-services.ts';

export interface TestServices {
  readonly dynamodb: DynamoDBClient;
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly spool: string;
  readonly mailboxes: string;
  readonly bucket: string;
  queue(name: string): Promise<string>;
  stop(): Promise<void>;
}

export async function startTestServices(): Promise<TestServices> {
  const { endpoints, number, release } = await embeddedServices();
  const names = { spool: `spool-${number}`, mailboxes: `mailboxes-${number}`, bucket: `bucket-${number}` };
  const common = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const dynamodb = new DynamoDBClient({ ...common, endpoint: endpoints.dynamodb });
  const s3 = new S3Client({ ...common, endpoint: endpoints.s3, forcePathStyle: true });
  const sqs = new SQSClient({ ...common, endpoint: endpoints.sqs, useQueueUrlAsEndpoint: false });
  await createSpool(dynamodb, names.spool);
  await createTable(dynamodb, names.mailboxes, ['mailFile', 'id']);
  await s3.send(new CreateBucketCommand({ Bucket: names.bucket }));
  return {
    dynamodb,
    s3,
    sqs,
    ...names,
    async queue(name) {
      const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: `${name}-${number}` }));
      return QueueUrl!;
    },
    async stop() {
      for (const client of [dynamodb, s3, sqs]) client.destroy();
      await release();
    },
  };
}

type Index = { name: string; hash: string; include?: string[] };

function createSpool(client: DynamoDBClient, name: string): Promise<unknown> {
  const indexes: Index[] = [
    { name: 'due', hash: 'wake' },
    { name: 'hop', hash: 'hopKey', include: ['dueAt'] },
  ];
  return createTable(client, name, ['message', 'part'], indexes);
}

function createTable(
  client: DynamoDBClient,
  TableName: string,
  [hash, range]: [string, string],
  indexes: Index[] = [],
): Promise<unknown> {
  const names = new Set([hash, range, ...indexes.flatMap((index) => [index.hash, 'wakeAt'])]);
  const key = (partition: string, sort: string) => [
    { AttributeName: partition, KeyType: 'HASH' as const },
    { AttributeName: sort, KeyType: 'RANGE' as const },
  ];
  const GlobalSecondaryIndexes = indexes.map(({ name, hash: partition, include }) => ({
    IndexName: name,
    KeySchema: key(partition, 'wakeAt'),
    Projection:
      include === undefined
        ? { ProjectionType: 'KEYS_ONLY' as const }
        : { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: include },
  }));
  return client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [...names].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S' as const,
      })),
      KeySchema: key(hash, range),
      ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes }),
    }),
  );
}
