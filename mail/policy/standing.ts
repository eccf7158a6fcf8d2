/**
 * Where a peer stands (domino-map.md, relay enforcement): excluded by the Configuration, internal by its confirmed
 * host name, or external. Internal is at or below a primary domain or alias of a Global Domain, unless the Server
 * document makes all hosts external. Throws DnsUnavailable where the host name could decide.
 */
import { canonicalDomain } from '../address/domain.ts';
import type { Settings } from '../directory/settings.ts';
import { DomainSet } from '../document/domain-set.ts';
import type { Session } from '../envelope/envelope.ts';
import { DnsUnavailable } from '../relay/doors.ts';
import { listsOf, matchPeer } from './lists.ts';
import type { Peer } from './peer.ts';
import { inConfiguration } from './ruling.ts';
import type { Because } from './verdict.ts';

export interface Standing {
  readonly standing: Session['standing'];
  readonly because?: Because;
}

const ownDomains = new WeakMap<Settings, DomainSet>();

export async function standingOf(settings: Settings, peer: Peer): Promise<Standing> {
  const excluded = await matchPeer(listsOf(settings).excludeHosts, peer);
  if (excluded !== undefined)
    return {
      standing: 'excluded',
      because: inConfiguration(settings, 'relayEnforcement.excludeHosts', excluded),
    };
  if (settings.server.allHostsExternal || ownDomainsOf(settings).size === 0) return { standing: 'external' };
  const hostName = await peer.hostName();
  const domain = hostName === undefined ? undefined : ownDomainsOf(settings).match(hostName);
  if (domain === undefined) return { standing: 'external' };
  return { standing: 'internal', because: { document: domain, field: 'primaryDomain', entry: hostName! } };
}

/** For what is accepted already: a name that cannot be looked up exempted nobody, or the mail would have been put off. */
export async function standingAsFarAsKnown(settings: Settings, peer: Peer): Promise<Session['standing']> {
  try {
    return (await standingOf(settings, peer)).standing;
  } catch (cause) {
    if (cause instanceof DnsUnavailable) return 'external';
    throw cause;
  }
}

function ownDomainsOf(settings: Settings): DomainSet {
  const before = ownDomains.get(settings);
  if (before !== undefined) return before;
  const domains = new DomainSet();
  for (const { name, primaryDomain, aliases } of settings.globalDomains)
    for (const text of [primaryDomain, ...aliases]) {
      const domain = canonicalDomain(text.replace(/^\*\./, ''));
      const where = text.startsWith('*.') ? 'below' : 'equal-or-below';
      if (domain !== undefined) domains.add({ domain, where }, `GlobalDomain ${name}`);
    }
  ownDomains.set(settings, domains);
  return domains;
}
