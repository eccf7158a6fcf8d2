/**
 * DynamoDB on one machine: dynalite 4's checks and actions behind our own front, with transactions, TTL,
 * Streams and old items on failed conditions. Keeps everything in one LevelDB folder, which only one process
 * can open; what was answered survives a killed process.
 */
import { serveJson } from '../aws-json.ts';
import type { Endpoint, OnFault } from '../aws-json.ts';
import { Commits } from './commits.ts';
import { storeIn } from './dynalite.ts';
import { sweep } from './expiry.ts';
import { ItemLocks } from './item-locks.ts';
import { readOperations } from './reads.ts';
import { StreamLog } from './stream-log.ts';
import { allTables, finishDeletions, tableOperations } from './tables.ts';
import { transactionOperations } from './transactions.ts';
import { writeOperations } from './writes.ts';

export interface DynamoDb extends Endpoint {
  /** What runs every ten minutes: TTL and trimming, as if it were `now`. */
  sweep(now: number): Promise<void>;
}

const sweepEvery = 10 * 60 * 1000;

export async function startDynamoDb(folder: string, onFault: OnFault): Promise<DynamoDb> {
  const store = storeIn(folder);
  await store.db.open();
  await finishDeletions(store);
  const streams = new StreamLog(store);
  const tables = await allTables(store);
  for (const table of tables) store.known.set(table.TableName, table);
  await streams.open(tables);
  const room = { store, locks: new ItemLocks(), commits: new Commits(store.db, streams) };
  const front = await serveJson(
    {
      ...readOperations(store),
      ...writeOperations(room),
      ...transactionOperations(room),
      ...tableOperations(room),
      ...streams.operations(() => allTables(store)),
    },
    onFault,
  );
  const timer = sweeping(() => sweep(room, streams, Date.now()), onFault);
  return {
    url: front.url,
    sweep: (now) => sweep(room, streams, now),
    stop: async () => {
      clearInterval(timer);
      await front.stop();
      await store.db.close();
    },
  };
}

function sweeping(run: () => Promise<void>, onFault: OnFault): NodeJS.Timeout {
  const timer = setInterval(() => {
    run().catch((error: unknown) =>
      onFault(new Error('Expired items could not be deleted.', { cause: error })),
    );
  }, sweepEvery);
  return timer.unref();
}
