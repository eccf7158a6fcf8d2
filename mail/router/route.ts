/**
 * The router's decision for one recipient (domino-rules.md 4.1): which mailboxes and next hops get a copy, or why
 * nobody does. Forwarding addresses and groups start it again for what they lead to. Asks the directory, changes
 * nothing; throws DirectoryUnavailable where a look-up could not be made, so that the work is tried again.
 */
import { foldAddress, type Address } from '../address/address.ts';
import { parseAddress } from '../address/path.ts';
import type { Directory, Entry } from '../directory/directory.ts';
import { percentDomain } from '../directory/domino-domains.ts';
import { isLocalDomain } from '../directory/local-domains.ts';
import { lookUpRecipient } from '../directory/look-up.ts';
import type { Settings } from '../directory/settings.ts';
import { foldName } from '../document/names.ts';
import type { Envelope, EnvelopeRecipient } from '../envelope/envelope.ts';
import { mailFileOf } from '../directory/mail-home.ts';
import { entryNamed, expandGroup } from './expand.ts';
import { because, failed, type Copy, type Leaf } from './leaf.ts';
import { hop, wayToDominoDomain, wayToDomain, wayToServer, type NextHop } from './next-hop.ts';

export interface RouterContext {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly envelope: Envelope;
}

/** One RCPT TO under way: the groups it has opened. */
export interface Routing extends RouterContext {
  readonly opened: Set<string>;
}

/** All leaves of one RCPT TO. */
export async function routeRecipient(original: EnvelopeRecipient, context: RouterContext): Promise<Leaf[]> {
  const { configuration } = context.settings;
  const copy: Copy = {
    original,
    address: original.address,
    ...(original.notify === undefined ? {} : { notify: original.notify }),
    trail: [],
    because: because(`Configuration ${configuration.name}`, 'routing'),
  };
  return routeCopy(copy, { ...context, opened: new Set() });
}

/** One copy on its way: where its address leads. */
export async function routeCopy(copy: Copy, context: Routing): Promise<Leaf[]> {
  const parsed = parseAddress(copy.address);
  if (!parsed.ok) return [failed(copy, 'user', `User ${copy.address} not listed in Domino Directory`)];
  const address = parsed.value;
  if (address.domain !== '' && !isLocalDomain(address.domain, context.settings))
    return [leaving(copy, wayToDomain(address.domain, context.settings))];
  return routeLocal(copy, address, context);
}

async function routeLocal(copy: Copy, address: Address, context: Routing): Promise<Leaf[]> {
  if (isPostmaster(address)) return routePostmaster(copy, address, context);
  const { routing, name } = context.settings.configuration;
  const smartHost = routing.localDomainSmartHost;
  const document = `Configuration ${name}`;
  if (routing.smartHostForAllLocalRecipients && smartHost !== '')
    return [
      leaving(copy, hop(smartHost, because(document, 'routing.smartHostForAllLocalRecipients', 'true'))),
    ];
  const percent = percentDomain(address.local, context.settings);
  if (percent.kind === 'other')
    return [leaving(copy, wayToDominoDomain(percent.domain.name, context.settings))];
  const result = await lookUpRecipient(address, context.settings, context.directory);
  if ('found' in result) return routeEntry({ ...copy, because: result.because }, result.found, context);
  if ('ambiguous' in result)
    return [failed({ ...copy, because: result.because }, 'user', notUnique(address))];
  if (smartHost !== '')
    return [leaving(copy, hop(smartHost, because(document, 'routing.localDomainSmartHost', smartHost)))];
  return [failed({ ...copy, because: result.because }, 'user', notListed(address))];
}

function isPostmaster(address: Address): boolean {
  return address.local.toLowerCase() === 'postmaster';
}

/** RFC 5321 section 4.5.1: postmaster is always accepted; without one in the Server document its mail is held. */
async function routePostmaster(copy: Copy, address: Address, context: Routing): Promise<Leaf[]> {
  const { settings, directory } = context;
  const document = `Server ${settings.server.name}`;
  const name = settings.server.postmaster;
  const entry = name === '' || name === undefined ? undefined : await entryNamed(name, directory);
  if (entry !== undefined)
    return routeEntry({ ...copy, because: because(document, 'postmaster', name) }, entry, context);
  const result = address.domain === '' ? undefined : await lookUpRecipient(address, settings, directory);
  if (result !== undefined && 'found' in result)
    return routeEntry({ ...copy, because: result.because }, result.found, context);
  return [{ ...copy, way: 'held', reason: 'no postmaster', because: because(document, 'postmaster', name) }];
}

export function notListed(address: Address): string {
  return `User ${address.local} (${address.text}) not listed in Domino Directory`;
}

export function notUnique(address: Address): string {
  return `User ${address.local} (${address.text}) not unique. Several matches found in Domino Directory.`;
}

/** What a document of the directory does with a copy (domino-rules.md 3.3). */
export async function routeEntry(copy: Copy, entry: Entry, context: Routing): Promise<Leaf[]> {
  if (entry.form === 'Group') return expandGroup(copy, entry, context);
  if (entry.form === 'MailInDatabase') return [placed(copy, entry, context)];
  const person = entry.document;
  const document = `Person ${entry.name}`;
  if (person.mailSystem === 'none')
    return [
      failed(
        { ...copy, because: because(document, 'mailSystem', 'none') },
        'user',
        `User ${entry.name} has no mail system`,
      ),
    ];
  if (person.forwardingAddress === undefined) return [placed(copy, entry, context)];
  return forward(copy, person.forwardingAddress, { ...context, document });
}

/** Its mail server and domain decide: here it lies in a mailbox, elsewhere SMTP must lead there. */
function placed(copy: Copy, entry: Exclude<Entry, { form: 'Group' }>, { settings }: Routing): Leaf {
  const { mailServer, mailDomain, quotaMB } = entry.document;
  const document = `${entry.form} ${entry.name}`;
  if (mailDomain !== undefined && foldName(mailDomain) !== foldName(settings.server.domain))
    return leaving(
      copy,
      wayToDominoDomain(mailDomain, settings, because(document, 'mailDomain', mailDomain)),
    );
  if (mailServer !== undefined && foldName(mailServer) !== foldName(settings.server.name))
    return leaving(copy, wayToServer(mailServer, settings));
  const mailFile = mailFileOf(entry.document);
  return { ...copy, way: 'mailbox', mailFile, quotaMB, because: because(document, 'mailFile', mailFile) };
}

const mostForwards = 20;

/** A forwarding address replaces the recipient; the notification asked for goes with it (RFC 3461 section 5.2.6). */
async function forward(copy: Copy, target: string, context: Routing & { document: string }): Promise<Leaf[]> {
  const why = because(context.document, 'forwardingAddress', target);
  if (isLoop(copy, context) || copy.trail.length >= mostForwards)
    return [failed({ ...copy, because: why }, 'user', loopReply)];
  const next: Copy = { ...copy, address: target, trail: [...copy.trail, copy.address], because: why };
  const leaves = await routeCopy(next, context);
  return leaves.map((leaf) => (leaf.way === 'hop' ? { ...leaf, because: why } : leaf));
}

export const loopReply = 'Maximum forwarding loop count exceeded, message probably in a forwarding loop';

/** This copy has been at this address before: in this expansion, or on an earlier way through the gateway. */
export function isLoop(copy: Copy, { envelope }: Routing): boolean {
  const here = foldText(copy.address);
  const before = [...copy.trail, ...(envelope.header.deliveredTo ?? [])];
  return before.some((address) => foldText(address) === here);
}

function foldText(text: string): string {
  const parsed = parseAddress(text);
  return parsed.ok ? foldAddress(parsed.value) : text.toLowerCase();
}

function leaving(copy: Copy, way: NextHop): Leaf {
  const next = { ...copy, because: way.because };
  if (!way.found) return failed(next, 'domain', way.reply);
  return { ...next, way: 'hop', transport: way.transport, nextHop: way.nextHop };
}
