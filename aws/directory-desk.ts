/**
 * Table `directory` as the command edits it: items read, written in batches, changed in one field, removed. A write
 * takes the gateway's own marks away, so that publishing shows its new judgement.
 */
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import { ownAttributes } from '../mail/document/plain-item.ts';
import type { SourceKey } from '../mail/directory/kept.ts';
import type { TableOf } from './batch-get.ts';
import { sourceItem, type SourceItem } from './directory-table.ts';
import { conditionally, toItem, values, type Item } from './items.ts';

/** BatchWriteItem takes 25 items. */
const mostItems = 25;
const atOnce = 4;
const mostTries = 12;

export interface FieldChange extends SourceKey {
  readonly field: string;
  readonly value: string;
  /** Only where the field is absent or empty. */
  readonly onlyIfEmpty?: boolean;
}

export interface DirectoryDesk {
  itemsOfForm(form: string): Promise<SourceItem[]>;
  /** Writes whole items; `onWritten` hears how many more are written. */
  putAll(documents: readonly object[], onWritten: (count: number) => void): Promise<void>;
  /** False: there was none. */
  remove(key: SourceKey): Promise<boolean>;
  /** Sets one field of an item that is there; false: it is gone, or was filled meanwhile. */
  setField(change: FieldChange): Promise<boolean>;
}

export function directoryDesk(to: TableOf): DirectoryDesk {
  return {
    itemsOfForm: (form) => itemsOfForm(to, form),
    putAll: (documents, onWritten) => putAll(to, documents, onWritten),
    remove: (key) => remove(to, key),
    setField: (change) => setField(to, change),
  };
}

async function itemsOfForm({ client, table }: TableOf, form: string): Promise<SourceItem[]> {
  const found: SourceItem[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#form = :form',
        ExpressionAttributeNames: { '#form': 'form' },
        ExpressionAttributeValues: values({ ':form': form }),
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []).map(sourceItem));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

async function putAll(
  to: TableOf,
  documents: readonly object[],
  onWritten: (count: number) => void,
): Promise<void> {
  let next = 0;
  async function worker(): Promise<void> {
    while (next < documents.length) {
      const batch = documents.slice(next, next + mostItems);
      next += mostItems;
      await putBatch(to, batch);
      onWritten(batch.length);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
}

async function putBatch({ client, table }: TableOf, batch: readonly object[]): Promise<void> {
  let left: WriteRequest[] = batch.map((document) => ({ PutRequest: { Item: toItem(document) } }));
  for (let tries = 1; left.length > 0; tries += 1) {
    const { UnprocessedItems } = await client.send(
      new BatchWriteItemCommand({ RequestItems: { [table]: left } }),
    );
    left = UnprocessedItems?.[table] ?? [];
    if (left.length > 0 && tries >= mostTries)
      throw new Error(`Table ${table} left ${left.length} documents unwritten after ${mostTries} tries.`);
    if (left.length > 0) await pause(Math.min(5_000, 25 * 2 ** tries) * Math.random());
  }
}

async function remove({ client, table }: TableOf, { form, name }: SourceKey): Promise<boolean> {
  const { Attributes } = await client.send(
    new DeleteItemCommand({ TableName: table, Key: toItem({ form, name }), ReturnValues: 'ALL_OLD' }),
  );
  return Attributes !== undefined;
}

async function setField({ client, table }: TableOf, change: FieldChange): Promise<boolean> {
  const { form, name, field, value, onlyIfEmpty } = change;
  const isEmpty = ' AND (attribute_not_exists(#field) OR #field = :empty)';
  const marks = ownAttributes.map((mark) => `#${mark}`).join(', ');
  const { done } = await conditionally(() =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toItem({ form, name }),
        UpdateExpression: `SET #field = :value REMOVE ${marks}`,
        ConditionExpression: `attribute_exists(#form)${onlyIfEmpty === true ? isEmpty : ''}`,
        ExpressionAttributeNames: {
          '#form': 'form',
          '#field': field,
          ...Object.fromEntries(ownAttributes.map((mark) => [`#${mark}`, mark])),
        },
        ExpressionAttributeValues: values({
          ':value': value,
          ...(onlyIfEmpty === true ? { ':empty': '' } : {}),
        }),
      }),
    ),
  );
  return done;
}
