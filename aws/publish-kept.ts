/**
 * Writes a kept version together with its views: its look-up entries (new, changed, gone) and what it owns
 * (an Internet address; being the default Global Domain). One transaction; a document with more names than a
 * transaction holds takes several, and the kept version tells after each which views stand, so that a later run
 * finishes what an interrupted one began.
 *
 * Conditions: the kept version is the one that was read before the item was (else `lost`: read again); an owned
 * key is free or mine (else `owned`). Of a document that is gone a kept version without document stays, which
 * `forgetKept` removes once all that follows is done. Conflicts and throttling are tried again, with growing waits; what still
 * fails is thrown.
 */
import {
  DeleteItemCommand,
  GetItemCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { DocumentKey, Kept, Warned } from '../mail/directory/kept.ts';
import { idOf } from '../mail/directory/kept.ts';
import { isClaim, viewDigest, viewId, viewKey, type View } from '../mail/directory/document-views.ts';
import type { TableOf } from './batch-get.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';
import { pack } from './packed.ts';

/** A transaction takes 100 items and 4 MB. */
const mostItems = 80;
const mostBytes = 3_000_000;
const mostTries = 10;

export interface Change extends DocumentKey {
  /** The kept version as it was read; undefined: there was none. */
  readonly kept: Kept | undefined;
  /** Claims whose waiters are to be looked at; kept with the version, for who repeats an interrupted run. */
  readonly letGo?: readonly string[];
  /** The version to keep from now on; undefined: none, the document is gone. */
  readonly next?: {
    readonly source: string;
    readonly document: object;
    readonly hash: string;
    readonly publishedAt: string;
    readonly warnings: readonly string[];
    readonly warned?: Warned | undefined;
    readonly views: readonly View[];
  };
}

export type Publication =
  | { readonly outcome: 'done'; readonly version: string }
  /** Somebody else wrote this document's kept version since it was read. */
  | { readonly outcome: 'lost' }
  /** Another document owns `claim`. */
  | { readonly outcome: 'owned'; readonly claim: string; readonly owner: { form: string; name: string } };

type Standing = Record<string, string>;
interface Action {
  readonly id: string;
  /** Undefined: the view goes. */
  readonly digest?: string;
  readonly bytes: number;
  readonly write: TransactWriteItem;
}

export async function publishKept(table: TableOf, change: Change): Promise<Publication> {
  const standing: Standing = { ...change.kept?.standing };
  const steps = inSteps(actionsOf(table.table, change));
  let version = change.kept?.version ?? '';
  for (const [index, step] of steps.entries()) {
    for (const { id, digest } of step) {
      if (digest === undefined) delete standing[id];
      else standing[id] = digest;
    }
    const item = keptItem(change, standing, index === steps.length - 1);
    const lost = await transact(table, [
      keptWrite(table.table, item, version),
      ...step.map((action) => action.write),
    ]);
    if (lost !== undefined) return lost;
    version = item['version']!.S!;
  }
  return { outcome: 'done', version };
}

/** Removes what is kept of a document that is gone, unless somebody else has written it since. */
export async function forgetKept(
  { client, table }: TableOf,
  { form, name }: DocumentKey,
  version: string,
): Promise<void> {
  await conditionally(() =>
    client.send(
      new DeleteItemCommand({
        TableName: table,
        Key: toItem({ key: `doc#${form}`, sort: name }),
        ...onlyIfStill(version),
      }),
    ),
  );
}

/** Claims stand first: where one is taken, nothing has been written yet. */
function actionsOf(table: string, change: Change): Action[] {
  const standing = change.kept?.standing ?? {};
  const views = change.next?.views ?? [];
  const wanted = new Set(views.map(viewId));
  const puts = views
    .map((view) => ({ view, digest: viewDigest(view) }))
    .filter(({ view, digest }) => standing[viewId(view)] !== digest)
    .sort((one, other) => Number(isClaim(other.view)) - Number(isClaim(one.view)))
    .map(({ view, digest }) => putView(table, change, view, digest));
  const drops = Object.keys(standing).filter((id) => !wanted.has(id));
  return [...puts, ...drops.map((id) => dropView(table, change, id))];
}

function putView(table: string, owner: DocumentKey, view: View, digest: string): Action {
  const item = toItem({
    ...view,
    owner: idOf(owner),
    ...(view.document === undefined ? {} : { document: pack(view.document) }),
  });
  const write = {
    Put: { TableName: table, Item: item, ...(isClaim(view) ? onlyIfFreeOrMine(owner) : {}) },
  };
  return { id: viewId(view), digest, bytes: bytesOf(item), write };
}

function dropView(table: string, owner: DocumentKey, id: string): Action {
  const key = viewKey(id);
  const condition = isClaim(key) ? onlyIfFreeOrMine(owner) : {};
  return { id, bytes: 100, write: { Delete: { TableName: table, Key: toItem(key), ...condition } } };
}

function onlyIfFreeOrMine(owner: DocumentKey): object {
  return {
    ConditionExpression: 'attribute_not_exists(#owner) OR #owner = :owner',
    ExpressionAttributeNames: { '#owner': 'owner' },
    ExpressionAttributeValues: values({ ':owner': idOf(owner) }),
  };
}

function inSteps(actions: readonly Action[]): Action[][] {
  const steps: Action[][] = [[]];
  let bytes = 0;
  for (const action of actions) {
    const last = steps.at(-1)!;
    if (last.length < mostItems && (last.length === 0 || bytes + action.bytes <= mostBytes)) {
      last.push(action);
      bytes += action.bytes;
    } else {
      steps.push([action]);
      bytes = action.bytes;
    }
  }
  return steps;
}

/** What is kept after this step: before the last one the old document, with the views that stand by then. */
function keptItem(change: Change, standing: Standing, last: boolean): Item {
  const without = { source: change.next?.source ?? change.kept?.source ?? '', hash: '', publishedAt: '' };
  const begun = { ...without, warnings: [] };
  const { views: _, ...next } = change.next ?? { ...begun, views: [] };
  const content = last ? next : (change.kept ?? begun);
  return toItem({
    ...content,
    key: `doc#${change.form}`,
    sort: change.name,
    form: change.form,
    name: change.name,
    version: randomUUID(),
    standing: pack(standing),
    letGo: change.letGo?.length ? change.letGo : undefined,
    ...('document' in content && content.document !== undefined ? { document: pack(content.document) } : {}),
  });
}

function keptWrite(table: string, item: Item, seen: string): TransactWriteItem {
  return { Put: { TableName: table, Item: item, ...onlyIfStill(seen) } };
}

/** `seen`: version of what was read; empty: there was nothing. */
function onlyIfStill(seen: string) {
  const ExpressionAttributeNames = { '#version': 'version' };
  if (seen === '') return { ConditionExpression: 'attribute_not_exists(#version)', ExpressionAttributeNames };
  return {
    ConditionExpression: '#version = :seen',
    ExpressionAttributeNames,
    ExpressionAttributeValues: values({ ':seen': seen }),
  };
}

/** Undefined: written. */
async function transact(
  table: TableOf,
  TransactItems: TransactWriteItem[],
): Promise<Publication | undefined> {
  for (let tries = 1; ; tries += 1) {
    try {
      await table.client.send(new TransactWriteItemsCommand({ TransactItems }));
      return undefined;
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const failed = (error.CancellationReasons ?? []).findIndex(
        (one) => one.Code === 'ConditionalCheckFailed',
      );
      if (failed === 0) return { outcome: 'lost' };
      if (failed > 0) return await ownerOf(table, TransactItems[failed]!);
      if (tries >= mostTries) throw error;
    }
    await pause(10 * 2 ** tries * Math.random());
  }
}

/** Whose the claim is; gone in the meantime: read again. */
async function ownerOf({ client, table }: TableOf, { Put, Delete }: TransactWriteItem): Promise<Publication> {
  const { key, sort } = Put?.Item ?? Delete?.Key ?? {};
  const { Item } = await client.send(
    new GetItemCommand({ TableName: table, Key: { key: key!, sort: sort! }, ConsistentRead: true }),
  );
  if (Item === undefined) return { outcome: 'lost' };
  const { form, name } = fromItem<{ form: string; name: string }>(Item);
  return { outcome: 'owned', claim: key!.S!, owner: { form, name } };
}

function bytesOf(item: Item): number {
  const document = item['document'];
  return 1_000 + (document?.S?.length ?? document?.B?.length ?? 0) * 2;
}
