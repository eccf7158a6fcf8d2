/**
 * The conductor: the rules of each stage of a session in their order. The listener answers what these say, and
 * `postern explain` shows their steps: both call the same functions with the same facts.
 *
 * Receives settings, directory, resolver and the facts of the session; writes nothing. What cannot be read defers
 * the stage with 451 (rules name themselves in the steps); any other error passes through and is 451 as well.
 */
import { logSafe, type Address, type ReversePath } from '../address/address.ts';
import type { Settings } from '../directory/settings.ts';
import type { HeaderBlock } from '../envelope/header.ts';
import { recipientRouted550 } from '../reply/message-replies.ts';
import { reply } from '../reply/reply.ts';
import { authenticatedAuthors, authenticatedSender, authenticationRequired } from './authenticated-sender.ts';
import { allowedConnections, deniedConnections, verifiedHostName } from './connection.ts';
import { takesStrangers, type PolicyContext } from './context.ts';
import { dnsBlacklist, dnsWhitelist } from './dns-lists.ts';
import { peerExemption } from './enforcement.ts';
import type { ListHit } from './list-hit.ts';
import { privateBlacklist, privateWhitelist } from './private-lists.ts';
import { recipientKind, type RecipientKind } from './recipient-kind.ts';
import { recipientLists, verifiedRecipient } from './recipients.ts';
import { relayRules } from './relay-rules.ts';
import { accept, conduct, inServer, pass, refuse, rulesIn, type Rule, type Ruling } from './ruling.ts';
import { senderDomain, senderLists } from './senders.ts';
import { hopRuling, recipientCount, sizeRuling } from './sizes.ts';
import { standingOf } from './standing.ts';
import type { Verdict } from './verdict.ts';

/** What atConnect found, for the session to keep until the settings change. */
export interface Connection {
  /** `defer` is answered at MAIL, not in place of the greeting: the peer may wait and name itself again. */
  readonly verdict: Verdict;
  readonly hits: readonly ListHit[];
  readonly settings: string;
}

/** Before the greeting: C1 to C5. */
export async function atConnect(context: PolicyContext): Promise<Connection> {
  const hits: ListHit[] = [];
  const { by } = rulesIn(context.settings);
  const verdict = await conduct([
    by('inboundConnections.deny', 'connection denied', () => deniedConnections(context)),
    by('inboundConnections.allow', 'connection allowed', () => allowedConnections(context)),
    ...blackAndWhite(context, hits),
  ]);
  return { verdict, hits, settings: context.settings.version };
}

/** C3: white before black, private before DNS; nothing for exempt peers, nor on ports for people who log in. */
function blackAndWhite(context: PolicyContext, hits: ListHit[]): Rule[] {
  const { settings, session } = context;
  const { privateBlacklist: own, dnsBlacklist: dns, dnsWhitelist: good } = settings.configuration;
  if (!takesStrangers(context) || !(own.enabled || dns.enabled || good.enabled)) return [];
  const exemption = () => peerExemption(settings, () => standingOf(settings, session.peer));
  const { by } = rulesIn(settings);
  return [
    by('relayEnforcement.hosts', 'lists concern this peer', exemption),
    by('privateWhitelist.hosts', 'private whitelist', () => privateWhitelist(context, hits)),
    by('privateBlacklist.hosts', 'private blacklist', () => privateBlacklist(context, hits)),
    by('dnsWhitelist.sites', 'DNS whitelist', () => dnsWhitelist(context, hits)),
    by('dnsBlacklist.sites', 'DNS blacklist', () => dnsBlacklist(context, hits)),
  ];
}

export interface MailFacts {
  readonly sender: ReversePath;
  /** SIZE as declared. */
  readonly size?: number | undefined;
  /** What atConnect said of this peer; asked again when it is absent, undecided, or of other settings. */
  readonly connection?: Connection | undefined;
}

/** MAIL FROM: F1 to F5. `connection` is what holds from now on. */
export async function atMail(
  context: PolicyContext,
  { sender, size, connection }: MailFacts,
): Promise<{ verdict: Verdict; connection: Connection }> {
  const { settings, session } = context;
  const current = isCurrent(connection, context) ? connection : await atConnect(context);
  const asked = current === connection ? [] : current.verdict.steps;
  if (current.verdict.outcome !== 'accept')
    return { verdict: afterGreeting(current.verdict), connection: current };
  const { by, byServer } = rulesIn(settings);
  const verdict = await conduct([
    byServer(`ports.${session.port}.anonymous`, 'authentication', () => authenticationRequired(context)),
    by('inboundConnections.verifyHostName', 'host name', () => verifiedHostName(context, logSafe(sender))),
    byServer('verifyAuthenticatedSender', 'authenticated sender', () => authenticatedSender(context, sender)),
    by('inboundSenders.deny', 'sender lists', () => senderLists(context, sender)),
    by('inboundSenders.verifyDomain', 'sender domain', () => senderDomain(context, sender)),
    by('routing.maximumMessageSize', 'size', () => sizeRuling(settings, size)),
  ]);
  return { verdict: { ...verdict, steps: [...asked, ...verdict.steps] }, connection: current };
}

export interface RecipientFacts {
  readonly sender: ReversePath;
  readonly recipient: Address;
  /** Recipients of this message accepted before. */
  readonly earlier?: number;
}

/** RCPT TO: what the recipient is, then P1 to P3 for a local one, R1 to R8 for a relay. */
export async function atRecipient(context: PolicyContext, facts: RecipientFacts): Promise<Verdict> {
  const { settings } = context;
  const { byServer } = rulesIn(settings);
  return conduct([
    byServer('maximumRecipients', 'number of recipients', () => recipientCount(settings, facts.earlier ?? 0)),
    ...rulesFor(recipientKind(facts.recipient, settings), context, facts),
  ]);
}

function rulesFor(
  kind: RecipientKind,
  context: PolicyContext,
  { sender, recipient }: RecipientFacts,
): Rule[] {
  const { settings, session } = context;
  if (kind.kind === 'postmaster') return [{ rule: 'postmaster', ask: () => postmaster(settings) }];
  if (kind.kind === 'routed')
    return [{ rule: 'address', ask: () => refuse(recipientRouted550(logSafe(recipient)), kind.because) }];
  if (kind.kind === 'relay') return relayRules({ settings, session, recipient, ...kind });
  const { address, because } = kind;
  const { by } = rulesIn(settings);
  return [
    { rule: 'local domain', ask: () => pass('local', because) },
    by('inboundRecipients.deny', 'recipient lists', () => recipientLists(context, address)),
    by('inboundRecipients.verifyLocal', 'recipient', () =>
      verifiedRecipient(context, { recipient, address, sender }),
    ),
  ];
}

/** RFC 5321 section 4.5.1; the Server document says who that is. */
function postmaster(settings: Settings): Ruling {
  return accept('always accepted', inServer(settings, 'postmaster', settings.server.postmaster));
}

export interface DataFacts {
  /** Bytes of the message as received. */
  readonly size: number;
  readonly header: HeaderBlock;
  /** Received fields. */
  readonly hops: number;
}

/** The end of DATA, as far as the envelope and the header decide; sender authentication and mail rules follow. */
export function atData(context: PolicyContext, { size, header, hops }: DataFacts): Promise<Verdict> {
  const { settings } = context;
  const { by, byServer } = rulesIn(settings);
  return conduct([
    by('routing.maximumMessageSize', 'size', () => sizeRuling(settings, size)),
    by('transfer.maximumHopCount', 'hop count', () => hopRuling(settings, hops)),
    byServer('verifyAuthenticatedSender', 'authenticated authors', () =>
      authenticatedAuthors(context, header),
    ),
  ]);
}

function isCurrent(
  connection: Connection | undefined,
  { settings }: PolicyContext,
): connection is Connection {
  return connection?.settings === settings.version && connection.verdict.outcome !== 'defer';
}

/** The greeting carries no enhanced code; at MAIL the same refusal does. */
function afterGreeting(verdict: Verdict): Verdict {
  if (verdict.outcome === 'accept' || verdict.reply.enhanced !== undefined) return verdict;
  return { ...verdict, reply: reply(verdict.reply.code, '7.1', verdict.reply.text) };
}
