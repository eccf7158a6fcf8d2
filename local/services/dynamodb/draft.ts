/**
 * What one call is about to change: dynalite's actions write here, and read their own writes back; the store
 * sees nothing before the draft is committed, whole, in one batch. A draft that is dropped never happened.
 */
import { callbackify } from 'node:util';
import { prefixOf } from './dynalite.ts';
import type { Answer, Item, Records, Store, Table, Write } from './dynalite.ts';

export interface Change {
  readonly table: Table;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
}

export class Draft {
  readonly #store: Store;
  readonly #found = new Map<string, unknown>();
  readonly #writes = new Map<string, Write>();
  readonly #items = new Map<string, Table>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The store as an action on one item may see it. Index entries get the item's key appended: dynalite tells
   * items with the same index key apart by 24 bits of a hash only, too few for a thousand deliveries due at once.
   */
  view(table: Table, itemKey: string): Store {
    this.#items.set(prefixOf.items(table.TableName) + itemKey, table);
    return {
      ...this.#store,
      getItemDb: (name) => this.#records(prefixOf.items(name), ''),
      getIndexDb: (kind, name, index) => this.#records(prefixOf.index(kind, name, index), `/${itemKey}`),
    };
  }

  async item(table: Table, itemKey: string): Promise<Item | undefined> {
    return (await this.#get(prefixOf.items(table.TableName) + itemKey)) as Item | undefined;
  }

  writes(): Write[] {
    return [...this.#writes.values()];
  }

  changes(): Change[] {
    return [...this.#items].flatMap(([key, table]) => {
      const write = this.#writes.get(key);
      if (!write) return [];
      const before = this.#found.get(key) as Item | undefined;
      return [{ table, before, after: write.type === 'put' ? (write.value as Item) : undefined }];
    });
  }

  async #get(key: string): Promise<unknown> {
    const write = this.#writes.get(key);
    if (write) return write.type === 'put' ? write.value : undefined;
    if (!this.#found.has(key)) this.#found.set(key, await this.#store.db.get(key));
    return this.#found.get(key);
  }

  #records(prefix: string, suffix: string): Records {
    const write = (entry: Write, done: Answer): void => {
      this.#writes.set(entry.key, entry);
      done(null);
    };
    return {
      get: callbackify((key: string) => this.#get(prefix + key)),
      put: (key, value, done) => write({ type: 'put', key: prefix + key + suffix, value }, done),
      del: (key, done) => write({ type: 'del', key: prefix + key + suffix }, done),
      // The caller holds the item's lock already.
      lock: (_key, run) => run((done) => done),
    };
  }
}
