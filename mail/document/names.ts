/**
 * Names of documents: hierarchical, abbreviated (`CN=Jane Doe/O=Acme` is `Jane Doe/Acme`), compared without case
 * and in NFC; and the keys under which people, groups and mail-in databases are looked up (Domino's view `$Users`).
 */
import { foldText } from '../address/address.ts';
import { addressKey } from '../address/path.ts';
import type { Key } from '../directory/directory.ts';
import type { DocumentOf } from './forms.ts';

export type NamedForm = 'Person' | 'Group' | 'MailInDatabase';
export type LookupKey = { readonly key: string; readonly as: Key };

/** X.500 attribute types of the components of a Domino name. */
const component = /^\s*(?:cn|ou[1-4]?|o|c|g|s|i|q)\s*=\s*/i;

/** The abbreviated form, as documents write it. */
export function abbreviate(name: string): string {
  return name
    .normalize('NFC')
    .split('/')
    .map((part) => part.replace(component, '').trim().replaceAll(/\s+/g, ' '))
    .join('/');
}

/** The key under which names of documents compare. */
export function foldName(name: string): string {
  return foldText(abbreviate(name));
}

/** `Jane Doe` of `Jane Doe/Acme`. */
export function commonName(name: string): string {
  const abbreviated = abbreviate(name);
  const slash = abbreviated.indexOf('/');
  return slash === -1 ? abbreviated : abbreviated.slice(0, slash);
}

/**
 * The key of a look-up. An Internet address is its own key; in any other name `_` and `.` stand for a space
 * (domino-map.md, address look-up), so that `John_Smith` and `John.Smith` find `John Smith`.
 */
export function lookupKey(text: string): string {
  const address = text.includes('@') ? addressKey(text) : undefined;
  return address ?? lookupName(text);
}

function lookupName(text: string): string {
  return foldName(text.replaceAll(/[._]/g, ' '));
}

/** Every key of a document, each once, the strongest first. */
export function lookupKeys<F extends NamedForm>(form: F, document: DocumentOf[F]): LookupKey[] {
  const keys: { text: string | undefined; as: Key }[] = [
    { text: document.internetAddress, as: 'internet-address' },
    { text: document.name, as: 'full-name' },
    { text: commonName(document.name), as: 'common-name' },
    ...(form === 'Person' ? keysOfPerson(document as DocumentOf['Person']) : []),
  ];
  const found = new Map<string, LookupKey>();
  for (const { text, as } of keys) {
    const key = text === undefined ? '' : lookupKey(text);
    if (key !== '' && !found.has(key)) found.set(key, { key, as });
  }
  return [...found.values()];
}

function keysOfPerson(person: DocumentOf['Person']): { text: string | undefined; as: Key }[] {
  return [
    ...person.userNames.map((text) => ({ text, as: 'user-name' as const })),
    ...person.shortNames.map((text) => ({ text, as: 'short-name' as const })),
    { text: person.firstName, as: 'first-name' },
    { text: person.lastName, as: 'last-name' },
  ];
}
