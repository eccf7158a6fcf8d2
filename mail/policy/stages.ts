/**
 * The conductor: the rules of each stage of a session in their order. The listener answers what these say, and
 * `postern explain` shows their steps: both call the same functions with the same facts.
 *
 * Receives settings, directory, resolver and the facts of the session; writes nothing. What cannot be read defers
 * the stage with 451 (rules name themselves in the steps); any other error passes through and is 451 as well.
 */
import { logSafe, type Address, type ReversePath } from '../address/address.ts';
import type { HeaderBlock } from '../envelope/header.ts';
import { recipientRouted550 } from '../reply/message-replies.ts';
import { reply } from '../reply/reply.ts';
import { authenticatedAuthors, authenticatedSender, authenticationRequired } from './authenticated-sender.ts';
import { allowedConnections, deniedConnections, verifiedHostName } from './connection.ts';
import { takesStrangers, type PolicyContext } from './context.ts';
import { dnsBlacklist, dnsWhitelist } from './dns-lists.ts';
import { peerExemption, relayExemption } from './enforcement.ts';
import type { ListHit } from './list-hit.ts';
import { privateBlacklist, privateWhitelist } from './private-lists.ts';
import { recipientKind, type RecipientKind } from './recipient-kind.ts';
import { recipientLists, verifiedRecipient } from './recipients.ts';
import { relayRuling, type Destination } from './relay.ts';
import { accept, conduct, inServer, pass, refuse, type Rule, type Ruling } from './ruling.ts';
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
  const verdict = await conduct(
    [
      { rule: 'connection denied', ask: () => deniedConnections(context) },
      { rule: 'connection allowed', ask: () => allowedConnections(context) },
      ...blackAndWhite(context, hits),
    ],
    context.settings,
  );
  return { verdict, hits, settings: context.settings.version };
}

/** C3: white before black, private before DNS; nothing for exempt peers, nor on ports for people who log in. */
function blackAndWhite(context: PolicyContext, hits: ListHit[]): Rule[] {
  const { settings, session } = context;
  const { privateBlacklist: own, dnsBlacklist: dns, dnsWhitelist: good } = settings.configuration;
  if (!takesStrangers(context) || !(own.enabled || dns.enabled || good.enabled)) return [];
  const exemption = () => peerExemption(settings, () => standingOf(settings, session.peer));
  return [
    { rule: 'lists concern this peer', ask: exemption },
    { rule: 'private whitelist', ask: () => privateWhitelist(context, hits) },
    { rule: 'private blacklist', ask: () => privateBlacklist(context, hits) },
    { rule: 'DNS whitelist', ask: () => dnsWhitelist(context, hits) },
    { rule: 'DNS blacklist', ask: () => dnsBlacklist(context, hits) },
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
  const { settings } = context;
  const current = isCurrent(connection, context) ? connection : await atConnect(context);
  const asked = current === connection ? [] : current.verdict.steps;
  if (current.verdict.outcome !== 'accept')
    return { verdict: afterGreeting(current.verdict), connection: current };
  const verdict = await conduct(
    [
      { rule: 'authentication', ask: () => authenticationRequired(context) },
      { rule: 'host name', ask: () => verifiedHostName(context, logSafe(sender)) },
      { rule: 'authenticated sender', ask: () => authenticatedSender(context, sender) },
      { rule: 'sender lists', ask: () => senderLists(context, sender) },
      { rule: 'sender domain', ask: () => senderDomain(context, sender) },
      { rule: 'size', ask: () => sizeRuling(settings, size) },
    ],
    settings,
  );
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
  const kind = recipientKind(facts.recipient, context.settings);
  return conduct(
    [
      { rule: 'number of recipients', ask: () => recipientCount(context.settings, facts.earlier ?? 0) },
      ...rulesFor(kind, context, facts),
    ],
    context.settings,
  );
}

function rulesFor(
  kind: RecipientKind,
  context: PolicyContext,
  { sender, recipient }: RecipientFacts,
): Rule[] {
  if (kind.kind === 'postmaster') return [{ rule: 'postmaster', ask: () => postmaster(context) }];
  if (kind.kind === 'routed')
    return [{ rule: 'address', ask: () => refuse(recipientRouted550(logSafe(recipient))) }];
  if (kind.kind === 'relay') return relayRules(context, recipient, kind.destination);
  const { address, because } = kind;
  return [
    { rule: 'local domain', ask: () => pass('local', because) },
    { rule: 'recipient lists', ask: () => recipientLists(context, address) },
    { rule: 'recipient', ask: () => verifiedRecipient(context, { recipient, address, sender }) },
  ];
}

/** RFC 5321 section 4.5.1; the Server document says who that is. */
function postmaster({ settings }: PolicyContext): Ruling {
  return accept('always accepted', inServer(settings, 'postmaster', settings.server.postmaster));
}

function relayRules(
  { settings, session }: PolicyContext,
  recipient: Address,
  destination: Destination,
): Rule[] {
  return [
    { rule: 'relay enforcement', ask: () => relayExemption(settings, session) },
    { rule: 'address', ask: () => routedBeyond(recipient, destination) },
    { rule: 'relay lists', ask: () => relayRuling(settings, session.peer, destination) },
  ];
}

/** Who may relay to a domain may not route on from there by it; our own people's addresses are that domain's business. */
function routedBeyond(recipient: Address, destination: Destination): Ruling {
  if (!('domain' in destination) || !/[!%@]/.test(recipient.local)) return pass('plain');
  return refuse(recipientRouted550(logSafe(recipient)));
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
  return conduct(
    [
      { rule: 'size', ask: () => sizeRuling(context.settings, size) },
      { rule: 'hop count', ask: () => hopRuling(context.settings, hops) },
      { rule: 'authenticated authors', ask: () => authenticatedAuthors(context, header) },
    ],
    context.settings,
  );
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
