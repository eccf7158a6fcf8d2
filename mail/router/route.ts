/**
 * The router's decision for one recipient (docs/message-flow.md): which mailboxes and next hops get a copy, or why
 * nobody does. Forwarding addresses and groups start it again for what they lead to. Asks the directory, and DNS where
 * a list of the outbound controls could name a mail server; changes nothing. Throws DirectoryUnavailable and
 * DnsUnavailable where a look-up could not be made, so that the work is tried again.
 */
import type { Address } from '../address/address.ts';
import { parseAddress } from '../address/path.ts';
import type { Directory } from '../directory/directory.ts';
import { lookUpRecipient, ownerOf } from '../directory/look-up.ts';
import type { Settings } from '../directory/settings.ts';
import type { Envelope, EnvelopeRecipient } from '../envelope/envelope.ts';
import { recipientKind } from '../policy/recipient-kind.ts';
import type { Resolver } from '../relay/doors.ts';
import type { Recipient } from '../spool/records.ts';
import { routeEntry, routeTarget } from './entries.ts';
import { entryNamed } from './expand.ts';
import { because, copyOf, failed, type Copy, type Leaf } from './leaf.ts';
import { limitedDirectory } from './limited.ts';
import { loopAt } from './loops.ts';
import { hop, wayToDominoDomain, wayToDomain, type NextHop } from './next-hop.ts';
import { mxNamesOf, outboundRefusal } from './outbound-controls.ts';
import { mayWriteTo } from './readers.ts';
import { srsOriginal } from './srs.ts';

export interface RouterContext {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly resolver: Pick<Resolver, 'mx'>;
  readonly envelope: Envelope;
}

/** What is asked once for a whole message. */
export interface MessageRouting extends RouterContext {
  /** Is the sender among a group's readers? */
  readonly mayWrite: (group: string, readers: readonly string[]) => Promise<boolean>;
  /** Names of the mail servers of a domain. */
  readonly mxNames: (domain: string) => Promise<readonly string[]>;
}

/** One RCPT TO under way: the groups it has opened. */
export interface Routing extends MessageRouting {
  readonly opened: Set<string>;
}

export function messageRouting(context: RouterContext): MessageRouting {
  const directory = limitedDirectory(context.directory);
  return {
    ...context,
    directory,
    mayWrite: mayWriteTo({ ...context, directory }),
    mxNames: mxNamesOf(context.resolver),
  };
}

/** All leaves of one RCPT TO. */
export async function routeRecipient(
  original: EnvelopeRecipient,
  context: RouterContext | MessageRouting,
): Promise<Leaf[]> {
  const whole = 'mayWrite' in context ? context : messageRouting(context);
  const why = because(`Configuration ${context.settings.configuration.name}`, 'routing');
  return routeCopy(copyOf(original, why), { ...whole, opened: new Set() });
}

/** Who waits still after a person released what was held or had failed here: an address, or a member's name. */
export function routeAgain(recipient: Recipient, context: MessageRouting): Promise<Leaf[]> {
  const { address, original, orcpt, told } = recipient;
  // Of dead mail: its sender was told of the failure, or cannot be.
  const notify = told === true ? 'NEVER' : recipient.notify;
  const asked = {
    address: original,
    ...(notify === undefined ? {} : { notify }),
    ...(orcpt === undefined ? {} : { orcpt }),
  };
  const why = because(`Configuration ${context.settings.configuration.name}`, 'routing');
  const copy: Copy = { ...copyOf(asked, why), address };
  const routing = { ...context, opened: new Set<string>() };
  return isPostmaster(address) ? routeCopy(copy, routing) : routeTarget(copy, address, routing);
}

/** One copy on its way: where its address leads. */
export async function routeCopy(copy: Copy, context: Routing): Promise<Leaf[]> {
  const { settings } = context;
  const address = addressOf(copy.address);
  if (address === undefined) return [notListed(copy, copy.address)];
  const kind = recipientKind(address, settings);
  if (kind.kind === 'postmaster') return routePostmaster(copy, address, context);
  if (kind.kind === 'local') return routeLocal(copy, kind.address, context);
  if (kind.kind === 'routed') return [notListed(copy, address)];
  if ('dominoDomain' in kind.destination)
    return [leaving(copy, wayToDominoDomain(kind.destination.dominoDomain, settings, kind.because))];
  return [await routeOutside(copy, address, context)];
}

/** `<postmaster>` stands without a domain (RFC 5321 section 4.1.1.3). */
function addressOf(text: string): Address | undefined {
  if (isPostmaster(text)) return { local: text, domain: '', text };
  const parsed = parseAddress(text);
  return parsed.ok ? parsed.value : undefined;
}

function isPostmaster(text: string): boolean {
  return /^postmaster$/i.test(text);
}

async function routeOutside(copy: Copy, address: Address, context: Routing): Promise<Leaf> {
  const refused = await outboundRefusal(copy, address, context);
  if (refused !== undefined)
    return failed({ ...copy, because: refused }, 'restriction', 'Message rejected for policy reasons');
  return leaving(copy, wayToDomain(address.domain, context.settings), true);
}

async function routeLocal(copy: Copy, address: Address, context: Routing): Promise<Leaf[]> {
  const { settings, directory } = context;
  const { routing, name } = settings.configuration;
  const smartHost = routing.localDomainSmartHost;
  const document = `Configuration ${name}`;
  const original = srsOriginal(address, settings);
  if (original !== undefined) return routeReversed(copy, original, context);
  if (routing.smartHostForAllLocalRecipients && smartHost !== '')
    return [
      leaving(copy, hop(smartHost, because(document, 'routing.smartHostForAllLocalRecipients', 'true'))),
    ];
  const owned = isMember(copy) && routing.addressLookup !== 'local-part';
  const result =
    (owned ? await ownerOf(address, directory) : undefined) ??
    (await lookUpRecipient(address, settings, directory));
  if ('found' in result) return routeEntry({ ...copy, because: result.because }, result.found, context);
  if ('ambiguous' in result)
    return [failed({ ...copy, because: result.because }, 'user', notUnique(address))];
  if (smartHost !== '')
    return [leaving(copy, hop(smartHost, because(document, 'routing.localDomainSmartHost', smartHost)))];
  return [notListed({ ...copy, because: result.because }, address)];
}

/** Groups of thousands are written as addresses: each costs one read, and those are made together. */
function isMember({ trail }: Copy): boolean {
  return trail.at(-1)?.by === 'group';
}

/** Mail to the address that a forwarded copy left with goes back to who sent the original. */
async function routeReversed(copy: Copy, original: Address, context: Routing): Promise<Leaf[]> {
  const { configuration } = context.settings;
  const why = because(`Configuration ${configuration.name}`, 'routing.forwardingSender', 'rewrite');
  const loop = loopAt(copy, context.envelope);
  if (loop !== undefined) return [failed({ ...copy, because: why }, 'user', loop)];
  const trail = [...copy.trail, { address: copy.address, by: 'reversal' as const }];
  return routeCopy({ ...copy, address: original.text, trail, because: why }, context);
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

/** Domino's words for a name or address that leads to nobody. */
export function notListed(copy: Copy, who: Address | string): Leaf {
  const user = typeof who === 'string' ? who : `${who.local} (${who.text})`;
  return failed(copy, 'user', `User ${user} not listed in Domino Directory`);
}

function notUnique(address: Address): string {
  return `User ${address.local} (${address.text}) not unique. Several matches found in Domino Directory.`;
}

export function leaving(copy: Copy, way: NextHop, outside = false): Leaf {
  const next = { ...copy, because: way.because };
  if (!way.found) return failed(next, 'domain', way.reply);
  return { ...next, way: 'hop', transport: way.transport, nextHop: way.nextHop, outside };
}
