/** The queues of work: what is sent where, in which batches, and what is an error. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsWorkQueue, queueUrls } from '../../aws/work-queue.ts';

interface Input {
  QueueUrl: string;
  MessageBody?: string;
  MessageGroupId?: string;
  Entries?: { MessageBody: string }[];
}

function queueOver(urls: Parameters<typeof awsWorkQueue>[0]['urls'], answer: object = {}) {
  const sent: Input[] = [];
  const client = {
    send: ({ input }: { input: Input }) => Promise.resolve((sent.push(input), answer)),
  } as unknown as SQSClient;
  const queueOf = ({ transport }: { transport: string }) => (transport === 'direct' ? 'direct' : 'relay');
  return { sent, queue: awsWorkQueue({ client, urls, queueOf }) };
}

const all = queueUrls({
  routeQueue: 'r',
  deliverQueue: 'd',
  relayQueue: 'y',
  directQueue: '',
  reportQueue: 'p',
});

test('route and report carry their work as JSON', async () => {
  const { sent, queue } = queueOver(all);
  await queue.route({ id: 'm1' });
  await queue.report({ message: 'm1' });
  assert.deepEqual(
    sent.map(({ QueueUrl, MessageBody }) => [QueueUrl, MessageBody]),
    [
      ['r', '{"id":"m1"}'],
      ['p', '{"message":"m1"}'],
    ],
  );
});

test('pointers go ten at a time, with nothing but the key', async () => {
  const { sent, queue } = queueOver(all);
  const work = Array.from({ length: 23 }, (_, n) => ({ message: 'm1', part: `d#${n}`, more: 'never sent' }));
  await queue.deliver(work);
  assert.deepEqual(
    sent.map(({ Entries }) => Entries?.length),
    [10, 10, 3],
  );
  assert.equal(sent[0]?.Entries?.[0]?.MessageBody, '{"message":"m1","part":"d#0"}');
  await queue.deliver([]);
  assert.equal(sent.length, 3);
});

test('a batch that was taken in part is an error: the work comes again', async () => {
  const { queue } = queueOver(all, { Failed: [{ Id: '0' }] });
  await assert.rejects(queue.deliver([{ message: 'm1', part: 'd#0001' }]), /did not take 1 of 1/);
});

test('a hop is a group of its own, in the letters that SQS allows', async () => {
  const { sent, queue } = queueOver(all);
  await queue.hop({ transport: 'smtp', nextHop: `${'é'.repeat(200)}.example:25` });
  assert.equal(sent[0]?.QueueUrl, 'y');
  assert.match(sent[0]?.MessageGroupId ?? '', /^[\u0021-\u007e]{128}$/);
});

test('work for direct, where it is not deployed, is left to the due index', async () => {
  const { sent, queue } = queueOver(all);
  await queue.hop({ transport: 'direct', nextHop: 'there.example' });
  assert.deepEqual(sent, []);
});

test('any other queue that is missing is an error', async () => {
  const { queue } = queueOver({});
  await assert.rejects(queue.route({ id: 'm1' }), /route is not deployed/);
  await assert.rejects(queue.deliver([{ message: 'm1', part: 'd#0001' }]), /deliver is not deployed/);
});
