/**
 * A table stream's event source, with Lambda's contract (AWS Lambda developer guide, "Using Lambda with DynamoDB
 * Streams"): records in order, one batch at a time; a failed batch blocks its shard and is tried again, halved
 * first where the mapping says so; after the last try it is reported to the failure queue and passed over. The
 * position is kept on disk after each batch.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { failedRecords } from './sqs-event.ts';
import type { StreamRecord, TableStream } from './services/stream-client.ts';
import { region } from './template.ts';
import type { Mapping } from './triggers.ts';

/** How far the stream was read, kept on disk. */
export interface StreamPlaces {
  of(streamArn: string): string | undefined;
  keep(streamArn: string, sequenceNumber: string): void;
}

export interface StreamSourceOptions {
  readonly open: () => Promise<TableStream>;
  readonly places: StreamPlaces;
  readonly mapping: Pick<Mapping, 'batchSize' | 'bisect' | 'retries' | 'reportBatchItemFailures'>;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Told of records that are passed over. */
  readonly giveUp: (records: readonly StreamRecord[]) => Promise<void>;
  readonly onFault: (what: string, cause: unknown) => void;
  readonly firstRetryMs?: number;
}

const longestRetryMs = 10_000;
const pauseAfterFaultMs = 250;

export class StreamSource {
  readonly #options: StreamSourceOptions;
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(options: StreamSourceOptions) {
    this.#options = options;
    this.#loop = this.#poll();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #poll(): Promise<void> {
    let stream: TableStream | undefined;
    while (!this.#stopped) {
      try {
        stream ??= await this.#options.open();
        await this.#read(stream);
      } catch (error) {
        if (this.#stopped) return;
        this.#options.onFault('A stream could not be read.', error);
        await this.#wait(pauseAfterFaultMs);
      }
    }
  }

  async #read(stream: TableStream): Promise<void> {
    const records = await stream.after(this.#options.places.of(stream.arn), this.#stopping.signal);
    const { batchSize } = this.#options.mapping;
    for (let at = 0; at < records.length; at += batchSize)
      await this.#deliver(stream.arn, records.slice(at, at + batchSize), 0);
  }

  async #deliver(stream: string, batch: readonly StreamRecord[], attempt: number): Promise<void> {
    if (this.#stopped || batch.length === 0) return;
    const done = await this.#invoke(stream, batch);
    if (done > 0) this.#keep(stream, batch[done - 1]);
    if (done === batch.length) return;
    if (done > 0) return this.#deliver(stream, batch.slice(done), 0);
    const half = Math.floor(batch.length / 2);
    if (this.#options.mapping.bisect && half > 0) {
      await this.#deliver(stream, batch.slice(0, half), attempt);
      return this.#deliver(stream, batch.slice(half), attempt);
    }
    if (this.#isLast(attempt)) return this.#passOver(stream, batch);
    await this.#wait(Math.min(longestRetryMs, (this.#options.firstRetryMs ?? 250) * 2 ** attempt));
    return this.#deliver(stream, batch, attempt + 1);
  }

  #isLast(attempt: number): boolean {
    const { retries } = this.#options.mapping;
    return retries >= 0 && attempt >= retries;
  }

  /** How many records from the front are done: all before the first that failed. */
  async #invoke(stream: string, batch: readonly StreamRecord[]): Promise<number> {
    try {
      const answer = await this.#options.invoke(streamEvent(stream, batch));
      if (!this.#options.mapping.reportBatchItemFailures) return batch.length;
      const failed = failedRecords(answer, batch.map(sequenceNumber));
      const first = batch.findIndex((record) => failed.has(sequenceNumber(record)));
      return first === -1 ? batch.length : first;
    } catch (error) {
      this.#options.onFault(`A batch of ${batch.length} changes failed.`, error);
      return 0;
    }
  }

  async #passOver(stream: string, batch: readonly StreamRecord[]): Promise<void> {
    await this.#options.giveUp(batch);
    this.#keep(stream, batch.at(-1));
  }

  #keep(stream: string, record: StreamRecord | undefined): void {
    if (record !== undefined) this.#options.places.keep(stream, sequenceNumber(record));
  }

  async #wait(ms: number): Promise<void> {
    await pause(ms, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
  }
}

const sequenceNumber = (record: StreamRecord): string => record.dynamodb.SequenceNumber;

function streamEvent(stream: string, records: readonly StreamRecord[]): object {
  return {
    Records: records.map((record) => ({
      ...record,
      eventSource: 'aws:dynamodb',
      eventSourceARN: stream,
      awsRegion: region,
    })),
  };
}
