/**
 * How a local recipient is found (domino-map.md, address look-up; Configuration > Router/SMTP > Basics, Address
 * lookup): by the whole address, then with an alias domain replaced by its primary, then by the local part as a
 * name. Several entries with one mail server, domain and mail file are one match; several others are ambiguous.
 *
 * Reads the directory only; DirectoryUnavailable passes through, and the caller answers 451 or waits.
 */
import { foldAddress, makeAddress, type Address } from '../address/address.ts';
import type { Because } from '../policy/verdict.ts';
import type { Directory, Entry, Key } from './directory.ts';
import { percentDomain } from './domino-domains.ts';
import { idOf } from './kept.ts';
import { localDomainOf } from './local-domains.ts';
import { homeKey } from './mail-home.ts';
import type { Settings } from './settings.ts';

export type LookUp =
  | { readonly found: Entry; readonly because: Because }
  | { readonly ambiguous: readonly Entry[]; readonly because: Because }
  | { readonly unknown: true; readonly because: Because };

/** The address is of a local domain; a `%` with our own Domino domain in its local part is taken away first. */
export async function lookUpRecipient(
  address: Address,
  settings: Settings,
  directory: Directory,
): Promise<LookUp> {
  const { kind, local } = percentDomain(address.local, settings);
  const asked = kind === 'own' ? makeAddress(local, address.domain) : address;
  const mode = settings.configuration.routing.addressLookup;
  const whole = mode === 'local-part' ? [] : await ownersOf(asked, settings, directory);
  if (whole.length > 0) return judge(whole, foldAddress(asked), settings);
  const named = mode === 'fullname' ? [] : await directory.findName(asked.local);
  if (named.length > 0) return judge(named, asked.local, settings);
  return { unknown: true, because: { ...lookupRule(settings), entry: mode } };
}

/** Whose address it is; where nobody has it in an alias domain, whose it is in the primary. */
export async function ownersOf(asked: Address, settings: Settings, directory: Directory): Promise<Entry[]> {
  const found = await findWhole(asked, directory);
  const primary = localDomainOf(asked.domain, settings)?.primary;
  if (found.length > 0 || primary === undefined) return found;
  return findWhole(makeAddress(asked.local, primary), directory);
}

/**
 * A member of a group, written as the address that a document owns: that document is meant, and names are not asked.
 * Undefined: it is looked up as any other.
 */
export async function ownerOf(address: Address, directory: Directory): Promise<LookUp | undefined> {
  const text = foldAddress(address);
  const [found] = await directory.findAddress(text);
  return found && { found, because: becauseOf(found, text) };
}

/** Its owner, and those who have it among their names: Domino keeps further addresses in `userNames`. */
async function findWhole(address: Address, directory: Directory): Promise<Entry[]> {
  const text = foldAddress(address);
  const [owners, named] = await Promise.all([directory.findAddress(text), directory.findName(text)]);
  if (named.length === 0) return owners;
  const all = new Map([...named, ...owners].map((entry) => [idOf(entry), entry]));
  return [...all.values()];
}

function judge(entries: readonly Entry[], asked: string, settings: Settings): LookUp {
  if (entries.length === 1) return { found: entries[0]!, because: becauseOf(entries[0]!, asked) };
  const homes = new Map<string, Entry>();
  for (const entry of entries.toSorted(byStrength)) {
    const home = homeKey(entry, settings);
    if (!homes.has(home)) homes.set(home, entry);
  }
  const [found, ...others] = homes.values();
  if (others.length > 0)
    return { ambiguous: [found!, ...others], because: { ...lookupRule(settings), entry: asked } };
  return { found: found!, because: becauseOf(found!, asked) };
}

const strength: readonly Key[] = [
  'internet-address',
  'full-name',
  'common-name',
  'user-name',
  'short-name',
  'first-name',
  'last-name',
];
const fields: Record<Key, string> = {
  'internet-address': 'internetAddress',
  'full-name': 'name',
  'common-name': 'name',
  'user-name': 'userNames',
  'short-name': 'shortNames',
  'first-name': 'firstName',
  'last-name': 'lastName',
};

/** The same entry stands for a shared home on every look-up: the one that matched best, then by name. */
function byStrength(one: Entry, other: Entry): number {
  return rank(one) - rank(other) || (one.name < other.name ? -1 : 1);
}

function rank(entry: Entry): number {
  return Math.min(...entry.keys.map((key) => strength.indexOf(key)));
}

function becauseOf(entry: Entry, asked: string): Because {
  return {
    document: `${entry.form} ${entry.name}`,
    field: fields[strength[rank(entry)] ?? 'full-name'],
    entry: asked,
  };
}

function lookupRule({ configuration }: Settings): Because {
  return { document: `Configuration ${configuration.name}`, field: 'routing.addressLookup' };
}
