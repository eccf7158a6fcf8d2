/**
 * Into which folder of a mail file a message goes, and why (documents.md, `delivery` of the Configuration): untrusted mail
 * (SPF fail, DMARC fail) into Junk, SPF softfail where that is said as well, but never mail of the exceptions. A sender is
 * who stands in MAIL FROM or From; one of them suffices.
 */
import type { Address } from '../address/address.ts';
import { parseMailboxList } from '../address/mailbox-list.ts';
import { parseAddress } from '../address/path.ts';
import type { Settings } from '../directory/settings.ts';
import { addressMatcher, type AddressMatcher } from '../document/matcher.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import type { MailboxRow } from './mailbox.ts';

export interface Folder {
  readonly folder: MailboxRow['folder'];
  /** Absent: nothing about the message was in doubt. */
  readonly because?: Because;
}

export function folderOf(envelope: Pick<Envelope, 'trust' | 'from' | 'header'>, settings: Settings): Folder {
  const { name, delivery } = settings.configuration;
  const { trust } = envelope;
  if (trust === undefined || !delivery.junkUntrusted) return { folder: 'Inbox' };
  const document = `Configuration ${name}`;
  if (trust === 'softfail' && !delivery.junkSoftfail)
    return { folder: 'Inbox', because: { document, field: 'delivery.junkSoftfail', entry: 'false' } };
  const entry = exceptionOf(envelope, settings);
  if (entry !== undefined)
    return { folder: 'Inbox', because: { document, field: 'delivery.junkExceptions', entry } };
  const field = trust === 'softfail' ? 'delivery.junkSoftfail' : 'delivery.junkUntrusted';
  return { folder: 'Junk', because: { document, field, entry: 'true' } };
}

function exceptionOf(
  { from, header }: Pick<Envelope, 'from' | 'header'>,
  settings: Settings,
): string | undefined {
  const exceptions = exceptionsOf(settings);
  for (const sender of [...addressesOf(from), ...authorsOf(header.from)]) {
    const entry = exceptions.match(sender);
    if (entry !== undefined) return entry;
  }
  return undefined;
}

function addressesOf(text: string): Address[] {
  const parsed = parseAddress(text);
  return parsed.ok ? [parsed.value] : [];
}

function authorsOf(field: string | undefined): Address[] {
  const list = field === undefined ? undefined : parseMailboxList(field);
  return list?.ok === true ? list.value.flatMap(({ address }) => address ?? []) : [];
}

const compiled = new WeakMap<Settings, AddressMatcher>();

/** Compiled once per settings: a list may name a large group. */
function exceptionsOf(settings: Settings): AddressMatcher {
  const list =
    compiled.get(settings) ?? addressMatcher(settings.configuration.delivery.junkExceptions, settings);
  compiled.set(settings, list);
  return list;
}
