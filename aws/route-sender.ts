/**
 * `route` messages on their way to SQS. One leaves at once; while a call is under way the others gather, up to ten
 * and not for long, so that a busy listener makes a fraction of the calls and an idle one waits for nothing.
 */
import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { holdCall } from './clients.ts';
import type { QuickCalls } from './quick-call.ts';

export interface RouteSenderOptions {
  readonly client: SQSClient;
  readonly quick?: QuickCalls | undefined;
  readonly queueUrl: string;
}

export interface RouteSender {
  /** Resolves when SQS has it; rejects with what SQS said, or what kept it from saying anything. */
  send(body: string): Promise<void>;
}

interface Waiting {
  readonly body: string;
  readonly since: number;
  readonly resolve: () => void;
  readonly reject: (cause: unknown) => void;
}

interface BatchAnswer {
  readonly MessageId?: string;
  readonly Failed?: readonly { Id?: string; SenderFault?: boolean; Code?: string; Message?: string }[];
}

const mostUnderWay = 8;
/** Longer than a call commonly takes: one that hangs holds nobody up. */
const longestGathering = 25;
const mostInBatch = 10;
/** Octets of one call; SQS takes 1 MiB. */
const largestBatch = 768 * 1024;

export function routeSender(options: RouteSenderOptions): RouteSender {
  const waiting: Waiting[] = [];
  let underWay = 0;
  let gathering: NodeJS.Timeout | undefined;

  function leave(): void {
    while (waiting.length > 0 && underWay < mostUnderWay) {
      if (underWay > 0 && waiting.length < mostInBatch && !hasWaited(waiting[0]!)) break;
      underWay += 1;
      void carry(options, nextBatch(waiting)).finally(() => {
        underWay -= 1;
        leave();
      });
    }
    clearTimeout(gathering);
    gathering = waiting.length > 0 ? setTimeout(leave, longestGathering) : undefined;
  }

  return {
    send: (body) =>
      new Promise((resolve, reject) => {
        waiting.push({ body, since: performance.now(), resolve, reject });
        leave();
      }),
  };
}

function hasWaited({ since }: Waiting): boolean {
  return performance.now() - since >= longestGathering - 1;
}

function nextBatch(waiting: Waiting[]): Waiting[] {
  let octets = 0;
  let count = 0;
  while (count < Math.min(mostInBatch, waiting.length)) {
    octets += Buffer.byteLength(waiting[count]!.body);
    if (count > 0 && octets > largestBatch) break;
    count += 1;
  }
  return waiting.splice(0, count);
}

async function carry(options: RouteSenderOptions, batch: readonly Waiting[]): Promise<void> {
  try {
    const failed = new Map((await call(options, batch)).Failed?.map((one) => [one.Id, one]));
    for (const [n, { resolve, reject }] of batch.entries()) {
      const failure = failed.get(String(n));
      if (failure === undefined) resolve();
      else reject(failureOf(failure));
    }
  } catch (cause) {
    for (const { reject } of batch) reject(cause);
  }
}

/** As an error of a call of its own would look: a fault of ours is known, one of theirs is not. */
function failureOf({ SenderFault, Code, Message }: NonNullable<BatchAnswer['Failed']>[number]): Error {
  const error = new Error(`SQS did not take a message: ${Message ?? Code ?? 'no reason given'}`);
  return Object.assign(error, {
    name: Code ?? error.name,
    $metadata: { httpStatusCode: SenderFault ? 400 : 500 },
  });
}

async function call(options: RouteSenderOptions, batch: readonly Waiting[]): Promise<BatchAnswer> {
  const { client, queueUrl: QueueUrl } = options;
  if (batch.length === 1) {
    const input = { QueueUrl, MessageBody: batch[0]!.body };
    if ((await quickly(options, 'SendMessage', input)) === undefined)
      await client.send(new SendMessageCommand(input));
    return {};
  }
  const input = { QueueUrl, Entries: batch.map(({ body }, n) => ({ Id: String(n), MessageBody: body })) };
  return (
    (await quickly(options, 'SendMessageBatch', input)) ?? client.send(new SendMessageBatchCommand(input))
  );
}

/** AWS JSON 1.0, as the SDK speaks it. */
async function quickly(
  { quick }: RouteSenderOptions,
  action: 'SendMessage' | 'SendMessageBatch',
  input: object,
): Promise<BatchAnswer | undefined> {
  if (quick === undefined) return undefined;
  holdCall(`${action}Command`, input);
  const answer = await quick.call({
    method: 'POST',
    resource: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${action}` },
    body: JSON.stringify(input),
  });
  return answer && understood(answer);
}

/** Only an answer that says what became of the messages counts. */
function understood(answer: Buffer): BatchAnswer | undefined {
  try {
    const said = JSON.parse(answer.toString()) as BatchAnswer & { Successful?: unknown };
    return said.MessageId !== undefined || said.Successful !== undefined || said.Failed !== undefined
      ? said
      : undefined;
  } catch {
    return undefined;
  }
}
