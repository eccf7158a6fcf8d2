/** The directory of a gateway as the commands use it: the table, the views, and documents found by any spelling. */
import type { TableOf } from '../aws/batch-get.ts';
import { dynamodb } from '../aws/clients.ts';
import { directoryDesk, type DirectoryDesk } from '../aws/directory-desk.ts';
import { directoryTable, type DirectoryTable, type SourceItem } from '../aws/directory-table.ts';
import { awsViews, type Views } from '../aws/views.ts';
import { formNames, isForm, type FormName } from '../mail/document/forms.ts';
import { foldName } from '../mail/document/names.ts';
import { nearest } from '../mail/document/nearest.ts';
import { either } from '../mail/document/problems.ts';
import { idOf, type SourceKey } from '../mail/directory/kept.ts';
import { Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';

export interface DirectoryRoom {
  readonly table: DirectoryTable;
  readonly desk: DirectoryDesk;
  readonly views: Views;
  readonly viewsTable: TableOf;
}

export function directoryOf({ tables }: Gateway): DirectoryRoom {
  const client = dynamodb();
  const viewsTable = { client, table: tables.views };
  return {
    table: directoryTable({ client, table: tables.directory }),
    desk: directoryDesk({ client, table: tables.directory }),
    views: awsViews(viewsTable),
    viewsTable,
  };
}

/** A form as people write it: case does not matter. */
export function formNamed(text: string): FormName {
  const found = formNames.find((form) => form.toLowerCase() === text.toLowerCase());
  if (found !== undefined) return found;
  const meant = nearest(text, formNames);
  const advice = meant === undefined ? `write ${either(formNames)}` : `did you mean ${meant}?`;
  throw new Usage(`"${text}" is not a form; ${advice}`);
}

/** The id under which all spellings of a name are one. */
export function foldedId({ form, name }: SourceKey): string {
  return `${form}#${foldName(name)}`;
}

/** Items by `foldedId`: under the very name, else under the spelling that is published. */
export async function storedItems(
  { table, views }: DirectoryRoom,
  keys: readonly SourceKey[],
): Promise<Map<string, SourceItem>> {
  const usable = keys.filter(({ form, name }) => form !== '' && name !== '');
  const unique = [...new Map(usable.map((key) => [idOf(key), { form: key.form, name: key.name }])).values()];
  const exact = await inTurns(unique, (some) => table.read(some));
  const missing = unique.flatMap(({ form, name }) =>
    isForm(form) && !exact.has(idOf({ form, name })) ? [{ form, name: foldName(name) }] : [],
  );
  const distinct = [...new Map(missing.map((key) => [idOf(key), key])).values()];
  const kept = [...(await inTurns(distinct, (some) => views.kept(some))).values()];
  const spelled = kept.map(({ form, source }) => ({ form, name: source }));
  const others = await inTurns(
    spelled.filter((key) => !exact.has(idOf(key))),
    (some) => table.read(some),
  );
  return new Map([...exact.values(), ...others.values()].map((item) => [foldedId(item), item]));
}

/** Keys read side by side: more would only wait for connections. */
const atOnce = 1_000;

export async function inTurns<K, V>(
  keys: readonly K[],
  read: (some: readonly K[]) => Promise<Map<string, V>>,
): Promise<Map<string, V>> {
  const found = new Map<string, V>();
  for (let at = 0; at < keys.length; at += atOnce)
    for (const [id, value] of await read(keys.slice(at, at + atOnce))) found.set(id, value);
  return found;
}

/** One document, by any spelling of its name, published or not. */
export async function findItem(room: DirectoryRoom, key: SourceKey): Promise<SourceItem | undefined> {
  const stored = await storedItems(room, [key]);
  const found = stored.get(foldedId(key));
  if (found !== undefined) return found;
  return (await room.desk.itemsOfForm(key.form)).find((item) => foldedId(item) === foldedId(key));
}
