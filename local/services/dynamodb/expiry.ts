/**
 * TTL: deletes items whose TTL attribute lies in the past, now and then. AWS may be two days late, so readers
 * compare `expiresAt` themselves; this only keeps the folder from growing. Also trims the streams.
 */
import { Draft } from './draft.ts';
import { keyOf, perform, prefixOf, under } from './dynalite.ts';
import type { Item, Table } from './dynalite.ts';
import type { StreamLog } from './stream-log.ts';
import { allTables } from './tables.ts';
import { lockName } from './writes.ts';
import type { Room } from './writes.ts';

export async function sweep(room: Room, streams: StreamLog, now: number): Promise<void> {
  for (const table of await allTables(room.store)) {
    if (table.LatestStreamArn) await streams.trim(table, now);
    if (table.TimeToLiveAttribute) await expire(room, table, table.TimeToLiveAttribute, now);
  }
}

async function expire(room: Room, table: Table, attribute: string, now: number): Promise<void> {
  const gone = (item: Item | undefined): boolean => Number(item?.[attribute]?.['N'] ?? Infinity) * 1000 < now;
  for await (const item of room.store.db.values(under(prefixOf.items(table.TableName))))
    if (gone(item as Item)) await remove(room, table, item as Item, gone);
}

async function remove(room: Room, table: Table, found: Item, gone: (item?: Item) => boolean): Promise<void> {
  const key = keyOf(table, { Item: found });
  const names = table.KeySchema.map(({ AttributeName }) => AttributeName);
  const Key = Object.fromEntries(names.map((name) => [name, found[name]])) as Item;
  await room.locks.hold([lockName(table.TableName, key)], async () => {
    const draft = new Draft(room.store);
    // It may have been given more time since it was read.
    if (!gone(await draft.item(table, key))) return;
    await perform('deleteItem', draft.view(table, key), { TableName: table.TableName, Key });
    await room.commits.commit(draft, { expired: true });
  });
}
