import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
} from '@aws-sdk/client-sqs';
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import { startQueuesAndObjects } from '../../../local/services/queues-and-objects.ts';
import { folder, sqsClient, unexpected } from './clients.ts';

interface Started {
  readonly client: SQSClient;
  readonly url: string;
  readonly queue: string;
  readonly dead: string;
  restart(): Promise<Started>;
}

async function started(t: TestContext): Promise<Started> {
  return open(t, await folder(t));
}

async function open(t: TestContext, path: string): Promise<Started> {
  const service = await startQueuesAndObjects({ queues: path, objects: `${path}/s3` }, unexpected);
  let running = true;
  const stop = async () => {
    if (running) await service.stop();
    running = false;
  };
  t.after(stop);
  const client = sqsClient(service.url, t);
  const { QueueUrl: dead = '' } = await client.send(new CreateQueueCommand({ QueueName: 'route-dead' }));
  const RedrivePolicy = JSON.stringify({
    deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:route-dead',
    maxReceiveCount: 2,
  });
  const Attributes = { VisibilityTimeout: '60', MaximumMessageSize: '1048576', RedrivePolicy };
  const { QueueUrl: queue = '' } = await client.send(
    new CreateQueueCommand({ QueueName: 'route', Attributes }),
  );
  const restart = async () => {
    await stop();
    return open(t, path);
  };
  return { client, url: service.url, queue, dead, restart };
}

const send = ({ client, queue }: Started, MessageBody: string, DelaySeconds?: number) =>
  client.send(new SendMessageCommand({ QueueUrl: queue, MessageBody, DelaySeconds }));

async function receive(
  { client, queue }: Started,
  WaitTimeSeconds = 0,
  QueueUrl = queue,
): Promise<Message[]> {
  const { Messages } = await client.send(
    new ReceiveMessageCommand({
      QueueUrl,
      WaitTimeSeconds,
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
    }),
  );
  return Messages ?? [];
}

const show = ({ client, queue }: Started, [message]: Message[], VisibilityTimeout: number) =>
  client.send(
    new ChangeMessageVisibilityCommand({
      QueueUrl: queue,
      ReceiptHandle: message?.ReceiptHandle,
      VisibilityTimeout,
    }),
  );

suite('a queue', () => {
  test('gives what it was sent until it is deleted', async (t) => {
    const running = await started(t);
    await send(running, 'hello');
    const [message] = await receive(running);
    assert.equal(message?.Body, 'hello');
    assert.equal(message.Attributes?.['ApproximateReceiveCount'], '1');
    assert.deepEqual(await receive(running), [], 'it is invisible now');
    await running.client.send(
      new DeleteMessageCommand({ QueueUrl: running.queue, ReceiptHandle: message.ReceiptHandle }),
    );
    assert.deepEqual(await receive(await running.restart()), []);
  });

  test('takes a message of 1 MiB and refuses a larger one', async (t) => {
    const running = await started(t);
    await send(running, 'x'.repeat(1024 * 1024));
    assert.equal((await receive(running))[0]?.Body?.length, 1024 * 1024);
    await assert.rejects(send(running, 'x'.repeat(1024 * 1024 + 1)), /shorter than/);
  });

  test('takes ten in a batch', async (t) => {
    const running = await started(t);
    const Entries = Array.from({ length: 10 }, (_, i) => ({ Id: String(i), MessageBody: `n${i}` }));
    const { Successful } = await running.client.send(
      new SendMessageBatchCommand({ QueueUrl: running.queue, Entries }),
    );
    assert.equal(Successful?.length, 10);
    assert.equal((await receive(running)).length, 10);
  });

  test('wakes who waits when a message comes', async (t) => {
    const running = await started(t);
    const waiting = receive(running, 20);
    await send(running, 'now');
    assert.equal((await waiting)[0]?.Body, 'now');
  });

  test('shows a delayed message when its time has come, and not before', async (t) => {
    const running = await started(t);
    await send(running, 'later', 1);
    assert.deepEqual(await receive(running), []);
    assert.equal((await receive(running, 20))[0]?.Body, 'later');
  });

  test('shows a message again at once when its visibility is set to 0', async (t) => {
    const running = await started(t);
    await send(running, 'again');
    await show(running, await receive(running), 0);
    assert.equal((await receive(running))[0]?.Attributes?.['ApproximateReceiveCount'], '2');
  });

  test('parks in its dead-letter queue what was received too often, through a restart', async (t) => {
    const running = await started(t);
    await send(running, 'poison');
    await show(running, await receive(running), 0);
    await show(running, await receive(running), 0);
    assert.deepEqual(await receive(running), []);
    const second = await running.restart();
    assert.equal((await receive(second, 0, second.dead))[0]?.Body, 'poison');
    assert.deepEqual(await receive(second), []);
  });

  test('shows what a dead worker held at the next start, its receive count kept', async (t) => {
    const running = await started(t);
    await send(running, 'held');
    assert.equal((await receive(running)).length, 1);
    const second = await running.restart();
    assert.equal((await receive(second))[0]?.Attributes?.['ApproximateReceiveCount'], '2');
  });

  test('has a URL that begins with the endpoint, in each start', async (t) => {
    const running = await started(t);
    assert.equal(running.queue, `${running.url}/000000000000/route`);
    const second = await running.restart();
    const { QueueUrl } = await second.client.send(new GetQueueUrlCommand({ QueueName: 'route' }));
    assert.equal(QueueUrl, `${second.url}/000000000000/route`);
    const { Attributes } = await second.client.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
    );
    assert.equal(Attributes?.['QueueArn'], 'arn:aws:sqs:us-east-1:000000000000:route');
    assert.equal(Attributes['VisibilityTimeout'], '60');
  });
});
