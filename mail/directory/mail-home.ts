/**
 * Where a person's or mail-in database's mail is kept: mail server, Domino domain, mail file, with the defaults of
 * the documents. Two entries with one home are one match, and share a mailbox.
 */
import { parseAddress } from '../address/path.ts';
import { commonName, foldName } from '../document/names.ts';
import type { MailInDatabase, Person } from '../document/forms.ts';
import type { Entry } from './directory.ts';
import type { Settings } from './settings.ts';

export interface MailHome {
  readonly server: string;
  readonly domain: string;
  readonly file: string;
}

/** Undefined for a group, which keeps no mail. */
export function mailHomeOf(entry: Entry, settings: Settings): MailHome | undefined {
  if (entry.form === 'Group') return undefined;
  return {
    server: entry.document.mailServer ?? settings.server.name,
    domain: entry.document.mailDomain ?? settings.server.domain,
    file: mailFileOf(entry.document),
  };
}

/** `mail/<local part>` where no file is named; without an Internet address the common name stands for it. */
export function mailFileOf(document: Person | MailInDatabase): string {
  if (document.mailFile !== undefined) return document.mailFile.replaceAll('\\', '/').toLowerCase();
  const address = document.internetAddress === undefined ? undefined : parseAddress(document.internetAddress);
  const local = address?.ok ? address.value.local : commonName(document.name).replaceAll(' ', '_');
  return `mail/${local.replaceAll(/[\\/]/g, '_').toLowerCase()}`;
}

/** The text under which homes compare. */
export function homeKey(entry: Entry, settings: Settings): string {
  const home = mailHomeOf(entry, settings);
  if (home === undefined) return `group\n${foldName(entry.name)}`;
  return [foldName(home.server), foldName(home.domain), home.file].join('\n');
}
