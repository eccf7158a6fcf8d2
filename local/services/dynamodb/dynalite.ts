/**
 * The parts of dynalite that do the work of one DynamoDB call, typed: its checks of the input, its actions,
 * and its LevelDB store. Its HTTP server is not used, because its writes are not atomic: it changes the
 * indexes first and the item afterwards, so that a process killed in between leaves an item no index knows.
 * Here the actions run over a `Draft` instead, which is committed in one LevelDB batch.
 */
import { createRequire } from 'node:module';

export type Attribute = Readonly<Record<string, unknown>>;
export type Item = Record<string, Attribute>;
export type Answer<T = void> = (error: Error | null, value?: T) => void;
export type Write =
  | { readonly type: 'put'; readonly key: string; readonly value: unknown }
  | { readonly type: 'del'; readonly key: string };

export interface Table {
  readonly TableName: string;
  readonly TableArn: string;
  readonly TableStatus: 'CREATING' | 'ACTIVE' | 'DELETING' | 'UPDATING';
  readonly KeySchema: readonly { readonly AttributeName: string }[];
  readonly GlobalSecondaryIndexes?: readonly Index[];
  readonly LocalSecondaryIndexes?: readonly Index[];
  /** Added by us; dynalite keeps what it does not know. */
  readonly StreamSpecification?: { readonly StreamEnabled: boolean; readonly StreamViewType: StreamView };
  readonly LatestStreamArn?: string;
  readonly LatestStreamLabel?: string;
  readonly TimeToLiveAttribute?: string;
}

export interface Index {
  readonly IndexName: string;
  readonly KeySchema: Table['KeySchema'];
}

export type StreamView = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

export interface Range {
  readonly gt?: string;
  readonly gte?: string;
  readonly lt?: string;
  readonly lte?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

export interface Level {
  readonly status: string;
  open(): Promise<void>;
  close(): Promise<void>;
  get(key: string): Promise<unknown>;
  batch(writes: readonly Write[]): Promise<void>;
  clear(range: Range): Promise<void>;
  keys(range: Range): { all(): Promise<string[]> };
  values(range: Range): AsyncIterable<unknown> & { all(): Promise<unknown[]> };
}

/** One kind of record in the store: the items of a table, or an index of it. */
export interface Records {
  get(key: string, done: Answer<unknown>): void;
  put(key: string, value: unknown, done: Answer): void;
  del(key: string, done: Answer): void;
  lock(key: string, run: (release: <A>(done: A) => A) => void): void;
  createValueStream?(range: Range): NodeJS.ReadableStream;
}

export interface Store {
  /** Records of tables by name, as they are in the store: every call asks for its table's. */
  readonly known: Map<string, Table>;
  readonly db: Level;
  readonly tableDb: Records & { readonly awsRegion: string };
  getItemDb(table: string): Records;
  getIndexDb(kind: string, table: string, index: string): Records;
  getTable(name: string, mustBeActive: boolean | Answer<Table>, done?: Answer<Table>): void;
}

interface DatabaseModule {
  create(options: { path: string; createTableMs: number; updateTableMs: number }): Omit<Store, 'known'>;
  createKey(item: Item, table: Table): string;
  createIndexKey(item: Item, table: Table, keys: Table['KeySchema']): string;
  validateKey(key: Item, table: Table): Error | undefined;
  validateItem(item: Item, table: Table): Error | undefined;
  checkConditional(data: Checked, item: Item | undefined): Error | null | undefined;
  validationError(message: string): Error;
  itemSize(item: Item): number;
}

/** Input that passed dynalite's checks, with its expressions parsed. */
export interface Checked extends Record<string, unknown> {
  readonly TableName: string;
  readonly Key?: Item;
  readonly Item?: Item;
}

interface Rules {
  readonly types: object;
  readonly custom?: unknown;
}
interface CheckModule {
  checkTypes(input: object, types: object): Checked;
  checkValidations(data: Checked, types: object, custom: unknown, store: Store): void;
}
type Perform = (store: Store, data: Checked, done: Answer<object>) => void;

export type Action =
  | 'batchGetItem'
  | 'createTable'
  | 'deleteItem'
  | 'deleteTable'
  | 'describeTable'
  | 'getItem'
  | 'putItem'
  | 'query'
  | 'scan'
  | 'updateItem'
  | 'batchWriteItem';

const load = createRequire(import.meta.url);
const checks = load('dynalite/validations/index.js') as CheckModule;
export const database = load('dynalite/db/index.js') as DatabaseModule;

/** Nothing is known yet. */
export function storeIn(path: string): Store {
  const store = database.create({ path, createTableMs: 0, updateTableMs: 0 });
  const known = new Map<string, Table>();
  return {
    ...store,
    known,
    getTable(name, mustBeActive, done) {
      const table = known.get(name);
      if (table?.TableStatus !== 'ACTIVE') return store.getTable(name, mustBeActive, done);
      const told = typeof mustBeActive === 'function' ? mustBeActive : done;
      if (told !== undefined) process.nextTick(told, null, table);
    },
  };
}

/** The SDK's input with what dynalite does not know left out; throws the refusal that AWS would send. */
export function checked(action: Action, input: object, store: Store): Checked {
  const rules = load(`dynalite/validations/${action}.js`) as Rules;
  const data = checks.checkTypes({ ...input }, rules.types);
  checks.checkValidations(data, rules.types, rules.custom, store);
  return data;
}

export function perform(action: Action, store: Store, data: Checked): Promise<object> {
  const run = load(`dynalite/actions/${action}.js`) as Perform;
  return new Promise((resolve, reject) => {
    run(store, data, (error, answer) => (error ? reject(error) : resolve(answer ?? {})));
  });
}

export function tableNamed(store: Store, name: string): Promise<Table> {
  return new Promise((resolve, reject) => {
    store.getTable(name, true, (error, table) => (error ? reject(error) : resolve(table as Table)));
  });
}

/** The item's key as the store orders it; throws when the key does not fit the table. */
export function keyOf(table: Table, data: { readonly Key?: Item; readonly Item?: Item }): string {
  const fault = data.Key
    ? database.validateKey(data.Key, table)
    : database.validateItem(data.Item ?? {}, table);
  if (fault) throw fault;
  return database.createKey(data.Key ?? data.Item ?? {}, table);
}

export const prefixOf = {
  table: 'table~',
  items: (table: string): string => `item-${table}~`,
  index: (kind: string, table: string, index: string): string =>
    `index-${kind.toLowerCase()}~${table}~${index}~`,
  stream: (table: string): string => `stream-${table}~`,
} as const;

/** Every key that begins with the prefix. */
export const under = (prefix: string): { gte: string; lt: string } => ({
  gte: prefix,
  lt: `${prefix}\u00ff`,
});
