/**
 * DynamoDB Streams: one shard per table, its records kept in the store. A record is written in the batch that
 * changes the item, so a change that a killed process made is in the stream, and one it did not make is not.
 * Records older than 24 hours are dropped as on AWS, but never the newest 10,000 of a table: a gateway
 * that was off for a week still reads what changed before.
 */
import { ServiceError } from '../aws-json.ts';
import type { Input, Operations } from '../aws-json.ts';
import { prefixOf, tableNamed, under } from './dynalite.ts';
import type { Item, Range, Store, Table, Write } from './dynalite.ts';
import type { Change } from './draft.ts';

export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  readonly eventVersion: '1.1';
  readonly eventSource: 'aws:dynamodb';
  readonly awsRegion: string;
  readonly dynamodb: {
    /** Epoch seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly Keys: Item;
    readonly NewImage?: Item;
    readonly OldImage?: Item;
    readonly SequenceNumber: string;
    readonly SizeBytes: number;
    readonly StreamViewType: string;
  };
  readonly userIdentity?: { readonly Type: 'Service'; readonly PrincipalId: 'dynamodb.amazonaws.com' };
}

const shardId = 'shardId-00000000000000000000-00000001';
const keptAlways = 10_000;
const keptSeconds = 24 * 60 * 60;
const mostPerCall = 1_000;

export class StreamLog {
  readonly #store: Store;
  readonly #waiting = new Set<() => void>();
  #last = 0n;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Numbers go on above the highest ever given, whatever the clock says now. */
  async open(tables: readonly Table[]): Promise<void> {
    for (const table of tables) {
      const prefix = prefixOf.stream(table.TableName);
      const [key] = await this.#store.db.keys({ ...under(prefix), reverse: true, limit: 1 }).all();
      const last = key === undefined ? 0n : BigInt(key.slice(prefix.length));
      if (last > this.#last) this.#last = last;
    }
  }

  /** The write that records a change; none where the table has no stream or nothing changed. */
  record(change: Change, expired: boolean): Write[] {
    const { table, before, after } = change;
    if (!table.StreamSpecification?.StreamEnabled || JSON.stringify(before) === JSON.stringify(after))
      return [];
    const number = this.#next();
    const value = this.#describe(change, number, expired);
    return [{ type: 'put', key: prefixOf.stream(table.TableName) + number, value }];
  }

  /** Something was written: who waits for records looks again. */
  tellWaiting(): void {
    for (const look of this.#waiting) look();
  }

  async trim(table: Table, now: number): Promise<void> {
    const prefix = prefixOf.stream(table.TableName);
    const keys = await this.#store.db.keys(under(prefix)).all();
    const old = keys.slice(0, -keptAlways);
    const oldest = numberAt(now - keptSeconds * 1000);
    const kept = old.findIndex((key) => BigInt(key.slice(prefix.length)) >= oldest);
    const end = kept === -1 ? keys[old.length] : old[kept];
    if (old.length > 0 && end !== undefined) await this.#store.db.clear({ gte: prefix, lt: end });
  }

  operations(tables: () => Promise<Table[]>): Operations {
    return {
      'DynamoDBStreams_20120810.ListStreams': async (input) => this.#list(await tables(), input),
      'DynamoDBStreams_20120810.DescribeStream': async (input) => describe(await this.#tableOf(input)),
      'DynamoDBStreams_20120810.GetShardIterator': async (input) =>
        this.#iterator(await this.#tableOf(input), input),
      'DynamoDBStreams_20120810.GetRecords': (input) => this.#read(input),
    };
  }

  async #recordsIn(range: Range, end: number): Promise<StreamRecord[]> {
    for (;;) {
      const left = end - Date.now();
      // Before the look, so that nothing is written unseen between the two.
      const written = left > 0 ? this.#written(left) : undefined;
      const records = (await this.#store.db.values(range).all()) as StreamRecord[];
      if (records.length > 0 || written === undefined) return records;
      await written;
    }
  }

  #written(longestMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(look);
      resolve();
    };
    const timer = setTimeout(look, longestMs).unref();
    this.#waiting.add(look);
    return promise;
  }

  #next(): string {
    const now = numberAt(Date.now());
    this.#last = now > this.#last ? now : this.#last + 1n;
    return padded(this.#last);
  }

  #describe({ table, before, after }: Change, number: string, expired: boolean): StreamRecord {
    const view = table.StreamSpecification?.StreamViewType ?? 'KEYS_ONLY';
    const item = after ?? before ?? {};
    const keys = Object.fromEntries(
      table.KeySchema.map(({ AttributeName: name }) => [name, item[name] as Item[string]]),
    );
    return {
      eventID: number,
      eventName: !before ? 'INSERT' : after ? 'MODIFY' : 'REMOVE',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: this.#store.tableDb.awsRegion,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: keys,
        ...(after && view.includes('NEW') ? { NewImage: after } : {}),
        ...(before && view.includes('OLD') ? { OldImage: before } : {}),
        SequenceNumber: number,
        SizeBytes: JSON.stringify(item).length,
        StreamViewType: view,
      },
      ...(expired ? { userIdentity: { Type: 'Service', PrincipalId: 'dynamodb.amazonaws.com' } } : {}),
    };
  }

  #list(tables: readonly Table[], { TableName: only }: Input): object {
    const streams = tables.filter(
      (table) => table.LatestStreamArn && (only ?? table.TableName) === table.TableName,
    );
    return { Streams: streams.map(summary) };
  }

  async #tableOf({ StreamArn: arn }: Input): Promise<Table> {
    const name = /:table\/([^/]+)\/stream\//.exec(String(arn))?.[1] ?? '';
    const table = await tableNamed(this.#store, name).catch(() => undefined);
    if (!table || table.LatestStreamArn !== arn) throw notFound(`There is no stream ${String(arn)}.`);
    return table;
  }

  #iterator(table: Table, input: Input): object {
    const given = typeof input['SequenceNumber'] === 'string' ? input['SequenceNumber'] : '0';
    const after: Record<string, () => bigint> = {
      TRIM_HORIZON: () => 0n,
      LATEST: () => this.#last,
      AT_SEQUENCE_NUMBER: () => BigInt(given) - 1n,
      AFTER_SEQUENCE_NUMBER: () => BigInt(given),
    };
    const start = after[String(input['ShardIteratorType'])];
    if (!start || !/^\d+$/.test(given)) throw invalid('ShardIteratorType or SequenceNumber is not valid.');
    return { ShardIterator: iteratorOf(table.TableName, padded(start())) };
  }

  /** `WaitTimeSeconds` is SQS's: our own event source need not ask again and again. */
  async #read({ ShardIterator: iterator, Limit: limit, WaitTimeSeconds: wait }: Input): Promise<object> {
    const [table, after] = placeOf(iterator);
    const prefix = prefixOf.stream(table);
    const range = { gt: prefix + after, lt: under(prefix).lt, limit: Number(limit ?? mostPerCall) };
    const records = await this.#recordsIn(range, Date.now() + Number(wait ?? 0) * 1000);
    const last = records.at(-1)?.dynamodb.SequenceNumber ?? after;
    return { Records: records, NextShardIterator: iteratorOf(table, last) };
  }
}

function describe(table: Table): object {
  return {
    StreamDescription: {
      ...summary(table),
      StreamStatus: 'ENABLED',
      StreamViewType: table.StreamSpecification?.StreamViewType,
      KeySchema: table.KeySchema,
      Shards: [{ ShardId: shardId, SequenceNumberRange: { StartingSequenceNumber: padded(0n) } }],
    },
  };
}

function summary({ TableName, LatestStreamArn, LatestStreamLabel }: Table): object {
  return { TableName, StreamArn: LatestStreamArn, StreamLabel: LatestStreamLabel };
}

const numberAt = (time: number): bigint => BigInt(time) * 1_000_000n;
const padded = (number: bigint): string => String(number).padStart(21, '0');
const iteratorOf = (table: string, after: string): string =>
  Buffer.from(JSON.stringify([table, after])).toString('base64url');

function placeOf(iterator: unknown): [table: string, after: string] {
  try {
    return JSON.parse(Buffer.from(String(iterator), 'base64url').toString()) as [string, string];
  } catch {
    throw invalid('The shard iterator is not one that GetShardIterator gave.');
  }
}

const notFound = (message: string): ServiceError =>
  new ServiceError('com.amazonaws.dynamodb.v20120810#ResourceNotFoundException', message);
const invalid = (message: string): ServiceError =>
  new ServiceError('com.amazon.coral.validate#ValidationException', message);
