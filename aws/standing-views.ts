/**
 * Look-up entries and claims of table `views` as they stand there, whoever wrote them: for the full pass, which holds
 * them against the kept versions. The table is scanned eventually consistent, at half the price: what is found is a
 * suspicion, looked at again strongly before anything is written. Writes only `discard`: what no document can own.
 * 10,000 people with 60,000 views are 36 pages and 4,605 read units, and no writes where nothing is wrong.
 */
import { DeleteItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { viewDigest, viewId, viewKey, type View } from '../mail/directory/document-views.ts';
import { idOf, type DocumentKey, type Kept } from '../mail/directory/kept.ts';
import type { StandingView } from '../mail/directory/view-ledger.ts';
import { isForm } from '../mail/document/form-names.ts';
import { foldName } from '../mail/document/names.ts';
import { batchGet, type TableOf } from './batch-get.ts';
import { conditionally, fromItem, toItem, type Item } from './items.ts';
import { unpack } from './packed.ts';
import { keptOf, longestSort } from './views.ts';

export interface StandingPage {
  readonly kept: readonly Kept[];
  readonly views: readonly StandingView[];
}

export interface StandingViews {
  /** Everything, in pages. */
  scan(): AsyncIterable<StandingPage>;
  /** Those that are there, strongly read. */
  read(ids: readonly string[]): Promise<StandingView[]>;
  /** Removes a view that no document can own, unless it has become one that a document can. */
  discard(id: string): Promise<void>;
}

export function standingViews(from: TableOf): StandingViews {
  return {
    scan: () => scan(from),
    read: async (ids) => (await batchGet(from, ids.map(viewKey).filter(canStand))).map(standingView),
    discard: (id) => discard(from, id),
  };
}

async function* scan({ client, table }: TableOf): AsyncIterable<StandingPage> {
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: table, ...(from === undefined ? {} : { ExclusiveStartKey: from }) }),
    );
    const items = page.Items ?? [];
    yield {
      kept: items.filter((item) => startsWith(item, ['doc#'])).flatMap(readableKept),
      views: items.filter((item) => startsWith(item, viewPrefixes)).map(standingView),
    };
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

const viewPrefixes = ['name#', 'address#', 'default#'];

/** Ids come from the table, too, where somebody may have written anything. */
function canStand({ key, sort }: { key: string; sort: string }): boolean {
  const isView = viewPrefixes.some((prefix) => key.startsWith(prefix));
  return isView && sort !== '' && Buffer.byteLength(key) <= 2_048 && Buffer.byteLength(sort) <= longestSort;
}

function startsWith({ key }: Item, prefixes: readonly string[]): boolean {
  return prefixes.some((prefix) => key?.S?.startsWith(prefix) === true);
}

/** Whoever publishes the document meets what is wrong with it, and says so; its views are left alone. */
function readableKept(item: Item): Kept[] {
  try {
    return [keptOf(item)];
  } catch {
    return [];
  }
}

function standingView(item: Item): StandingView {
  const view = { key: item['key']?.S ?? '', sort: item['sort']?.S ?? '' };
  const said = item['owner']?.S ?? '';
  // A claim says whose it is; an entry stands under its document's id.
  const text = view.sort === '-' ? said : view.sort;
  const key = documentKey(text);
  const isWhole = said === text;
  return { id: viewId(view), owner: key && idOf(key), digest: isWhole ? digestOf(item) : altered };
}

const altered = 'altered';

function digestOf(item: Item): string {
  try {
    const { owner: _, document, ...rest } = fromItem<Record<string, unknown>>(item);
    if (document === undefined) return viewDigest(rest as unknown as View);
    const opened: object = unpack(document as string | Uint8Array);
    return viewDigest({ ...rest, document: opened } as unknown as View);
  } catch {
    return altered;
  }
}

/** Undefined: nothing is ever kept under that id. */
function documentKey(id: string): DocumentKey | undefined {
  const [form = '', ...rest] = id.split('#');
  const name = rest.join('#');
  const canBe = name !== '' && foldName(name) === name && Buffer.byteLength(name) <= longestSort;
  return isForm(form) && canBe ? { form, name } : undefined;
}

async function discard(from: TableOf, id: string): Promise<void> {
  const [item] = await batchGet(from, [viewKey(id)]);
  if (item === undefined || standingView(item).owner !== undefined) return;
  const said = item['owner'];
  await conditionally(() =>
    from.client.send(
      new DeleteItemCommand({
        TableName: from.table,
        Key: toItem(viewKey(id)),
        ConditionExpression: said === undefined ? 'attribute_not_exists(#owner)' : '#owner = :owner',
        ExpressionAttributeNames: { '#owner': 'owner' },
        ...(said === undefined ? {} : { ExpressionAttributeValues: { ':owner': said } }),
      }),
    ),
  );
}
