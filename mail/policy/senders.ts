/**
 * Whose mail is taken (Configuration > Inbound Sender Controls; rules F2 to F4): the sender lists, where a deny entry
 * wins, and the check that the sender's domain can take mail. Not for who has logged in, nor for the null sender.
 */
import { logSafe, type Address, type ReversePath } from '../address/address.ts';
import { senderDomainUnknown554, senderNullMx550, senderRejected554 } from '../reply/message-replies.ts';
import type { Resolver } from '../relay/doors.ts';
import type { PolicyContext } from './context.ts';
import { listsOf } from './lists.ts';
import { inConfiguration, pass, refuse, type Ruling } from './ruling.ts';

export function senderLists({ settings, session }: PolicyContext, sender: ReversePath): Ruling {
  if (session.auth !== undefined) return pass('authenticated');
  if (sender === null) return pass('null sender');
  const { allow, deny } = listsOf(settings).senders;
  const denied = deny.match(sender);
  if (denied !== undefined) return rejected(sender, inConfiguration(settings, 'inboundSenders.deny', denied));
  if (allow.empty) return pass('not denied');
  const allowed = allow.match(sender);
  const because = inConfiguration(settings, 'inboundSenders.allow', allowed);
  return allowed === undefined ? rejected(sender, because) : pass('allowed', because);
}

/** Throws DnsUnavailable. */
export async function senderDomain(
  { settings, session, resolver }: PolicyContext,
  sender: ReversePath,
): Promise<Ruling> {
  if (!settings.configuration.inboundSenders.verifyDomain) return pass('not asked');
  if (session.auth !== undefined) return pass('authenticated');
  if (sender === null) return pass('null sender');
  if (sender.domain === '' || sender.domain.startsWith('[')) return pass('no domain to ask for');
  const found = await mailOf(sender.domain, resolver);
  const because = inConfiguration(settings, 'inboundSenders.verifyDomain', `${sender.domain}: ${found}`);
  if (found === 'null MX') return refuse(senderNullMx550(sender.domain), because);
  if (found === 'neither MX nor address')
    return refuse(senderDomainUnknown554(logSafe(sender), sender.domain), because);
  return pass('can take mail', because);
}

/** RFC 5321 section 5.1, RFC 7505. */
async function mailOf(
  domain: string,
  resolver: Resolver,
): Promise<'MX' | 'address' | 'null MX' | 'neither MX nor address'> {
  const { exists, records } = await resolver.mx(domain);
  if (records.some(({ exchange }) => exchange !== '' && exchange !== '.')) return 'MX';
  if (records.length > 0) return 'null MX';
  const addresses = exists ? await resolver.addresses(domain) : [];
  return addresses.length > 0 ? 'address' : 'neither MX nor address';
}

function rejected(sender: Address, because: ReturnType<typeof inConfiguration>): Ruling {
  return refuse(senderRejected554(logSafe(sender)), because);
}
