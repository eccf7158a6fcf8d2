/**
 * The kept versions as settings see them: all documents of the settings forms, and of groups, people and mail-in
 * databases those that they name, with what groups nest. Everything is by folded name.
 */
import { foldName } from '../document/names.ts';
import { isEverything, parseEntry } from '../document/list-entry.ts';
import type { Configuration, DocumentOf, FormName, Group, Server } from '../document/forms.ts';
import { isSettingsForm, type DocumentKey, type SettingsForm } from './kept.ts';

export interface World {
  readonly documents: { readonly [F in SettingsForm]: ReadonlyMap<string, DocumentOf[F]> };
  readonly groups: ReadonlyMap<string, Group>;
  /** Internet addresses. */
  readonly people: ReadonlyMap<string, string | undefined>;
  readonly databases: ReadonlySet<string>;
  /** Of servers, the Configuration in force: of two that groups give, it stays. */
  readonly inForce?: ReadonlyMap<string, string>;
}

/** The world with `document` in the place of what it had under that key; undefined: without it. */
export function withDocument(world: World, key: DocumentKey, document: object | undefined): World {
  const put = <T>(map: ReadonlyMap<string, T>, value: T | undefined): Map<string, T> => {
    const next = new Map(map);
    if (document === undefined) next.delete(key.name);
    else next.set(key.name, value as T);
    return next;
  };
  if (isSettingsForm(key.form)) {
    const documents = { ...world.documents, [key.form]: put<object>(world.documents[key.form], document) };
    return { ...world, documents };
  }
  if (key.form === 'Group') return { ...world, groups: put(world.groups, document as Group) };
  if (key.form === 'Person') {
    const { internetAddress } = (document ?? {}) as { internetAddress?: string };
    return { ...world, people: put<string | undefined>(world.people, internetAddress) };
  }
  const databases = new Set(world.databases);
  if (document === undefined) databases.delete(key.name);
  else databases.add(key.name);
  return { ...world, databases };
}

/** In the order of names, whatever order they were read in: equal worlds compile to equal settings. */
export function inOrder<T>(documents: ReadonlyMap<string, T>): T[] {
  return [...documents].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, document]) => document);
}

const namesOf = new WeakMap<readonly string[], readonly string[]>();

/** Folded names of people and groups among a group's members; a list of thousands is read once. */
export function namesAmong(members: readonly string[]): readonly string[] {
  const known = namesOf.get(members);
  if (known !== undefined) return known;
  const names = members.flatMap((member) => {
    const entry = parseEntry(member, 'members');
    return entry.ok && entry.value.kind === 'name' ? [entry.value.name] : [];
  });
  namesOf.set(members, names);
  return names;
}

type Opens = (group: Group) => boolean;

/** The named groups with all that they nest; cycles end where they began. */
export function groupsWithin(
  names: Iterable<string>,
  world: World,
  opens: Opens = () => true,
): Map<string, Group> {
  const found = new Map<string, Group>();
  const waiting = [...names];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const group = found.has(name) ? undefined : world.groups.get(name);
    if (group === undefined || !opens(group)) continue;
    found.set(name, group);
    waiting.push(...namesAmong(group.members));
  }
  return found;
}

/** Groups of other types are for databases and servers: Domino lets them match nothing, in silence (M9). */
const mailTypes: readonly string[] = ['multi-purpose', 'mail-only'];

export function isForMail({ groupType }: Group): boolean {
  return mailTypes.includes(groupType);
}

/** Of a group and those that it nests, as far as they are opened: one with `*` among its members. */
export function groupOfEverything(group: string, world: World, opens?: Opens): Group | undefined {
  return [...groupsWithin([group], world, opens).values()].find(({ members }) => members.some(isEverything));
}

/** Does the group, or one that it nests, have this server among its members? */
export function groupHolds(group: string, server: string, world: World): boolean {
  return [...groupsWithin([group], world).values()].some(({ members }) =>
    members.some((member) => foldName(member) === server),
  );
}

/** Its own, else that of a group of servers, else `*`; of two groups the one in force, else the first by name. */
export function configurationFor(server: Server, world: World): Configuration | undefined {
  const { Configuration: all } = world.documents;
  const name = foldName(server.name);
  const ofGroups = inOrder(all).filter(
    (one) => world.groups.has(foldName(one.name)) && groupHolds(foldName(one.name), name, world),
  );
  const staying = ofGroups.find((one) => foldName(one.name) === world.inForce?.get(name));
  return all.get(name) ?? staying ?? ofGroups[0] ?? all.get('*');
}

export function formOfKey(form: FormName, name: string): DocumentKey {
  return { form, name: foldName(name) };
}
