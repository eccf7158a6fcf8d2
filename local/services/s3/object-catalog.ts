/**
 * What S3 knows about buckets and objects, kept in SQLite: an object exists from the moment its row is written,
 * and an overwritten one is the old or the new, never a mixture, whenever the process dies. Handed to fauxqs
 * as its persistence; bodies are in ObjectFiles.
 */
import { DatabaseSync } from 'node:sqlite';
import type { Segment } from './object-files.ts';

/** fauxqs's record of an object, and where its body lies. */
export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
  readonly contentType: string;
  readonly contentLength: number;
  readonly etag: string;
  readonly lastModified: Date;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts?: readonly { partNumber: number; offset: number; length: number }[];
  readonly checksumAlgorithm?: 'CRC32';
  readonly checksumValue?: string;
  readonly checksumType?: 'FULL_OBJECT';
  readonly segments: readonly Segment[];
}

/** The part of fauxqs's S3Store that is used here. */
export interface ObjectStore {
  persistence: unknown;
  readonly buckets: Map<string, Map<string, StoredObject>>;
  readonly multipartUploads: Map<string, Upload>;
  createBucket(name: string, type?: string): void;
  setBucketCreationDate(name: string, date: Date): void;
  restoreBucketLifecycleConfiguration(name: string, rules: string): void;
  abortMultipartUpload(uploadId: string): void;
}

export interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly parts: Map<number, Part>;
}

export interface Part extends Segment {
  readonly md5: string;
}

const tables = `
CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created TEXT NOT NULL, type TEXT NOT NULL, rules TEXT);
CREATE TABLE IF NOT EXISTS objects (bucket TEXT, key TEXT, facts TEXT NOT NULL, PRIMARY KEY (bucket, key)) WITHOUT ROWID;
`;

const noBody = Buffer.alloc(0);

export class ObjectCatalog {
  readonly #db: DatabaseSync;
  readonly #forget: (segments: readonly Segment[]) => void;

  /** `forget` is told the segments that no object names any more. */
  constructor(file: string, forget: (segments: readonly Segment[]) => void) {
    this.#forget = forget;
    this.#db = new DatabaseSync(file);
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    this.#db.exec(tables);
  }

  /** Fills fauxqs's store; returns the files that hold bodies. */
  load(store: ObjectStore): Set<string> {
    const files = new Set<string>();
    for (const row of this.#all('SELECT name, created, type, rules FROM buckets')) {
      store.createBucket(String(row['name']), String(row['type']));
      store.setBucketCreationDate(String(row['name']), new Date(String(row['created'])));
      if (typeof row['rules'] === 'string')
        store.restoreBucketLifecycleConfiguration(String(row['name']), row['rules']);
    }
    for (const row of this.#all('SELECT bucket, facts FROM objects')) {
      const facts = JSON.parse(String(row['facts'])) as StoredObject;
      for (const { file } of facts.segments) files.add(file);
      const object = { ...facts, body: noBody, lastModified: new Date(facts.lastModified) };
      store.buckets.get(String(row['bucket']))?.set(facts.key, object);
    }
    return files;
  }

  put(store: ObjectStore, bucket: string, facts: Omit<StoredObject, 'body'>): void {
    const objects = store.buckets.get(bucket);
    const old = objects?.get(facts.key);
    this.#db
      .prepare('INSERT OR REPLACE INTO objects VALUES (?, ?, ?)')
      .run(bucket, facts.key, JSON.stringify(facts));
    objects?.set(facts.key, { ...facts, body: noBody });
    if (old) this.#forget(old.segments);
  }

  close(): void {
    this.#db.close();
  }

  // What fauxqs calls on its persistence. It never sees a body: ObjectRoutes answers those requests.

  insertBucket(name: string, created: Date, type: string): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO buckets VALUES (?, ?, ?, NULL)')
      .run(name, created.toISOString(), type);
  }

  deleteBucket(name: string): void {
    this.#db.prepare('DELETE FROM buckets WHERE name = ?').run(name);
  }

  saveBucketLifecycleConfiguration(name: string, rules: string): void {
    this.#db.prepare('UPDATE buckets SET rules = ? WHERE name = ?').run(rules, name);
  }

  deleteBucketLifecycleConfiguration(name: string): void {
    this.#db.prepare('UPDATE buckets SET rules = NULL WHERE name = ?').run(name);
  }

  deleteObject(bucket: string, key: string): void {
    const row = this.#db
      .prepare('DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING facts')
      .get(bucket, key);
    if (row) this.#forget((JSON.parse(String(row['facts'])) as StoredObject).segments);
  }

  upsertObject(): never {
    throw new Error('This S3 request is not offered on one machine.');
  }

  /** A started upload does not outlive the process that sends it: its parts go with the next start. */
  insertMultipartUpload(): void {}

  deleteMultipartUpload(): void {}

  #all(query: string): Record<string, unknown>[] {
    return this.#db.prepare(query).all();
  }
}
