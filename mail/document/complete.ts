/** Defaults that depend on other fields of the same document, and names in the form in which they go out. */
import { canonicalDomain } from '../address/domain.ts';
import { parseAddress } from '../address/path.ts';
import { foldText, isPlain } from '../address/address.ts';
import type { DocumentOf, FormName, MailInDatabase, Person } from './forms.ts';

type Incomplete = Readonly<Record<string, unknown>>;

export function completeDocument(form: FormName, document: Incomplete): DocumentOf[FormName] {
  if (form === 'Server') return withHostNames(document as DocumentOf['Server']);
  if (form !== 'Person' && form !== 'MailInDatabase') return document as DocumentOf[FormName];
  const owner = document as Person | MailInDatabase;
  return { ...owner, mailFile: mailFileOf(owner) };
}

function withHostNames({
  hostName,
  outboundHostName,
  ...server
}: DocumentOf['Server']): DocumentOf['Server'] {
  const own = wireName(hostName);
  return { ...server, hostName: own, outboundHostName: wireName(outboundHostName ?? own) };
}

/** Greeting, EHLO, Received and reports are ASCII (RFC 5321 section 2.3.5); the case of letters stays as written. */
function wireName(name: string): string {
  return isPlain(name) ? name : (canonicalDomain(name) ?? name);
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
