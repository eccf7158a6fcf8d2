/** What was answered is there after SIGKILL; what was not is there whole or not at all. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { QueryCommand, ScanCommand, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { startServices } from '../../../local/services/services.ts';
import type { ServiceEndpoints } from '../../../local/services/services.ts';
import { openStream } from '../../../local/services/stream-client.ts';
import { createSpool, dynamoClient, folder, s3Client, sqsClient } from './clients.ts';

const kills = 3;
const writesBetween = 40;
/** Of one message: the more, the surer a kill falls into the middle. */
const parts = ['d#0001', 'd#0002', 'd#0003', 'd#0004', 'd#0005', 'd#0006', 'd#0007', 'd#0008', 'm'];

interface Clients {
  readonly dynamo: DynamoDBClient;
  readonly queues: SQSClient;
  readonly objects: S3Client;
}
/** What got its answer. */
interface Answered {
  readonly messages: string[];
  readonly bodies: Map<string, string>;
}

test('three kills in the middle of transactions, sends and uploads lose and halve nothing', async (t) => {
  const dataDir = await folder(t);
  const answered: Answered = { messages: [], bodies: new Map() };
  for (let kill = 0; kill < kills; kill++) await writeUntilKilled(t, dataDir, kill, answered);
  const services = await startServices({ dataDir, secretPrefix: 'postern/' });
  t.after(() => services.stop());
  const clients = clientsOf(services.endpoints, t);
  const found = await messagesIn(clients.dynamo);
  for (const message of answered.messages)
    assert.ok(found.has(message), `${message} was answered and is gone`);
  for (const [message, there] of found) assert.deepEqual(there, parts, `${message} is half there`);
  await indexAgrees(clients.dynamo, found);
  await streamAgrees(services.endpoints.dynamodb, found);
  await queueHolds(clients.queues, answered.messages);
  await objectsHold(clients.objects, answered.bodies);
});

async function writeUntilKilled(
  t: TestContext,
  dataDir: string,
  round: number,
  answered: Answered,
): Promise<void> {
  const child = spawn(process.execPath, [new URL('killed-child.ts', import.meta.url).pathname, dataDir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => child.kill('SIGKILL'));
  const clients = clientsOf(await endpointsOf(child), t);
  if (round === 0) await createSpool(clients.dynamo, 'spool', 'KEYS_ONLY');
  await clients.objects.send(new CreateBucketCommand({ Bucket: 'postern' }));
  const { QueueUrl } = await clients.queues.send(new CreateQueueCommand({ QueueName: 'route' }));
  const enough = answered.messages.length + writesBetween;
  const died = once(child, 'exit');
  const write = async (writer: number): Promise<void> => {
    for (let n = 0; ; n++) {
      await writeOne(clients, QueueUrl ?? '', `${round}-${writer}-${n}`, answered);
      if (answered.messages.length >= enough) child.kill('SIGKILL');
    }
  };
  await Promise.allSettled(Array.from({ length: 8 }, (_, writer) => write(writer)));
  await died;
}

/** A message as the spool makes it: body, plan in one transaction, pointer. Throws once the child is dead. */
async function writeOne(
  clients: Clients,
  QueueUrl: string,
  message: string,
  answered: Answered,
): Promise<void> {
  const Body = randomBytes(20_000);
  // Many writers overwrite few keys: a torn overwrite would show.
  const Key = `spool/${message.slice(-1)}`;
  const sum = createHash('sha256').update(Body).digest('hex');
  await clients.objects.send(new PutObjectCommand({ Bucket: 'postern', Key, Body, Metadata: { sum } }));
  answered.bodies.set(Key, sum);
  const TransactItems = parts.map((part) => ({
    Put: {
      TableName: 'spool',
      Item: marshall({ message, part, wake: 'w#01', wakeAt: '2026' }),
      ConditionExpression: 'attribute_not_exists(message)',
    },
  }));
  await clients.dynamo.send(new TransactWriteItemsCommand({ TransactItems }));
  await clients.queues.send(new SendMessageCommand({ QueueUrl, MessageBody: message }));
  answered.messages.push(message);
}

async function messagesIn(dynamo: DynamoDBClient): Promise<Map<string, string[]>> {
  const { Items } = await dynamo.send(new ScanCommand({ TableName: 'spool', ConsistentRead: true }));
  return partsByMessage(Items ?? []);
}

function partsByMessage(items: Record<string, AttributeValue>[]): Map<string, string[]> {
  const pairs = items.map((item) => unmarshall(item) as { message: string; part: string });
  const grouped = Map.groupBy(pairs, ({ message }) => message);
  return new Map([...grouped].map(([message, list]) => [message, list.map(({ part }) => part).sort()]));
}

async function indexAgrees(dynamo: DynamoDBClient, found: Map<string, string[]>): Promise<void> {
  const { Items } = await dynamo.send(
    new QueryCommand({
      TableName: 'spool',
      IndexName: 'due',
      KeyConditionExpression: 'wake = :wake',
      ExpressionAttributeValues: marshall({ ':wake': 'w#01' }),
    }),
  );
  assert.deepEqual(partsByMessage(Items ?? []), found);
}

async function streamAgrees(endpoint: string, found: Map<string, string[]>): Promise<void> {
  const stream = await openStream(endpoint, 'spool');
  const records = await stream.after(undefined);
  for (let page = records; page.length > 0; records.push(...page))
    page = await stream.after(records.at(-1)?.dynamodb.SequenceNumber);
  const keys = records.map(({ dynamodb }) => dynamodb.Keys as unknown as Record<string, AttributeValue>);
  assert.deepEqual(partsByMessage(keys), found);
}

async function queueHolds(queues: SQSClient, messages: readonly string[]): Promise<void> {
  const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: 'route' }));
  const held = new Set<string | undefined>();
  for (;;) {
    const { Messages } = await queues.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    if (!Messages) break;
    for (const { Body } of Messages) held.add(Body);
  }
  for (const message of messages) assert.ok(held.has(message), `the queue lost ${message}`);
}

async function objectsHold(objects: S3Client, bodies: ReadonlyMap<string, string>): Promise<void> {
  for (const Key of bodies.keys()) {
    const { Body, Metadata } = await objects.send(new GetObjectCommand({ Bucket: 'postern', Key }));
    const sum = createHash('sha256')
      .update((await Body?.transformToByteArray()) ?? '')
      .digest('hex');
    assert.equal(sum, Metadata?.['sum'], `${Key} is a mixture`);
  }
}

function clientsOf(endpoints: ServiceEndpoints, t: TestContext): Clients {
  return {
    dynamo: dynamoClient(endpoints.dynamodb, t),
    queues: sqsClient(endpoints.sqs, t),
    objects: s3Client(endpoints.s3, t),
  };
}

async function endpointsOf(child: ChildProcess): Promise<ServiceEndpoints> {
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout }))
    return JSON.parse(line) as ServiceEndpoints;
  throw new Error('The child ended before it started the services.');
}
