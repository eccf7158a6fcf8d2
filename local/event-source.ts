/**
 * A queue's event source, with the contract that Lambda gives a function (AWS Lambda developer guide, "Using
 * Lambda with Amazon SQS").
 *
 * It receives batches and invokes the function with them, up to the maximum concurrency. An empty answer is
 * success; the whole batch has failed when the function throws, times out, answers what cannot be read or names
 * an id that is not of the batch. Only successes are deleted: the rest comes back after its visibility timeout, and
 * the queue's redrive policy parks what came back too often.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { failedRecords, sqsEvent } from './sqs-event.ts';
import type { Mapping } from './triggers.ts';

export interface EventSourceOptions {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly queueArn: string;
  readonly mapping: Pick<
    Mapping,
    'batchSize' | 'windowSeconds' | 'maximumConcurrency' | 'reportBatchItemFailures'
  >;
  readonly invoke: (event: unknown) => Promise<unknown>;
  readonly onFault: (what: string, cause: unknown) => void;
}

/** Most that SQS hands over, and lets delete, at once. */
const atOnce = 10;
const longPollSeconds = 20;
const pauseAfterFaultMs = 500;

export class EventSource {
  readonly #options: EventSourceOptions;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #loop: Promise<void>;
  #freed: (() => void) | undefined;

  constructor(options: EventSourceOptions) {
    this.#options = options;
    this.#loop = this.#poll();
  }

  /** Receives no more; resolves when what was received is done. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#freed?.();
    await this.#loop;
    await Promise.all(this.#running);
  }

  async #poll(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      if (this.#running.size >= this.#options.mapping.maximumConcurrency) await this.#freeSlot();
      else await this.#receiveAndStart();
    }
  }

  #freeSlot(): Promise<void> {
    return new Promise((resolve) => {
      this.#freed = resolve;
    });
  }

  async #receiveAndStart(): Promise<void> {
    try {
      const batch = await this.#batch();
      if (batch.length > 0) this.#start(batch);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#options.onFault(`The queue ${this.#options.queueArn} could not be read.`, error);
      await pause(pauseAfterFaultMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  /** A batching window starts with its first message. */
  async #batch(): Promise<Message[]> {
    const { batchSize, windowSeconds } = this.#options.mapping;
    const batch = await this.#receive(batchSize, longPollSeconds);
    const end = Date.now() + windowSeconds * 1000;
    while (batch.length > 0 && batch.length < batchSize && Date.now() < end) {
      const seconds = Math.min(longPollSeconds, Math.ceil((end - Date.now()) / 1000));
      batch.push(...(await this.#receive(batchSize - batch.length, seconds)));
    }
    return batch;
  }

  async #receive(wanted: number, waitSeconds: number): Promise<Message[]> {
    const command = new ReceiveMessageCommand({
      QueueUrl: this.#options.queueUrl,
      MaxNumberOfMessages: Math.min(atOnce, wanted),
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const { Messages } = await this.#options.client.send(command, { abortSignal: this.#stopping.signal });
    return Messages ?? [];
  }

  #start(batch: Message[]): void {
    const run = this.#handle(batch)
      .catch((error: unknown) =>
        this.#options.onFault('Messages that were done could not be deleted.', error),
      )
      .finally(() => {
        this.#running.delete(run);
        this.#freed?.();
      });
    this.#running.add(run);
  }

  async #handle(batch: Message[]): Promise<void> {
    const failed = await this.#invoke(batch);
    await this.#delete(batch.filter((message) => !failed.has(message.MessageId ?? '')));
  }

  async #invoke(batch: Message[]): Promise<ReadonlySet<string>> {
    const ids = batch.map((message) => message.MessageId ?? '');
    try {
      const answer = await this.#options.invoke(sqsEvent(batch, this.#options.queueArn));
      return this.#options.mapping.reportBatchItemFailures ? failedRecords(answer, ids) : new Set();
    } catch (error) {
      this.#options.onFault(`A batch of ${batch.length} failed and comes back.`, error);
      return new Set(ids);
    }
  }

  async #delete(done: Message[]): Promise<void> {
    for (let at = 0; at < done.length; at += atOnce) {
      const Entries = done
        .slice(at, at + atOnce)
        .map((message, n) => ({ Id: String(n), ReceiptHandle: message.ReceiptHandle }));
      await this.#options.client.send(
        new DeleteMessageBatchCommand({ QueueUrl: this.#options.queueUrl, Entries }),
      );
    }
  }
}
