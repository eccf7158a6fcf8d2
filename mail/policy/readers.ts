/**
 * May this sender write to a group that names its readers (Group > Administration: Readers)? Over SMTP a reader has
 * logged in as that person, or sends with their address from an internal or excluded peer.
 * Throws DirectoryUnavailable and DnsUnavailable.
 */
import { foldAddress, type ReversePath } from '../address/address.ts';
import { addressKey } from '../address/path.ts';
import type { Directory } from '../directory/directory.ts';
import type { Person } from '../document/forms.ts';
import { foldName } from '../document/names.ts';
import type { PolicyContext } from './context.ts';
import { personNamed } from './own-addresses.ts';
import { standingOf } from './standing.ts';

/** Groups that one readers field may open. */
const mostGroups = 500;

export async function isReader(
  context: PolicyContext,
  { readers, sender }: { readers: readonly string[]; sender: ReversePath },
): Promise<boolean> {
  const person = await whoSends(context, sender);
  return person !== undefined && readersInclude(person, readers, context.directory);
}

/** Is this person among the names, addresses and groups of a readers field, nested groups included? */
export async function readersInclude(
  person: Person,
  readers: readonly string[],
  directory: Directory,
): Promise<boolean> {
  const names = new Set([person.name, ...person.userNames, ...person.shortNames].map(foldName));
  const address = person.internetAddress === undefined ? undefined : addressKey(person.internetAddress);
  const opened = new Set<string>();
  const waiting = [...readers];
  for (let reader = waiting.shift(); reader !== undefined; reader = waiting.shift()) {
    const name = foldName(reader);
    if (names.has(name) || (address !== undefined && addressKey(reader) === address)) return true;
    if (reader.includes('@') || opened.has(name) || opened.size >= mostGroups) continue;
    opened.add(name);
    waiting.push(...((await directory.group(reader))?.members ?? []));
  }
  return false;
}

async function whoSends(context: PolicyContext, sender: ReversePath): Promise<Person | undefined> {
  const { settings, directory, session } = context;
  if (session.auth !== undefined) return personNamed(session.auth, directory);
  if (sender === null) return undefined;
  const { standing } = await standingOf(settings, session.peer);
  if (standing === 'external') return undefined;
  const owners = await directory.findAddress(foldAddress(sender));
  const owner = owners.find((entry) => entry.form === 'Person');
  return owner?.form === 'Person' ? owner.document : undefined;
}
