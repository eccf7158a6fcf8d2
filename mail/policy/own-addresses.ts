/**
 * Which addresses are a person's own (Server document, `verifyAuthenticatedSender`): the Internet address, in every
 * domain of its Global Domain, addresses among the user names and short names, and what `sendAs` names: addresses,
 * mail-in databases and groups. Throws DirectoryUnavailable.
 */
import { foldAddress, makeAddress, type Address } from '../address/address.ts';
import { canonicalDomain } from '../address/domain.ts';
import { parseAddress } from '../address/path.ts';
import type { Directory, Entry } from '../directory/directory.ts';
import { localDomainOf } from '../directory/local-domains.ts';
import type { Settings } from '../directory/settings.ts';
import type { Person } from '../document/forms.ts';
import { foldName } from '../document/names.ts';
import type { PolicyContext } from './context.ts';

export interface Own {
  readonly person: Person;
  owns(address: Address): boolean;
}

/** Undefined: the person who logged in is not in the directory any more. */
export async function ownAddresses(context: PolicyContext, name: string): Promise<Own | undefined> {
  const person = await personNamed(name, context.directory);
  if (person === undefined) return undefined;
  const { settings, directory } = context;
  const keys = new Set(
    [...namesakes(person), ...(await sendAs(person, directory))].flatMap(keysIn(settings)),
  );
  return { person, owns: (address) => keys.has(keyOf(address, settings)) };
}

/** The keys under which a person's own addresses compare. */
export function addressKeysOf(person: Person, settings: Settings): ReadonlySet<string> {
  return new Set(namesakes(person).flatMap(keysIn(settings)));
}

function namesakes({ internetAddress, userNames, shortNames }: Person): (string | undefined)[] {
  return [internetAddress, ...userNames, ...shortNames];
}

export async function personNamed(name: string, directory: Directory): Promise<Person | undefined> {
  const found = await directory.findName(name);
  const entry = found.find((one) => one.form === 'Person' && foldName(one.name) === foldName(name));
  return entry?.form === 'Person' ? entry.document : undefined;
}

async function sendAs(person: Person, directory: Directory): Promise<(string | undefined)[]> {
  return Promise.all(
    person.sendAs.map(async (text) => {
      if (text.includes('@')) return text;
      const found = await directory.findName(text);
      return found.find((entry) => mayBeSentAs(entry) && foldName(entry.name) === foldName(text))?.document
        .internetAddress;
    }),
  );
}

/** A name in `sendAs` is never another person: what a Person wrote there would be a stolen identity. */
function mayBeSentAs(entry: Entry): boolean {
  return entry.form !== 'Person';
}

/** The key of a text that is an address; of any other none. */
export function keysIn(settings: Settings): (text: string | undefined) => string[] {
  return (text) => {
    const parsed = text === undefined ? undefined : parseAddress(text);
    return parsed?.ok ? [keyOf(parsed.value, settings)] : [];
  };
}

/** An alias domain is its primary: who owns jane@acme.example owns jane@ every alias of acme.example. */
function keyOf(address: Address, settings: Settings): string {
  const primary = localDomainOf(address.domain, settings)?.primary;
  if (primary === undefined) return foldAddress(address);
  return foldAddress(makeAddress(address.local, canonicalDomain(primary) ?? primary));
}
