/**
 * Messages of a dead-letter queue back to the queue that they came from: received, sent, then deleted, so that one
 * may come twice and none is lost. What the queue takes twice is harmless: work is a pointer at the spool.
 */
import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type Message,
  type SQSClient,
} from '@aws-sdk/client-sqs';

export interface Redrive {
  readonly client: SQSClient;
  readonly from: string;
  readonly to: string;
}

/** How many went back. Those that arrive meanwhile go, too; a queue that answers nothing twice is empty. */
export async function redrive({ client, from, to }: Redrive): Promise<number> {
  let moved = 0;
  for (let empty = 0; empty < 2;) {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: 10,
        WaitTimeSeconds: 1,
        MessageSystemAttributeNames: ['MessageGroupId'],
      }),
    );
    empty = Messages.length === 0 ? empty + 1 : 0;
    if (Messages.length > 0) moved += await moveBatch({ client, from, to }, Messages);
  }
  return moved;
}

/** SQS takes 1 MiB in one call: ten letters of `route` with long envelopes are more. */
const largestBatch = 1024 * 1024;

async function moveBatch(queues: Redrive, messages: readonly Message[]): Promise<number> {
  const octets = messages.map(({ Body = '' }) => Buffer.byteLength(Body));
  const half = Math.ceil(messages.length / 2);
  if (half < messages.length && octets.reduce((sum, one) => sum + one, 0) > largestBatch)
    return (
      (await moveBatch(queues, messages.slice(0, half))) + (await moveBatch(queues, messages.slice(half)))
    );
  return moveTogether(queues, messages);
}

async function moveTogether({ client, from, to }: Redrive, messages: readonly Message[]): Promise<number> {
  const { Failed = [] } = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: to,
      Entries: messages.map(({ Body = '', Attributes }, index) => ({
        Id: String(index),
        MessageBody: Body,
        ...(Attributes?.MessageGroupId === undefined ? {} : { MessageGroupId: Attributes.MessageGroupId }),
      })),
    }),
  );
  const failed = new Set(Failed.map(({ Id }) => Id));
  const sent = messages.filter((_, index) => !failed.has(String(index)));
  if (sent.length > 0)
    await client.send(
      new DeleteMessageBatchCommand({
        QueueUrl: from,
        Entries: sent.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
  if (failed.size > 0)
    throw new Error(`SQS did not take ${failed.size} messages back: ${Failed[0]?.Message}.`);
  return sent.length;
}
