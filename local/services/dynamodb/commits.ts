/**
 * The one writer of the store: drafts that wait are written together, in one LevelDB batch with the stream
 * records of their changes. LevelDB applies a batch whole or not at all, also when the process is killed; one
 * batch at a time keeps the stream's order the order in which its records can be seen.
 */
import type { Draft } from './draft.ts';
import type { Level } from './dynalite.ts';
import type { StreamLog } from './stream-log.ts';

interface Waiting {
  readonly draft: Draft;
  readonly expired: boolean;
  readonly settled: PromiseWithResolvers<void>;
}

export class Commits {
  readonly #db: Level;
  readonly #streams: StreamLog;
  #waiting: Waiting[] = [];
  #writing = false;

  constructor(db: Level, streams: StreamLog) {
    this.#db = db;
    this.#streams = streams;
  }

  /** Settled once the draft is in the store. `expired`: the change is TTL's, which stream readers are told. */
  commit(draft: Draft, { expired = false } = {}): Promise<void> {
    const settled = Promise.withResolvers<void>();
    this.#waiting.push({ draft, expired, settled });
    if (!this.#writing) void this.#drain();
    return settled.promise;
  }

  async #drain(): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      await this.#write(group);
    }
    this.#writing = false;
  }

  async #write(group: readonly Waiting[]): Promise<void> {
    try {
      const records = group.flatMap(({ draft, expired }) =>
        draft.changes().flatMap((change) => this.#streams.record(change, expired)),
      );
      await this.#db.batch([...group.flatMap(({ draft }) => draft.writes()), ...records]);
      if (records.length > 0) this.#streams.tellWaiting();
      for (const { settled } of group) settled.resolve();
    } catch (error) {
      for (const { settled } of group) settled.reject(error);
    }
  }
}
