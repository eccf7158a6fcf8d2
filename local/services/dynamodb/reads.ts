/**
 * GetItem, BatchGetItem, Query and Scan: dynalite's actions over the store, without locks. The one thing added
 * is where a page of an index goes on: our index entries carry the item's key behind dynalite's (see Draft).
 */
import type { Input, Operations } from '../aws-json.ts';
import { checked, database, perform, tableNamed } from './dynalite.ts';
import type { Action, Checked, Item, Range, Records, Store } from './dynalite.ts';

export function readOperations(store: Store): Operations {
  const read = (action: Action) => (input: Input) => perform(action, store, checked(action, input, store));
  const page = (action: 'query' | 'scan') => async (input: Input) => {
    const data = checked(action, input, store);
    return perform(action, await continuing(store, data), data);
  };
  return {
    'DynamoDB_20120810.GetItem': read('getItem'),
    'DynamoDB_20120810.BatchGetItem': read('batchGetItem'),
    'DynamoDB_20120810.Query': page('query'),
    'DynamoDB_20120810.Scan': page('scan'),
  };
}

async function continuing(store: Store, data: Checked): Promise<Store> {
  const start = data['ExclusiveStartKey'] as Item | undefined;
  if (!start || !data['IndexName']) return store;
  const table = await tableNamed(store, data.TableName);
  const index = [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])].find(
    ({ IndexName }) => IndexName === data['IndexName'],
  );
  if (!index || ![...index.KeySchema, ...table.KeySchema].every(({ AttributeName }) => start[AttributeName]))
    return store;
  const theirs = database.createIndexKey(start, table, index.KeySchema);
  const ours = `${theirs}/${database.createKey(start, table)}`;
  return { ...store, getIndexDb: (...names) => startingAt(store.getIndexDb(...names), theirs, ours) };
}

function startingAt(records: Records, theirs: string, ours: string): Records {
  const moved = (bound: string | undefined): string | undefined => (bound === theirs ? ours : bound);
  return {
    ...records,
    createValueStream: (range: Range) => {
      const bounds = { ...range, gt: moved(range.gt), lt: moved(range.lt) };
      const given = Object.fromEntries(Object.entries(bounds).filter(([, bound]) => bound !== undefined));
      return records.createValueStream?.(given) as NodeJS.ReadableStream;
    },
  };
}
