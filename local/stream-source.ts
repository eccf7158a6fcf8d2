/**
 * A table stream's event source, with Lambda's contract (AWS Lambda developer guide, "Using Lambda with DynamoDB
 * Streams"): records in order, one batch at a time; a failed batch blocks its shard and is tried again, halved
 * first where the mapping says so; after the last try it is reported to the failure queue and passed over. The
 * position is kept on disk after each batch.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { failedRecords } from './sqs-event.ts';
import { PositionLost, type StreamApi, type StreamRecord } from './stream-api.ts';
import type { StreamPositions } from './stream-positions.ts';
import { region } from './template.ts';
import type { Mapping } from './triggers.ts';

export interface StreamSourceOptions {
  readonly api: StreamApi;
  readonly table: string;
  readonly positions: StreamPositions;
  readonly mapping: Pick<Mapping, 'batchSize' | 'bisect' | 'retries' | 'reportBatchItemFailures'>;
  readonly invoke: (event: unknown) => Promise<unknown>;
  /** Told of records that are passed over. */
  readonly giveUp: (records: readonly StreamRecord[]) => Promise<void>;
  readonly onFault: (what: string, cause: unknown) => void;
  readonly pollMs?: number;
  readonly firstRetryMs?: number;
}

const longestRetryMs = 10_000;

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
    while (!this.#stopped) {
      try {
        await this.#readShards();
      } catch (error) {
        if (!this.#stopped)
          this.#options.onFault(`The stream of ${this.#options.table} could not be read.`, error);
      }
      await this.#wait(this.#options.pollMs ?? 250);
    }
  }

  async #readShards(): Promise<void> {
    const { api, table } = this.#options;
    const stream = await api.streamOf(table);
    const shards = await api.shardsOf(stream);
    await Promise.all(shards.map((shard) => this.#readShard(stream, shard)));
  }

  /** Until the shard ends or the gateway stops; an empty answer is asked again after a while. */
  async #readShard(stream: string, shard: string): Promise<void> {
    let iterator: string | undefined = await this.#iterator(stream, shard);
    while (iterator !== undefined && !this.#stopped) {
      const { records, next } = await this.#options.api.records(iterator, this.#options.mapping.batchSize);
      if (records.length > 0) await this.#deliver(stream, shard, records, 0);
      else await this.#wait(this.#options.pollMs ?? 250);
      iterator = next;
    }
  }

  /** A position older than what the stream keeps: read what there is. */
  async #iterator(stream: string, shard: string): Promise<string> {
    try {
      return await this.#options.api.iterator(stream, shard, this.#options.positions.read(shard));
    } catch (error) {
      if (!(error instanceof PositionLost)) throw error;
      return this.#options.api.iterator(stream, shard);
    }
  }

  async #deliver(
    stream: string,
    shard: string,
    batch: readonly StreamRecord[],
    attempt: number,
  ): Promise<void> {
    if (this.#stopped || batch.length === 0) return;
    const done = await this.#invoke(stream, batch);
    if (done > 0) this.#keep(shard, batch[done - 1]);
    if (done === batch.length) return;
    if (done > 0) return this.#deliver(stream, shard, batch.slice(done), 0);
    const half = Math.floor(batch.length / 2);
    if (this.#options.mapping.bisect && half > 0) {
      await this.#deliver(stream, shard, batch.slice(0, half), attempt);
      return this.#deliver(stream, shard, batch.slice(half), attempt);
    }
    if (this.#isLast(attempt)) return this.#passOver(shard, batch);
    await this.#wait(Math.min(longestRetryMs, (this.#options.firstRetryMs ?? 250) * 2 ** attempt));
    return this.#deliver(stream, shard, batch, attempt + 1);
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

  async #passOver(shard: string, batch: readonly StreamRecord[]): Promise<void> {
    await this.#options.giveUp(batch);
    this.#keep(shard, batch.at(-1));
  }

  #keep(shard: string, record: StreamRecord | undefined): void {
    if (record !== undefined) this.#options.positions.write(shard, sequenceNumber(record));
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
