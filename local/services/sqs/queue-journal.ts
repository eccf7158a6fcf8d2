/**
 * fauxqs's SQLite persistence for queues, made whole. All that one request writes is one transaction, so a
 * message on its way to a dead-letter queue cannot be lost in between; a visibility timeout of 0 does not fail
 * on the receive count that fauxqs would set to null; and a message that a dead worker held is visible again at
 * the next start, because no worker outlives the process.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface Queue {
  url: string;
  readonly name: string;
  persistence: unknown;
}

/** The part of fauxqs's SqsStore that is used here. */
export interface QueueStore {
  host: string;
  persistence: unknown;
  readonly queues: Map<string, Queue>;
}

/** fauxqs's PersistenceManager: its methods by name, and its database. */
export interface Persistence {
  readonly db: DatabaseSync;
  loadSqsQueues(store: QueueStore): void;
  close(): void;
}

const written = [
  'insertQueue',
  'deleteQueue',
  'updateQueueAttributes',
  'updateQueueSequenceCounter',
  'insertMessage',
  'deleteMessage',
  'updateMessageInflight',
  'deleteQueueMessages',
  'deleteAllMessages',
] as const;

type Method = (...values: readonly unknown[]) => void;

export function journalQueues(store: QueueStore, persistence: Persistence): void {
  const { db } = persistence;
  db.exec('PRAGMA synchronous = NORMAL');
  db.exec('UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL');
  persistence.loadSqsQueues(store);
  store.persistence = wholeWrites(persistence);
  for (const queue of store.queues.values()) queue.persistence = store.persistence;
}

/** Queue URLs name the port of this start. */
export function renameQueues(store: QueueStore, endpoint: string): void {
  const queues = [...store.queues.values()];
  store.queues.clear();
  for (const queue of queues) {
    queue.url = `${endpoint}${new URL(queue.url).pathname}`;
    store.queues.set(queue.url, queue);
  }
}

function wholeWrites(persistence: Persistence): Record<string, Method> {
  const { db } = persistence;
  const begin = beginner(db);
  const ready = db.prepare(
    'UPDATE sqs_messages SET receipt_handle = NULL, visibility_deadline = NULL WHERE message_id = ?',
  );
  const methods = persistence as unknown as Record<string, Method>;
  const writes = written.map((name): [string, Method] => [
    name,
    (...values) => {
      begin();
      methods[name]?.call(persistence, ...values);
    },
  ]);
  const updateMessageReady: Method = (messageId) => {
    begin();
    ready.run(String(messageId));
  };
  return { ...Object.fromEntries(writes), updateMessageReady };
}

/** fauxqs writes synchronously, so a transaction that ends with the current turn holds all of one request. */
function beginner(db: DatabaseSync): () => void {
  let begun = false;
  const commit = (): void => {
    begun = false;
    db.exec('COMMIT');
  };
  return () => {
    if (begun) return;
    db.exec('BEGIN');
    begun = true;
    queueMicrotask(commit);
  };
}
