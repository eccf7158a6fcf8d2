/**
 * Tables and the facts about them: created and deleted whole (a table is there and ACTIVE with the reply),
 * with their stream and TTL attribute kept in the table's own record.
 */
import { ServiceError, textOf } from '../aws-json.ts';
import type { Input, Operations } from '../aws-json.ts';
import { checked, perform, prefixOf, tableNamed, under } from './dynalite.ts';
import type { Checked, Store, StreamView, Table } from './dynalite.ts';
import type { ItemLocks } from './item-locks.ts';

interface TableRoom {
  readonly store: Store;
  readonly locks: ItemLocks;
}

export function tableOperations(room: TableRoom): Operations {
  const alone =
    (work: (room: TableRoom, name: string, input: Input) => Promise<object>) => (input: Input) => {
      const name = textOf(input['TableName']);
      return room.locks.hold([prefixOf.table + name], () => work(room, name, input));
    };
  return {
    'DynamoDB_20120810.CreateTable': alone(createTable),
    'DynamoDB_20120810.DeleteTable': alone(deleteTable),
    'DynamoDB_20120810.UpdateTimeToLive': alone(updateTimeToLive),
    'DynamoDB_20120810.DescribeTable': (input) =>
      perform('describeTable', room.store, checked('describeTable', input, room.store)),
    'DynamoDB_20120810.DescribeTimeToLive': (input) => describeTimeToLive(room, input),
    'DynamoDB_20120810.ListTables': async () => ({
      TableNames: (await allTables(room.store)).map((table) => table.TableName),
    }),
  };
}

export async function allTables(store: Store): Promise<Table[]> {
  return (await store.db.values(under(prefixOf.table)).all()) as Table[];
}

/** Finishes the deletions that a killed process left half done. */
export async function finishDeletions(store: Store): Promise<void> {
  for (const table of await allTables(store)) if (table.TableStatus === 'DELETING') await clear(store, table);
}

async function createTable({ store }: TableRoom, name: string, input: Input): Promise<object> {
  const data = checked('createTable', input, store);
  const shape = await shapeOf(store, data);
  const stream = input['StreamSpecification'] as Table['StreamSpecification'];
  const table = {
    ...shape,
    TableStatus: 'ACTIVE' as const,
    ...active(shape, 'GlobalSecondaryIndexes'),
    ...(stream?.StreamEnabled ? streamOf(shape, stream.StreamViewType) : {}),
  };
  await keep(store, name, table);
  return { TableDescription: table };
}

/** dynalite's record of the new table; what it would write at once and, for the status, later is not written. */
async function shapeOf(store: Store, data: Checked): Promise<Table> {
  const tableDb = {
    ...store.tableDb,
    put: (_key: string, _value: unknown, done: (error: null) => void) => done(null),
  };
  const answer = (await perform('createTable', { ...store, tableDb }, data)) as { TableDescription: Table };
  return structuredClone(answer.TableDescription);
}

function active(table: Table, kind: 'GlobalSecondaryIndexes'): object {
  const indexes = table[kind];
  return indexes ? { [kind]: indexes.map((index) => ({ ...index, IndexStatus: 'ACTIVE' })) } : {};
}

function streamOf(table: Table, view: StreamView): object {
  const label = new Date().toISOString().slice(0, -1);
  return {
    StreamSpecification: { StreamEnabled: true, StreamViewType: view },
    LatestStreamLabel: label,
    LatestStreamArn: `${table.TableArn}/stream/${label}`,
  };
}

async function deleteTable({ store }: TableRoom, name: string): Promise<object> {
  const table = { ...(await tableNamed(store, name)), TableStatus: 'DELETING' as const };
  await keep(store, name, table);
  await clear(store, table);
  return { TableDescription: table };
}

async function clear(store: Store, table: Table): Promise<void> {
  const name = table.TableName;
  const prefixes = [
    prefixOf.items(name),
    prefixOf.stream(name),
    ...(table.GlobalSecondaryIndexes ?? []).map((index) => prefixOf.index('global', name, index.IndexName)),
    ...(table.LocalSecondaryIndexes ?? []).map((index) => prefixOf.index('local', name, index.IndexName)),
  ];
  for (const prefix of prefixes) await store.db.clear(under(prefix));
  await store.db.batch([{ type: 'del', key: prefixOf.table + name }]);
  store.known.delete(name);
}

async function updateTimeToLive({ store }: TableRoom, name: string, input: Input): Promise<object> {
  const wanted = input['TimeToLiveSpecification'] as
    { Enabled?: boolean; AttributeName?: string } | undefined;
  const attribute = wanted?.AttributeName;
  if (!attribute)
    throw new ServiceError('com.amazon.coral.validate#ValidationException', 'AttributeName is missing.');
  const { TimeToLiveAttribute: _old, ...table } = await tableNamed(store, name);
  await keep(store, name, wanted.Enabled ? { ...table, TimeToLiveAttribute: attribute } : table);
  return { TimeToLiveSpecification: { Enabled: wanted.Enabled === true, AttributeName: attribute } };
}

async function describeTimeToLive({ store }: TableRoom, { TableName: name }: Input): Promise<object> {
  const { TimeToLiveAttribute: attribute } = await tableNamed(store, textOf(name));
  return {
    TimeToLiveDescription: attribute
      ? { TimeToLiveStatus: 'ENABLED', AttributeName: attribute }
      : { TimeToLiveStatus: 'DISABLED' },
  };
}

async function keep(store: Store, name: string, table: Table): Promise<void> {
  await store.db.batch([{ type: 'put', key: prefixOf.table + name, value: table }]);
  store.known.set(name, table);
}
