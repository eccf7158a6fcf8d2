/** Mail files: where a Person's or Mail-In Database's mail lies (documents.md, `mailFile`). */
import type { MailInDatabase, Person } from '../document/forms.ts';

/** The mail file of a document: as written, or `mail/<local part of internetAddress>`; undefined: it has none. */
export function mailFileOf(
  document: Pick<Person | MailInDatabase, 'mailFile' | 'internetAddress'>,
): string | undefined {
  if (document.mailFile !== undefined && document.mailFile !== '')
    return canonicalMailFile(document.mailFile);
  const address = document.internetAddress;
  if (address === undefined || !address.includes('@')) return undefined;
  return canonicalMailFile(`mail/${address.slice(0, address.lastIndexOf('@'))}`);
}

/** Backslash is slash, case does not matter: two documents with one file share a mailbox. */
export function canonicalMailFile(text: string): string {
  return text.trim().replaceAll('\\', '/').toLowerCase().normalize('NFC');
}
