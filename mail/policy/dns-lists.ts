/**
 * DNS white and black lists, IPv4 and IPv6 (Configuration > DNS Whitelist Filters, DNS Blacklist Filters; C3 to C5).
 *
 * All sites are asked at once; the first in the order of the document that lists the peer decides. Only answers in
 * 127.0.0.0/8 other than 127.0.0.1 and 127.255.255.0/24 are listings. Any other answer, or DNS that cannot be
 * asked, makes the site unusable: no action, a hit for the alarm, and the next site counts.
 */
import ipaddr from 'ipaddr.js';
import { canonicalDomain } from '../address/domain.ts';
import { DnsUnavailable, type Resolver } from '../relay/doors.ts';
import { connectionRejected554, customRejection554 } from '../reply/session-replies.ts';
import type { PolicyContext } from './context.ts';
import type { ListHit } from './list-hit.ts';
import { isLoopback, labelOf } from './peer.ts';
import { accept, inConfiguration, pass, refuse, type Ruling } from './ruling.ts';

type SiteAnswer = 'listed' | 'not listed' | 'unusable';

export async function dnsWhitelist(context: PolicyContext, hits: ListHit[]): Promise<Ruling> {
  const { enabled, sites, action } = context.settings.configuration.dnsWhitelist;
  if (!enabled) return pass('off');
  const site = await firstListing({ context, list: 'dnsWhitelist', sites }, hits);
  if (site === undefined) return pass('not listed');
  hits.push({ list: 'dnsWhitelist', action, entry: site });
  return accept(`listed, ${action}`, inConfiguration(context.settings, 'dnsWhitelist.sites', site));
}

export async function dnsBlacklist(context: PolicyContext, hits: ListHit[]): Promise<Ruling> {
  const { settings, session } = context;
  const { enabled, sites, action, response } = settings.configuration.dnsBlacklist;
  if (!enabled) return pass('off');
  const site = await firstListing({ context, list: 'dnsBlacklist', sites }, hits);
  if (site === undefined) return pass('not listed');
  hits.push({ list: 'dnsBlacklist', action, entry: site });
  const because = inConfiguration(settings, 'dnsBlacklist.sites', site);
  if (action !== 'reject') return pass(`listed, ${action}`, because);
  if (response !== '') return refuse(customRejection554(response, session.peer.address), because);
  return refuse(connectionRejected554(labelOf(session.peer), site), because);
}

async function firstListing(
  {
    context,
    list,
    sites,
  }: { context: PolicyContext; list: 'dnsWhitelist' | 'dnsBlacklist'; sites: string[] },
  hits: ListHit[],
): Promise<string | undefined> {
  const { address } = context.session.peer;
  if (isLoopback(address)) return undefined;
  const answers = await Promise.all(sites.map((site) => askSite(address, site, context.resolver)));
  for (const [index, site] of sites.entries())
    if (answers[index] === 'unusable') hits.push({ list, action: 'unusable', entry: site });
  return sites.find((_, index) => answers[index] === 'listed');
}

/** What one site says of one address. */
export async function askSite(address: string, site: string, resolver: Resolver): Promise<SiteAnswer> {
  const zone = canonicalDomain(site.replace(/\.$/, ''));
  const name = reversed(address);
  if (zone === undefined || name === undefined) return 'unusable';
  try {
    const answers = await resolver.addresses(`${name}.${zone}`, 4);
    if (answers.length === 0) return 'not listed';
    return answers.some(isListing) ? 'listed' : 'unusable';
  } catch (cause) {
    if (cause instanceof DnsUnavailable) return 'unusable';
    throw cause;
  }
}

/** RFC 5782 section 2: octets backwards; for IPv6 the 32 nibbles (2.4). */
export function reversed(address: string): string | undefined {
  if (!ipaddr.isValid(address)) return undefined;
  const parsed = ipaddr.process(address);
  if (parsed instanceof ipaddr.IPv4) return parsed.octets.toReversed().join('.');
  const nibbles = parsed.toByteArray().flatMap((byte) => [byte >> 4, byte & 15]);
  return nibbles
    .toReversed()
    .map((nibble) => nibble.toString(16))
    .join('.');
}

function isListing(answer: string): boolean {
  return answer.startsWith('127.') && answer !== '127.0.0.1' && !answer.startsWith('127.255.255.');
}
