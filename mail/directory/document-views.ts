/**
 * What a kept version gives to look-ups: the entries under which it is found (Domino's `$Users` view) and the
 * claims that only one document can have: an Internet address, being the default Global Domain.
 */
import { lookupKey, lookupKeys } from '../document/names.ts';
import type { DocumentOf, FormName } from '../document/forms.ts';
import type { Key } from './directory.ts';
import { contentHash } from './content.ts';
import { idOf } from './kept.ts';

export interface View {
  readonly key: string;
  /** `-`: a claim. */
  readonly sort: string;
  readonly form: FormName;
  /** As the document spells it. */
  readonly name: string;
  /** How the entry is found here. */
  readonly keys?: readonly Key[];
  /** The entry's document; a group's without its members. */
  readonly document?: object;
}

const separator = '\u0000';

export function viewId({ key, sort }: Pick<View, 'key' | 'sort'>): string {
  return `${key}${separator}${sort}`;
}

export function viewKey(id: string): { key: string; sort: string } {
  const [key = '', sort = ''] = id.split(separator);
  return { key, sort };
}

export function isClaim({ sort }: Pick<View, 'sort'>): boolean {
  return sort === '-';
}

/** Of what a view says; who has it stands beside. */
export function viewDigest(view: View): string {
  return contentHash(view);
}

export const defaultClaim = 'default#GlobalDomain';
/** A document with more names than this is a mistake, and would write for minutes. */
export const mostNames = 500;

export function addressClaim(address: string): string {
  return `address#${lookupKey(address)}`;
}

export function nameView(name: string): string {
  return `name#${lookupKey(name)}`;
}

/** `name` is the folded one. */
export function viewsOf<F extends FormName>(form: F, name: string, document: DocumentOf[F]): View[] {
  if (form === 'GlobalDomain') return defaultView(document as DocumentOf['GlobalDomain']);
  if (form !== 'Person' && form !== 'Group' && form !== 'MailInDatabase') return [];
  const named = document as DocumentOf['Person' | 'Group' | 'MailInDatabase'];
  const entry = { form, name: document.name, document: withoutMembers(named) };
  return lookupKeys(form, named as never).map(({ key, as }) =>
    as === 'internet-address'
      ? { key: `address#${key}`, sort: '-', ...entry, keys: [as] }
      : { key: `name#${key}`, sort: idOf({ form, name }), ...entry, keys: [as] },
  );
}

function defaultView(document: DocumentOf['GlobalDomain']): View[] {
  if (!document.default) return [];
  return [{ key: defaultClaim, sort: '-', form: 'GlobalDomain', name: document.name }];
}

function withoutMembers(document: object): object {
  const { members: _, ...rest } = document as { members?: unknown };
  return rest;
}
