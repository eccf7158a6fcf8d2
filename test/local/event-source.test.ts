/** The queue's event source against the embedded SQS. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
} from '@aws-sdk/client-sqs';
import { EventSource, type EventSourceOptions } from '../../local/event-source.ts';
import { queueUrlAt, serviceClients } from '../../local/service-clients.ts';
import { startServices } from '../../local/services/services.ts';
import { queueArn } from '../../local/template.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postern-sqs-'));
const services = await startServices({ dataDir, secretPrefix: 'postern/' });
const clients = serviceClients(services.endpoints);
after(async () => {
  clients.destroy();
  await services.stop();
  rmSync(dataDir, { recursive: true });
});

interface SqsEvent {
  readonly Records: { readonly messageId: string; readonly body: string }[];
}
type Handler = (event: SqsEvent) => Promise<unknown>;

let queues = 0;

/** A queue of its own for each test; messages come back at once when they failed. */
async function queue(attributes: Record<string, string> = {}): Promise<{ name: string; url: string }> {
  const name = `test-${++queues}`;
  const Attributes = { VisibilityTimeout: '1', ...attributes };
  await clients.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return { name, url: queueUrlAt(services.endpoints.sqs)(name) };
}

async function send(url: string, ...bodies: string[]): Promise<void> {
  const Entries = bodies.map((MessageBody, n) => ({ Id: String(n), MessageBody }));
  await clients.sqs.send(new SendMessageBatchCommand({ QueueUrl: url, Entries }));
}

interface Started {
  readonly source: EventSource;
  readonly faults: string[];
}

function start(
  { name, url }: { name: string; url: string },
  handler: Handler,
  mapping: Partial<EventSourceOptions['mapping']> = {},
): Started {
  const faults: string[] = [];
  const source = new EventSource({
    client: clients.sqs,
    queueUrl: url,
    queueArn: queueArn(name),
    mapping: {
      batchSize: 10,
      windowSeconds: 0,
      maximumConcurrency: 2,
      reportBatchItemFailures: true,
      ...mapping,
    },
    invoke: (event) => handler(event as SqsEvent),
    onFault: (what) => faults.push(what),
  });
  return { source, faults };
}

async function left(url: string): Promise<number> {
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
  const { Attributes } = await clients.sqs.send(command);
  return (
    Number(Attributes?.['ApproximateNumberOfMessages']) +
    Number(Attributes?.['ApproximateNumberOfMessagesNotVisible'])
  );
}

/** Handles until `wanted` records were seen in all. */
function counting(
  wanted: number,
  answer: (event: SqsEvent, seen: string[]) => unknown,
): [Handler, Promise<string[]>] {
  const { promise, resolve } = Promise.withResolvers<string[]>();
  const seen: string[] = [];
  return [
    async (event) => {
      seen.push(...event.Records.map(({ body }) => body));
      const said = answer(event, seen);
      if (seen.length >= wanted) resolve(seen);
      return said;
    },
    promise,
  ];
}

test('what succeeded is deleted, and only what failed comes back', async () => {
  const at = await queue();
  await send(at.url, 'a', 'bad', 'c');
  const [handler, seen] = counting(4, ({ Records }, all) => ({
    batchItemFailures: Records.filter(({ body }) => body === 'bad' && all.length <= 3).map(
      ({ messageId }) => ({
        itemIdentifier: messageId,
      }),
    ),
  }));
  const { source } = start(at, handler);
  assert.deepEqual((await seen).sort(), ['a', 'bad', 'bad', 'c']);
  await source.stop();
  assert.equal(await left(at.url), 0);
});

const wholeBatch: [why: string, fail: () => unknown][] = [
  ['it throws', () => Promise.reject(new Error('no'))],
  ['it names an unknown id', () => ({ batchItemFailures: [{ itemIdentifier: 'nobody' }] })],
  ['the function timed out', () => Promise.reject(new Error('Task timed out after 1.00 seconds'))],
];

for (const [why, fail] of wholeBatch)
  test(`the whole batch fails when ${why}`, async () => {
    const at = await queue({ VisibilityTimeout: '60' });
    await send(at.url, 'a', 'b');
    const [handler, seen] = counting(2, fail);
    const { source } = start(at, handler);
    await seen;
    await source.stop();
    assert.equal(await left(at.url), 2);
  });

test('without ReportBatchItemFailures an answer about failures means nothing', async () => {
  const at = await queue({ VisibilityTimeout: '60' });
  await send(at.url, 'a');
  const [handler, seen] = counting(1, ({ Records }) => ({
    batchItemFailures: [{ itemIdentifier: Records[0]?.messageId }],
  }));
  const { source } = start(at, handler, { reportBatchItemFailures: false });
  await seen;
  await source.stop();
  assert.equal(await left(at.url), 0);
});

test('what comes back too often is parked by the redrive policy', async () => {
  const dead = await queue();
  const at = await queue({
    VisibilityTimeout: '0',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(dead.name), maxReceiveCount: 2 }),
  });
  await send(at.url, 'poison');
  const [handler, seen] = counting(2, () => Promise.reject(new Error('no')));
  const { source, faults } = start(at, handler);
  await seen;
  const parked = await clients.sqs.send(
    new ReceiveMessageCommand({ QueueUrl: dead.url, WaitTimeSeconds: 20 }),
  );
  await source.stop();
  assert.equal(parked.Messages?.[0]?.Body, 'poison');
  assert.equal(faults.length, 2);
});

test('batches are no larger, and no more at once, than the mapping says', async () => {
  const at = await queue();
  await send(at.url, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
  let running = 0;
  let most = 0;
  const [counted, seen] = counting(8, () => undefined);
  const handler: Handler = async (event) => {
    assert.ok(event.Records.length <= 2);
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return counted(event);
  };
  const { source } = start(at, handler, { batchSize: 2, maximumConcurrency: 3 });
  await seen;
  await source.stop();
  assert.ok(most <= 3);
  assert.equal(await left(at.url), 0);
});

test('a stop lets what was received end, and deletes it', async () => {
  const at = await queue();
  await send(at.url, 'a');
  const begun = Promise.withResolvers<void>();
  const end = Promise.withResolvers<void>();
  const { source } = start(at, async () => {
    begun.resolve();
    await end.promise;
  });
  await begun.promise;
  const stopped = source.stop();
  end.resolve();
  await stopped;
  assert.equal(await left(at.url), 0);
});

test('a window gathers what comes within it', async () => {
  const at = await queue();
  const [handler, seen] = counting(2, () => undefined);
  const sizes: number[] = [];
  const { source } = start(at, (event) => (sizes.push(event.Records.length), handler(event)), {
    windowSeconds: 20,
    batchSize: 2,
  });
  await send(at.url, 'a');
  await send(at.url, 'b');
  await seen;
  await source.stop();
  assert.deepEqual(sizes, [2]);
});
