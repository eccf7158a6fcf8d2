/**
 * Table `directory`, which people write: read strongly, and marked with what publishing found (`publishedAt`, or
 * `problems`, and `warnings`). A mark never makes an item that is gone, and lands only on the content it speaks
 * of: texts, numbers and the lengths of lists and maps are conditions, and what the item was before is compared
 * whole afterwards.
 */
import { ScanCommand, UpdateItemCommand, type AttributeValue } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { contentHash } from '../mail/directory/content.ts';
import { idOf, type SourceKey } from '../mail/directory/kept.ts';
import { ownAttributes, plainItem } from '../mail/document/plain-item.ts';
import { batchGet, type TableOf } from './batch-get.ts';
import { itemSize, largestItem } from './item-size.ts';
import { conditionally, toItem, values, type Item } from './items.ts';

export interface SourceItem extends SourceKey {
  /** All attributes but the gateway's own, sets as lists. */
  readonly content: Readonly<Record<string, unknown>>;
  readonly hash: string;
  readonly marks: Marks;
  /** Bytes that marks may take before the item is too large. */
  readonly room: number;
  readonly raw: Item;
}

export interface Marks {
  readonly publishedAt?: string;
  readonly problems?: readonly string[];
  readonly warnings?: readonly string[];
}

export interface DirectoryTable {
  /** Items by id; those that are gone are absent. */
  read(keys: readonly SourceKey[]): Promise<Map<string, SourceItem>>;
  /** Every item, in pages. */
  scan(): AsyncIterable<SourceItem[]>;
  /** False: the item is gone or says something else by now. */
  mark(item: SourceItem, marks: Marks): Promise<boolean>;
}

export function directoryTable(from: TableOf): DirectoryTable {
  return {
    async read(keys) {
      const items = (await batchGet(from, keys.map(tableKey))).map(sourceItem);
      return new Map(items.map((item) => [idOf(item), item]));
    },
    scan: () => scan(from),
    mark: (item, marks) => mark(from, item, marks),
  };
}

function tableKey({ form, name }: SourceKey): { form: string; name: string } {
  return { form, name };
}

async function* scan({ client, table }: TableOf): AsyncIterable<SourceItem[]> {
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield (page.Items ?? []).map(sourceItem);
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
}

/** Numbers beyond a double become the nearest one; the form's range then judges them. */
export function sourceItem(raw: Item): SourceItem {
  const item = unmarshall(raw, { wrapNumbers: Number }) as Record<string, unknown>;
  const content = plainItem(item);
  const { publishedAt, problems, warnings, ...written } = item;
  const marks = {
    ...(typeof publishedAt === 'string' ? { publishedAt } : {}),
    ...(isTexts(problems) ? { problems } : {}),
    ...(isTexts(warnings) ? { warnings } : {}),
  };
  const key = { form: String(item['form']), name: String(item['name']) };
  return { ...key, content, hash: contentHash(written), marks, room: roomIn(raw), raw };
}

/** The names of the marks and `publishedAt` are taken off already. */
function roomIn(raw: Item): number {
  const marked = ownAttributes.map((name) => [name, raw[name]] as const).filter(([, value]) => value);
  return largestItem - 150 - itemSize(raw) + itemSize(Object.fromEntries(marked) as Item);
}

/** As many of the texts as there is room for; the others are in the log and in table `views`. */
export function fitting(texts: readonly string[], { room }: Pick<SourceItem, 'room'>): readonly string[] {
  let bytes = 0;
  const end = texts.findIndex((text) => (bytes += Buffer.byteLength(text) + 1) > room);
  return end === -1 ? texts : texts.slice(0, end);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}

async function mark({ client, table }: TableOf, item: SourceItem, marks: Marks): Promise<boolean> {
  const condition = saysTheSame(item.raw);
  const set = Object.entries(marks).filter(([, value]) => value !== undefined && value.length > 0);
  const remove = ownAttributes.filter((name) => !set.some(([key]) => key === name));
  const sets = set.map(([key]) => `#${key} = :${key}`).join(', ');
  const removes = remove.map((key) => `#${key}`).join(', ');
  const result = await conditionally(() =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toItem(tableKey(item)),
        UpdateExpression: [sets && `SET ${sets}`, removes && `REMOVE ${removes}`].filter(Boolean).join(' '),
        ConditionExpression: condition.text,
        ExpressionAttributeNames: {
          ...Object.fromEntries(ownAttributes.map((name) => [`#${name}`, name])),
          ...condition.names,
        },
        ExpressionAttributeValues: {
          ...values(Object.fromEntries(set.map(([key, value]) => [`:${key}`, value]))),
          ...condition.values,
        },
        ReturnValues: 'ALL_OLD',
      }),
    ),
  );
  if (!result.done) return false;
  const before = result.value.Attributes;
  return before === undefined || sourceItem(before).hash === item.hash;
}

/** An item with more attributes than this is no document; only its being there is a condition. */
const mostConditions = 60;

function saysTheSame(raw: Item): { text: string; names: Record<string, string>; values: Item } {
  const names: Record<string, string> = { '#form': 'form' };
  const expected: Item = {};
  const texts = ['attribute_exists(#form)'];
  const attributes = Object.entries(raw).filter(([name]) => name !== 'form' && name !== 'name');
  for (const [index, [name, value]] of attributes.slice(0, mostConditions).entries()) {
    const size = sizeOf(value);
    names[`#a${index}`] = name;
    expected[`:a${index}`] = size === undefined ? value : { N: String(size) };
    texts.push(size === undefined ? `#a${index} = :a${index}` : `size(#a${index}) = :a${index}`);
  }
  for (const name of ownAttributes) if (raw[name] === undefined) texts.push(`attribute_not_exists(#${name})`);
  return { text: texts.join(' AND '), names, values: expected };
}

/** Lists, maps and sets are compared by length here. */
function sizeOf(value: AttributeValue): number | undefined {
  if (value.L !== undefined) return value.L.length;
  if (value.M !== undefined) return Object.keys(value.M).length;
  return (value.SS ?? value.NS ?? value.BS)?.length;
}
