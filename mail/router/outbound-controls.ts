/**
 * Outbound controls (Configuration > SMTP Outbound Controls; rules X1 to X5): who may write to other domains, and to
 * which. In each pair a deny entry wins; an allow list that is not empty allows only what it names. Not for `<>`; what
 * a person's forwarding address sends out is judged by that person.
 *
 * Senders are addresses and groups. Recipients are domains, addresses and groups, and names of mail servers, which
 * stand for every domain they serve: DNS is asked only where such an entry could decide. Throws DnsUnavailable.
 */
import type { Address } from '../address/address.ts';
import { parseAddress } from '../address/path.ts';
import type { Settings } from '../directory/settings.ts';
import { expand } from '../document/expand.ts';
import { addressMatcher, type AddressMatcher } from '../document/matcher.ts';
import type { Because } from '../policy/verdict.ts';
import type { Resolver } from '../relay/doors.ts';
import { because, type Copy } from './leaf.ts';
import type { Routing } from './route.ts';

interface RecipientList extends AddressMatcher {
  /** An entry could be the name of a mail server. */
  readonly namesHosts: boolean;
}

interface Lists {
  readonly senders: { readonly allow: AddressMatcher; readonly deny: AddressMatcher };
  readonly recipients: { readonly allow: RecipientList; readonly deny: RecipientList };
}

/** The field and entry that refuse; undefined: nothing does. */
export async function outboundRefusal(
  copy: Copy,
  recipient: Address,
  context: Routing,
): Promise<Because | undefined> {
  const { settings, envelope } = context;
  if (envelope.from === '') return undefined;
  const lists = listsOf(settings);
  return (
    senderRefusal(lists, sendersOf(copy, envelope.from), settings) ??
    recipientRefusal(lists, recipient, context)
  );
}

/** Whoever forwarded the copy last, else who sent the message. */
function sendersOf({ trail }: Copy, from: string): Address[] {
  const forwarder = trail.findLast(({ by }) => by === 'forward');
  const texts = forwarder === undefined ? [from] : [forwarder.address, forwarder.owner ?? ''];
  return texts.flatMap((text) => {
    const parsed = parseAddress(text);
    return parsed.ok ? [parsed.value] : [];
  });
}

function senderRefusal(
  { senders: { allow, deny } }: Lists,
  senders: readonly Address[],
  settings: Settings,
): Because | undefined {
  const denied = senders.map((sender) => deny.match(sender)).find((entry) => entry !== undefined);
  if (denied !== undefined) return inConfiguration(settings, 'outboundSenders.deny', denied);
  if (allow.empty || senders.some((sender) => allow.match(sender) !== undefined)) return undefined;
  return inConfiguration(settings, 'outboundSenders.allow');
}

async function recipientRefusal(
  { recipients: { allow, deny } }: Lists,
  recipient: Address,
  context: Routing,
): Promise<Because | undefined> {
  const denied = deny.match(recipient) ?? (await servedBy(deny, recipient, context));
  if (denied !== undefined) return inConfiguration(context.settings, 'outboundRecipients.deny', denied);
  if (allow.empty || allow.match(recipient) !== undefined) return undefined;
  if ((await servedBy(allow, recipient, context)) !== undefined) return undefined;
  return inConfiguration(context.settings, 'outboundRecipients.allow');
}

async function servedBy(
  list: RecipientList,
  { domain }: Address,
  context: Routing,
): Promise<string | undefined> {
  if (!list.namesHosts || domain.startsWith('[')) return undefined;
  const names = await context.mxNames(domain);
  return names.map((name) => list.matchHost(name)).find((entry) => entry !== undefined);
}

/** Each domain is asked for once per message. */
export function mxNamesOf(resolver: Pick<Resolver, 'mx'>): (domain: string) => Promise<readonly string[]> {
  const asked = new Map<string, Promise<readonly string[]>>();
  const ask = async (domain: string): Promise<readonly string[]> => {
    const { records } = await resolver.mx(domain);
    return records.map(({ exchange }) => exchange.replace(/\.$/, ''));
  };
  return (domain) => {
    const known = asked.get(domain) ?? ask(domain);
    asked.set(domain, known);
    return known;
  };
}

function inConfiguration({ configuration }: Settings, field: string, entry?: string): Because {
  return because(`Configuration ${configuration.name}`, field, entry);
}

const compiled = new WeakMap<Settings, Lists>();

function listsOf(settings: Settings): Lists {
  const before = compiled.get(settings);
  if (before !== undefined) return before;
  const { outboundSenders: senders, outboundRecipients: recipients } = settings.configuration;
  const lists: Lists = {
    senders: {
      allow: addressMatcher(senders.allow, settings, 'outbound-senders'),
      deny: addressMatcher(senders.deny, settings, 'outbound-senders'),
    },
    recipients: {
      allow: recipientList(recipients.allow, settings),
      deny: recipientList(recipients.deny, settings),
    },
  };
  compiled.set(settings, lists);
  return lists;
}

function recipientList(entries: readonly string[], settings: Settings): RecipientList {
  const namesHosts = expand(entries, 'addresses', settings).some(({ entry }) => entry.kind === 'domain');
  return { ...addressMatcher(entries, settings), namesHosts };
}
