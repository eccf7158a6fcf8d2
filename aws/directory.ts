/**
 * The door Directory over table `views`: one read per look-up, answers cached (mail/directory/cached-directory.ts).
 * What publish-directory wrote is all that is read; errors become DirectoryUnavailable there.
 */
import { GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { FormName } from '../mail/document/forms.ts';
import { foldName } from '../mail/document/names.ts';
import { cachedDirectory } from '../mail/directory/cached-directory.ts';
import type { Directory, Entry } from '../mail/directory/directory.ts';
import { addressClaim, nameView } from '../mail/directory/document-views.ts';
import { idOf } from '../mail/directory/kept.ts';
import type { TableOf } from './batch-get.ts';
import { dynamodb } from './clients.ts';
import { coalescedGet } from './coalesced-get.ts';
import { fromItem, toItem, values, type Item } from './items.ts';
import { unpack } from './packed.ts';
import { keptKey, keptOf } from './views.ts';

/** DynamoDB takes no partition key over 2,048 bytes and no sort key over 1,024; no document has a name or address that long. */
const longestKey = 2_000;
const longestSort = 1_024;
/** A read that hangs longer counts as failed: the dialogue waits for it. */
const timeoutMs = 5_000;

export function awsDirectory({ table, cacheSeconds }: { table: string; cacheSeconds: number }): Directory {
  const from = { client: dynamodb(), table };
  return cachedDirectory(viewsDirectory(from), { seconds: cacheSeconds, now: Date.now });
}

export function viewsDirectory(from: TableOf): Directory {
  const get = coalescedGet(from, timeoutMs);
  return {
    async findAddress(address) {
      const key = addressClaim(address);
      const item = isKey(key) ? await get({ key, sort: '-' }) : undefined;
      return item === undefined ? [] : [entryOf(item)];
    },
    async fullName(name) {
      const key = nameView(name);
      if (!isKey(key)) return undefined;
      const named = async (forms: readonly FormName[]): Promise<Entry | undefined> => {
        const sorts = forms.map((form) => idOf({ form, name: foldName(name) }));
        const found = await Promise.all(sorts.map((sort) => get({ key, sort })));
        const item = found.find((one) => one !== undefined);
        return item === undefined ? undefined : entryOf(item);
      };
      // A hierarchical name is a person's, nearly always: one read in place of three.
      const person = name.includes('/') ? await named(['Person']) : undefined;
      return person ?? named(lookUpForms);
    },
    findName: (name) => find(from, nameView(name)),
    async group(text) {
      const name = foldName(text);
      if (name === '' || Buffer.byteLength(name) > longestSort) return undefined;
      const { Item } = await from.client.send(
        new GetItemCommand({
          TableName: from.table,
          Key: toItem(keptKey({ form: 'Group', name })),
        }),
        { abortSignal: AbortSignal.timeout(timeoutMs) },
      );
      const kept = Item === undefined ? undefined : keptOf(Item);
      return kept?.form === 'Group' ? kept.document : undefined;
    },
  };
}

/** In the order of their ids, as a query answers. */
const lookUpForms = ['Group', 'MailInDatabase', 'Person'] as const;

function isKey(key: string): boolean {
  return !key.endsWith('#') && Buffer.byteLength(key) <= longestKey;
}

async function find({ client, table }: TableOf, key: string): Promise<Entry[]> {
  if (!isKey(key)) return [];
  const entries: Entry[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': 'key' },
        ExpressionAttributeValues: values({ ':key': key }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
      { abortSignal: AbortSignal.timeout(timeoutMs) },
    );
    entries.push(...(page.Items ?? []).map(entryOf));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return entries;
}

function entryOf(item: Item): Entry {
  const { form, name, keys, document } = fromItem<Entry & { document: string | Uint8Array }>(item);
  return { form, name, keys, document: unpack(document) } as Entry;
}
