/** A batch of SQS records: each alone, what fails comes back alone and sooner, nothing of it in the log. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSEvent } from 'aws-lambda';
import type { MailLog } from '../../aws/mail-log.ts';
import { queueHandler } from '../../aws/queue-batch.ts';

function handler(work: (id: string, receives: number) => void, visibility?: () => Promise<void>) {
  const waits: number[] = [];
  const told: unknown[][] = [];
  let flushed = 0;
  const client = {
    send({ input }: { input: { VisibilityTimeout: number } }) {
      waits.push(input.VisibilityTimeout);
      return visibility?.() ?? Promise.resolve();
    },
  } as unknown as SQSClient;
  const log = { fault: (...args: unknown[]) => void told.push(args), flush: () => void (flushed += 1) };
  const handle = queueHandler<{ id: string }>({
    client,
    queueUrl: 'q',
    log: log as unknown as MailLog,
    work: ({ id }, { receives }) => Promise.resolve(work(id, receives)),
  });
  const run = (...records: [string, number][]) => handle(event(records), {} as Context);
  return { run, waits, told, flushes: () => flushed };
}

function event(records: [string, number][]): SQSEvent {
  return {
    Records: records.map(([body, receives], n) => ({
      messageId: `s${n}`,
      receiptHandle: `h${n}`,
      body,
      attributes: { ApproximateReceiveCount: String(receives) },
    })),
  } as unknown as SQSEvent;
}

test('what fails comes back alone; the rest is done', async () => {
  const { run, told, flushes } = handler((id) => {
    if (id === 'b') throw new Error('broken');
  });
  const answer = await run(['{"id":"a"}', 1], ['{"id":"b"}', 1], ['{"id":"c"}', 1]);
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: 's1' }] });
  assert.equal(told.length, 1);
  assert.equal(flushes(), 1);
});

test('a whole batch that fails is a list of failures, not an error of the function', async () => {
  const { run } = handler(() => assert.fail('broken'));
  const { batchItemFailures } = await run(['{"id":"a"}', 1], ['{"id":"b"}', 1]);
  assert.equal(batchItemFailures.length, 2);
});

test('the wait grows with every receive, from 30 seconds to 5 minutes', async () => {
  const { run, waits } = handler(() => assert.fail('broken'));
  for (const receives of [1, 2, 9, 10, 400]) await run(['{"id":"a"}', receives]);
  assert.deepEqual(waits, [30, 60, 270, 300, 300]);
});

test('a wait that cannot be shortened changes nothing', async () => {
  const { run, told } = handler(
    () => assert.fail('broken'),
    () => Promise.reject(new Error('throttled')),
  );
  assert.equal((await run(['{"id":"a"}', 1])).batchItemFailures.length, 1);
  assert.equal(told.length, 2);
});

test('a record that is not JSON fails alone, and its text is not logged', async () => {
  const { run, told } = handler(() => undefined);
  const { batchItemFailures } = await run(['secret-words {', 1], ['{"id":"a"}', 1]);
  assert.deepEqual(batchItemFailures, [{ itemIdentifier: 's0' }]);
  assert.doesNotMatch(JSON.stringify(told.map(([what, , fields]) => [what, fields])), /secret/);
});

test('the work hears how often its record came', async () => {
  const heard: number[] = [];
  await handler((_, receives) => void heard.push(receives)).run(['{"id":"a"}', 7]);
  assert.deepEqual(heard, [7]);
});
