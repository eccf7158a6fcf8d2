/** A function's thread: answers, failures, time-outs, death, and what its environment and role allow. */
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import test from 'node:test';
import { LambdaWorker, type LambdaOptions } from '../../local/lambda-worker.ts';
import type { FromThread } from '../../local/thread-messages.ts';

interface Started {
  readonly worker: LambdaWorker;
  readonly heard: FromThread[];
  readonly written: string[];
}

function start(t: test.TestContext, { entry = 'told', timeoutSeconds = 60 } = {}): Started {
  const heard: FromThread[] = [];
  const written: string[] = [];
  const options: LambdaOptions = {
    thread: {
      component: 'route-mail',
      entry: new URL(`handlers/${entry}.ts`, import.meta.url).href,
      statements: [
        {
          effect: 'Allow',
          actions: ['dynamodb:GetItem'],
          resources: ['arn:aws:dynamodb:us-east-1:000000000000:table/postern-spool'],
          conditions: {},
        },
      ],
      partitionKeys: { 'postern-spool': 'message' },
    },
    environment: {
      GIVEN: 'given',
      AWS_LAMBDA_FUNCTION_NAME: 'postern-route-mail',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'local',
      AWS_SECRET_ACCESS_KEY: 'local',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1',
      AWS_MAX_ATTEMPTS: '1',
    },
    timeoutSeconds,
    output: new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        written.push(chunk.toString());
        done();
      },
    }),
    onMessage: (message) => heard.push(message),
  };
  const worker = new LambdaWorker(options);
  t.after(() => worker.stop(0));
  return { worker, heard, written };
}

test('an answer comes back as JSON', async (t) => {
  const { worker } = start(t);
  assert.deepEqual(await worker.invoke({ act: 'answer', value: 'a' }), { value: 'a' });
});

test('an error comes back with its name', async (t) => {
  const { worker } = start(t);
  await assert.rejects(worker.invoke({ act: 'throw', value: 'no' }), { name: 'TypeError', message: 'no' });
  assert.deepEqual(await worker.invoke({ act: 'answer', value: 'still there' }), { value: 'still there' });
});

test('the environment is the one given, and nothing of the shell', async (t) => {
  const { worker } = start(t);
  assert.equal(await worker.invoke({ act: 'environment', value: 'GIVEN' }), 'given');
  assert.ok(process.env['PATH'] !== undefined);
  assert.equal(await worker.invoke({ act: 'environment', value: 'PATH' }), undefined);
});

test('the context says what Lambda says', async (t) => {
  const { worker } = start(t);
  assert.deepEqual(await worker.invoke({ act: 'context' }), ['postern-route-mail', true]);
});

test('several invocations run at a time', async (t) => {
  const { worker } = start(t);
  const hanging = worker.invoke({ act: 'hang' });
  assert.deepEqual(await worker.invoke({ act: 'answer', value: 'b' }), { value: 'b' });
  const stopped = assert.rejects(hanging, /was stopped/);
  await worker.stop(0);
  await stopped;
});

test('a time-out ends the thread, fails all that ran in it, and the next invocation has a new one', async (t) => {
  const { worker } = start(t, { timeoutSeconds: 1 });
  await worker.invoke({ act: 'answer' });
  const both = [worker.invoke({ act: 'hang' }), worker.invoke({ act: 'hang' })];
  for (const one of both) await assert.rejects(one, { message: 'Task timed out after 1.00 seconds' });
  assert.deepEqual(await worker.invoke({ act: 'answer', value: 'c' }), { value: 'c' });
});

test('a thread that dies fails what ran in it, and is replaced', async (t) => {
  const { worker } = start(t);
  await assert.rejects(worker.invoke({ act: 'exit' }), /route-mail ended of itself/);
  assert.deepEqual(await worker.invoke({ act: 'answer', value: 'd' }), { value: 'd' });
});

test('a function that cannot be loaded fails with the reason', async (t) => {
  const { worker, written } = start(t, { entry: 'broken' });
  await assert.rejects(worker.invoke({ act: 'answer' }), /variables are missing: EVERY_ONE/);
  assert.match(written.join(''), /EVERY_ONE/);
});

test('a call that the role does not allow never leaves', async (t) => {
  const { worker, heard } = start(t);
  await assert.rejects(worker.invoke({ act: 'read', value: 'postern-views' }), {
    name: 'AccessDeniedException',
  });
  assert.deepEqual(
    heard
      .filter(({ kind }) => kind === 'denied')
      .map((message) => 'request' in message && message.request.action),
    ['dynamodb:GetItem'],
  );
});

test('a call that is allowed leaves, and is recorded', async (t) => {
  const { worker, heard } = start(t);
  await assert.rejects(worker.invoke({ act: 'read', value: 'postern-spool' }), /ECONNREFUSED/);
  assert.ok(heard.some(({ kind }) => kind === 'used'));
});

test('a stop waits for what runs, within the grace', async (t) => {
  const { worker } = start(t);
  const running = worker.invoke({ act: 'answer', value: 'e' });
  await worker.stop(60_000);
  assert.deepEqual(await running, { value: 'e' });
});
