/**
 * PutItem, UpdateItem, DeleteItem and BatchWriteItem: dynalite's action over a draft, under the item's lock,
 * then one commit. Adds `ReturnValuesOnConditionCheckFailure`, which dynalite does not know.
 */
import type { Input, Operations } from '../aws-json.ts';
import type { Commits } from './commits.ts';
import { Draft } from './draft.ts';
import { checked, database, keyOf, perform, tableNamed } from './dynalite.ts';
import type { Action, Checked, Item, Store } from './dynalite.ts';
import type { ItemLocks } from './item-locks.ts';

export interface Room {
  readonly store: Store;
  readonly locks: ItemLocks;
  readonly commits: Commits;
}
export type WriteAction = 'putItem' | 'updateItem' | 'deleteItem';

export const lockName = (table: string, key: string): string => `${table}~${key}`;

export function writeOperations(room: Room): Operations {
  return {
    'DynamoDB_20120810.PutItem': (input) => write(room, 'putItem', input),
    'DynamoDB_20120810.UpdateItem': (input) => write(room, 'updateItem', input),
    'DynamoDB_20120810.DeleteItem': (input) => write(room, 'deleteItem', input),
    'DynamoDB_20120810.BatchWriteItem': (input) => writeBatch(room, input),
  };
}

async function write(room: Room, action: WriteAction, input: Input): Promise<object> {
  const data = checked(action, input, room.store);
  const table = await tableNamed(room.store, data.TableName);
  const key = keyOf(table, data);
  return room.locks.hold([lockName(data.TableName, key)], async () => {
    const draft = new Draft(room.store);
    const answer = await attempt(draft.view(table, key), action, data).catch(async (error: unknown) => {
      throw withItem(error, wantsOldItem(input) ? await draft.item(table, key) : undefined);
    });
    await room.commits.commit(draft);
    return answer;
  });
}

export const attempt = (view: Store, action: Action, data: Checked): Promise<object> =>
  perform(action, view, data);

export const wantsOldItem = (input: Input): boolean =>
  input['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD';

export function isConditionFailure(error: unknown): boolean {
  const type = (error as { body?: { __type?: string } }).body?.__type ?? '';
  return type.endsWith('#ConditionalCheckFailedException');
}

function withItem(error: unknown, item: Item | undefined): unknown {
  if (!isConditionFailure(error) || !item) return error;
  const failure = error as { body: object };
  failure.body = { ...failure.body, Item: item };
  return error;
}

interface BatchRequest {
  readonly PutRequest?: { readonly Item: Item };
  readonly DeleteRequest?: { readonly Key: Item };
}

/** As on AWS each of the writes is whole, the batch is not; it is refused before the first if any is wrong. */
async function writeBatch(room: Room, input: Input): Promise<object> {
  const data = checked('batchWriteItem', input, room.store) as unknown as {
    RequestItems: Record<string, readonly BatchRequest[]>;
  };
  const requests = Object.entries(data.RequestItems).flatMap(([table, list]) =>
    list.map((request) => ({ TableName: table, ...request.PutRequest, ...request.DeleteRequest })),
  );
  const names = new Set<string>();
  for (const request of requests)
    names.add(lockName(request.TableName, keyOf(await tableNamed(room.store, request.TableName), request)));
  if (names.size < requests.length)
    throw database.validationError('Provided list of item keys contains duplicates');
  await Promise.all(
    requests.map((request) => write(room, 'Item' in request ? 'putItem' : 'deleteItem', request)),
  );
  return { UnprocessedItems: {} };
}
