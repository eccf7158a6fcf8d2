/**
 * May this sender write to a group that names its readers (Group > Administration: Readers)? Over SMTP a reader has
 * logged in as that person, or sends with one of their addresses from an internal or excluded peer. Readers are named
 * as members are: by a name that is theirs alone, an address in any alias domain, or a group.
 * Throws DirectoryUnavailable and DnsUnavailable.
 */
import type { ReversePath } from '../address/address.ts';
import { ownersOf } from '../directory/look-up.ts';
import type { Person } from '../document/forms.ts';
import { commonName, foldName } from '../document/names.ts';
import type { PolicyContext } from './context.ts';
import { addressKeysOf, keysIn, personNamed } from './own-addresses.ts';
import { standingOf } from './standing.ts';

/** Groups that one readers field may open. */
const mostGroups = 500;

export async function isReader(
  context: PolicyContext,
  { readers, sender }: { readers: readonly string[]; sender: ReversePath },
): Promise<boolean> {
  const person = await whoSends(context, sender);
  return person !== undefined && readersInclude(person, readers, context);
}

/** Is this person among the names, addresses and groups of a readers field, nested groups included? */
async function readersInclude(
  person: Person,
  readers: readonly string[],
  context: PolicyContext,
): Promise<boolean> {
  const isNamed = naming(person, context);
  const opened = new Set<string>();
  const waiting = [...readers];
  for (let reader = waiting.shift(); reader !== undefined; reader = waiting.shift()) {
    if (await isNamed(reader)) return true;
    const name = foldName(reader);
    if (reader.includes('@') || opened.has(name) || opened.size >= mostGroups) continue;
    opened.add(name);
    waiting.push(...((await context.directory.group(reader))?.members ?? []));
  }
  return false;
}

/** Does a reader's text mean this person? */
function naming(
  person: Person,
  { settings, directory }: PolicyContext,
): (reader: string) => Promise<boolean> {
  const addresses = addressKeysOf(person, settings);
  const keysOf = keysIn(settings);
  const names = new Set([person.name, ...person.userNames, ...person.shortNames].map(foldName));
  const common = foldName(commonName(person.name));
  return async (reader) => {
    if (reader.includes('@')) return keysOf(reader).some((key) => addresses.has(key));
    if (names.has(foldName(reader))) return true;
    // Others may have the common name too.
    return foldName(reader) === common && (await directory.findName(reader)).length === 1;
  };
}

async function whoSends(context: PolicyContext, sender: ReversePath): Promise<Person | undefined> {
  const { settings, directory, session } = context;
  if (session.auth !== undefined) return personNamed(session.auth, directory);
  if (sender === null) return undefined;
  const { standing } = await standingOf(settings, session.peer);
  if (standing === 'external') return undefined;
  const owner = (await ownersOf(sender, settings, directory)).find((entry) => entry.form === 'Person');
  return owner?.form === 'Person' ? owner.document : undefined;
}
