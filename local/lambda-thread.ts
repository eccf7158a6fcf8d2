/**
 * A function's thread: loads its handler once, as Lambda does at a cold start, and runs invocations, several at a
 * time. Its environment is what the template gives, and nothing else.
 */
import { randomUUID } from 'node:crypto';
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Invocation, ThreadData } from './thread-messages.ts';
import { holdThreadRights, say } from './thread-rights.ts';

type Handler = (event: unknown, context: object) => Promise<unknown>;

const data = workerData as ThreadData;
holdThreadRights(data);
const { handler } = (await import(data.entry)) as { handler: Handler };
parentPort?.on('message', (invocation: Invocation) => void run(invocation));
say({ kind: 'ready' });
flushCompileCache();

async function run({ id, event, deadline }: Invocation): Promise<void> {
  try {
    const result = await handler(event, contextOf(deadline));
    say({ kind: 'done', id, result: asJson(result) });
  } catch (error) {
    console.error(error);
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    say({ kind: 'failed', id, error: { name, message } });
  }
}

/** Lambda answers in JSON: what JSON cannot hold does not come back. */
function asJson(result: unknown): unknown {
  const text = JSON.stringify(result) as string | undefined;
  return text === undefined ? undefined : (JSON.parse(text) as unknown);
}

function contextOf(deadline: number): object {
  const name = process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? data.component;
  return {
    functionName: name,
    functionVersion: '$LATEST',
    invokedFunctionArn: process.env['POSTERN_FUNCTION_ARN'] ?? name,
    memoryLimitInMB: process.env['AWS_LAMBDA_FUNCTION_MEMORY_SIZE'] ?? '512',
    awsRequestId: randomUUID(),
    logGroupName: `/aws/lambda/${name}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
  };
}
