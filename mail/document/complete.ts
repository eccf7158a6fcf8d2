/** Defaults that depend on other fields of the same document. */
import { parseAddress } from '../address/path.ts';
import { foldText } from '../address/address.ts';
import type { DocumentOf, FormName, MailInDatabase, Person } from './forms.ts';

type Incomplete = Readonly<Record<string, unknown>>;

export function completeDocument(form: FormName, document: Incomplete): DocumentOf[FormName] {
  if (form === 'Server')
    return {
      ...document,
      outboundHostName: document['outboundHostName'] ?? document['hostName'],
    } as DocumentOf['Server'];
  if (form !== 'Person' && form !== 'MailInDatabase') return document as DocumentOf[FormName];
  const owner = document as Person | MailInDatabase;
  return { ...owner, mailFile: mailFileOf(owner) };
}

function mailFileOf({ mailFile, internetAddress }: Person | MailInDatabase): string | undefined {
  if (mailFile !== undefined) return foldText(mailFile.replaceAll('\\', '/'));
  const address = parseAddress(internetAddress ?? '');
  return address.ok ? `mail/${fileName(address.value.local)}` : undefined;
}

/** A quoted local part may hold slashes and dots alone, which would lead out of the folder. */
function fileName(local: string): string {
  return foldText(local)
    .replaceAll(/[/\\\p{Cc}]/gu, '_')
    .replace(/^\.+$/, '_');
}
