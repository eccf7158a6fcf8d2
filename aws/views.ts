/**
 * Table `views`: what publish-directory writes and everybody else reads.
 *
 * | key                  | sort             | holds                                                           |
 * |----------------------|------------------|-----------------------------------------------------------------|
 * | `doc#<Form>`         | `<folded name>`  | the kept version                                                |
 * | `name#<folded name>` | `<Form>#<name>`  | look-up entry: one per text that a person, group, database has  |
 * | `address#<address>`  | `-`              | look-up entry and ownership: one document has the address       |
 * | `default#GlobalDomain` | `-`            | ownership: one Global Domain is the default                     |
 * | `bad#<Form>`         | `<item's name>`  | a document that is not in force as it stands, and what it waits for |
 * | `waits#<id>`         | `<Form>#<name>`  | who waits for that document or claim                            |
 * | `waits#<id>`         | `-`              | somebody waited for it once: else nobody needs to ask           |
 * | `settings#<server>`  | `-`              | the current settings of a server (aws/settings-store.ts)        |
 *
 * Writes go through aws/publish-kept.ts (kept versions with their views) and `reject` here.
 */
import {
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import type { FormName } from '../mail/document/forms.ts';
import { isForm } from '../mail/document/form-names.ts';
import { contentHash } from '../mail/directory/content.ts';
import { idOf, isSettingsForm } from '../mail/directory/kept.ts';
import type { DocumentKey, Kept, Rejected, SourceKey } from '../mail/directory/kept.ts';
import { batchGet, type TableOf } from './batch-get.ts';
import { fromItem, toItem, values, type Item } from './items.ts';
import { pack, unpack } from './packed.ts';
import { forgetKept, publishKept, type Change, type Publication } from './publish-kept.ts';

export interface Views {
  /** Kept versions by id. */
  kept(keys: readonly DocumentKey[]): Promise<Map<string, Kept>>;
  keptOfForm<F extends FormName>(form: F): Promise<Kept<F>[]>;
  /** The items that kept versions of a form came from. */
  keptSources(form: FormName): Promise<SourceKey[]>;
  rejected(keys: readonly SourceKey[]): Promise<Map<string, Rejected>>;
  rejectedOfForm(form: FormName): Promise<Rejected[]>;
  /** Items that wait for one of these ids. */
  waiting(ids: readonly string[]): Promise<SourceKey[]>;
  publish(change: Change): Promise<Publication>;
  /** Ends what is kept of a document that is gone, in the version that told so. */
  forget(key: DocumentKey, version: string): Promise<void>;
  /** Writes `next` over `before`; without `next` the rejection is over. */
  reject(before: Rejected | undefined, next: Rejected | undefined): Promise<void>;
}

export function awsViews(table: TableOf): Views {
  return {
    async kept(keys) {
      const items = await batchGet(table, keys.filter(fits).map(keptKey));
      return new Map(items.map((item) => keptOf(item)).map((kept) => [idOf(kept), kept]));
    },
    async keptOfForm<F extends FormName>(form: F) {
      return (await query(table, `doc#${form}`)).map((item) => keptOf(item) as Kept<F>);
    },
    async keptSources(form) {
      return (await query(table, `doc#${form}`, ['source'])).map((item) => ({
        form,
        name: item['source']?.S ?? '',
      }));
    },
    async rejected(keys) {
      const items = await batchGet(table, keys.map(rejectedKey));
      return new Map(
        items.map((item) => rejectedOf(item)).map((one) => [idOf({ form: one.form, name: one.source }), one]),
      );
    },
    async rejectedOfForm(form) {
      return (await query(table, `bad#${form}`)).map((item) => rejectedOf(item));
    },
    async waiting(ids) {
      const marks = await batchGet(table, ids.map(waitMark));
      const found = await Promise.all(marks.map(({ key }) => query(table, key!.S!)));
      const waiting = found.flat().filter(({ sort }) => sort?.S !== '-');
      return waiting.map((item) => fromItem<SourceKey>(item));
    },
    publish: (change) => publishKept(table, change),
    forget: (key, version) => forgetKept(table, key, version),
    reject: (before, next) => reject(table, before, next),
  };
}

/** DynamoDB refuses to look for an empty or longer key; items are called what people like, but no document is called so. */
export const longestSort = 1_024;
const longestForm = 1_024;

function fits({ name }: DocumentKey): boolean {
  return name !== '' && Buffer.byteLength(name) <= longestSort;
}

/** A key that is nobody's name any more, where the text is longer than a key may be. */
function asKey(text: string, longest: number): string {
  return Buffer.byteLength(text) <= longest ? text : contentHash(text);
}

export function keptKey({ form, name }: DocumentKey): { key: string; sort: string } {
  return { key: `doc#${form}`, sort: name };
}

export function keptOf(item: Item): Kept {
  const stored = fromItem<Kept & { document?: string | Uint8Array; standing: string | Uint8Array }>(item);
  if (!isForm(stored.form))
    throw new Error(`Table views holds a kept version of unknown form "${String(stored.form)}".`);
  return {
    ...stored,
    ...(stored.document === undefined ? {} : { document: unpackOnce(stored.version, stored.document) }),
    standing: unpack(stored.standing),
  } as Kept;
}

/** Groups of thousands stand in many worlds: a version of a large document is unpacked once. The oldest make room. */
const mostUnpacked = 40;
const unpacked = new Map<string, unknown>();

function unpackOnce(version: string, packed: string | Uint8Array): unknown {
  if (typeof packed === 'string') return unpack(packed);
  const known = unpacked.get(version) ?? unpack(packed);
  unpacked.delete(version);
  unpacked.set(version, known);
  if (unpacked.size > mostUnpacked) unpacked.delete(unpacked.keys().next().value!);
  return known;
}

/** All items of one key, strongly read. */
async function query({ client, table }: TableOf, key: string, only: readonly string[] = []): Promise<Item[]> {
  const names = only.map((attribute) => [`#${attribute}`, attribute] as const);
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': 'key', ...Object.fromEntries(names) },
        ExpressionAttributeValues: values({ ':key': key }),
        ConsistentRead: true,
        ...(names.length === 0 ? {} : { ProjectionExpression: names.map(([name]) => name).join(', ') }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}

function rejectedKey({ form, name }: SourceKey): { key: string; sort: string } {
  return { key: `bad#${asKey(form, longestForm)}`, sort: name };
}

function rejectedOf(item: Item): Rejected {
  const { key: _, sort: __, ...rest } = fromItem<Rejected & { key: string; sort: string }>(item);
  return { ...rest, waitsFor: unpack(rest.waitsFor as unknown as string) };
}

/**
 * Settings forms that wait are few and looked at whenever settings change; the others are found by what they
 * wait for.
 */
function waitKeys(rejected: Rejected | undefined): string[] {
  return rejected === undefined || isSettingsForm(rejected.form) ? [] : rejected.waitsFor.slice(0, 40);
}

function waitMark(id: string): { key: string; sort: string } {
  return { key: `waits#${id}`, sort: '-' };
}

async function reject(
  { client, table }: TableOf,
  before: Rejected | undefined,
  next: Rejected | undefined,
): Promise<void> {
  const one = next ?? before;
  if (one === undefined) return;
  const waiter = { form: one.form, name: one.source };
  const sort = asKey(idOf(waiter), longestSort);
  const kept = new Set(waitKeys(next));
  const dropped = waitKeys(before).filter((id) => !kept.has(id));
  const TransactItems: TransactWriteItem[] = [
    next === undefined
      ? { Delete: { TableName: table, Key: toItem(rejectedKey(waiter)) } }
      : { Put: { TableName: table, Item: rejectedItem(next) } },
    ...[...kept].map((id) => ({
      Put: { TableName: table, Item: toItem({ key: `waits#${id}`, sort, ...waiter }) },
    })),
    ...dropped.map((id) => ({
      Delete: { TableName: table, Key: toItem({ key: `waits#${id}`, sort }) },
    })),
  ];
  // Beside the transaction: many may begin to wait for one thing at once, and must not cancel one another.
  for (const id of kept)
    await client.send(new PutItemCommand({ TableName: table, Item: toItem(waitMark(id)) }));
  await client.send(new TransactWriteItemsCommand({ TransactItems }));
}

function rejectedItem(rejected: Rejected): Item {
  const key = rejectedKey({ form: rejected.form, name: rejected.source });
  return toItem({ ...key, ...rejected, waitsFor: pack(rejected.waitsFor) });
}
