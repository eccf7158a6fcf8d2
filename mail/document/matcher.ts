/**
 * Lists of documents compiled for matching: groups opened, domains by label, networks as sorted intervals. Compile
 * once per settings; a match costs microseconds however long the list is. Every match answers the list's entry as
 * the administrator wrote it, for the reason of the decision; `*` only where no other entry matches, and of a group
 * that has it as `Group: *`. A `*` in a group that stands where lists do not take it matches nothing.
 */
import { foldAddress, type Address } from '../address/address.ts';
import { canonicalDomain } from '../address/domain.ts';
import { DomainSet } from './domain-set.ts';
import { expand, type Expanded, type Known } from './expand.ts';
import { isEverything, type Place } from './list-entry.ts';
import { NetworkSet } from './network-set.ts';

export type Peer = { readonly address: string; readonly hostName?: string | undefined };

export interface HostMatcher {
  /** No entries were written: an allow list allows everybody. */
  readonly empty: boolean;
  /** A host name could decide: where DNS cannot be reached and no address matches, the answer is 451. */
  readonly needsHostName: boolean;
  match(peer: Peer): string | undefined;
}

export interface AddressMatcher {
  readonly empty: boolean;
  match(address: Address): string | undefined;
  /** An entry written for exactly this host name: the MX hosts of a destination (domino-rules M10). */
  matchHost(name: string): string | undefined;
}

/**
 * A domain outside, or another Domino domain (`local%Sales@localdomain`) with every word, folded, that stands for it:
 * its aliases serve in lists as they do in addresses.
 */
export type Destination =
  { readonly domain: string } | { readonly dominoDomain: string; readonly words: readonly string[] };

export interface DestinationMatcher {
  readonly empty: boolean;
  match(destination: Destination): string | undefined;
}

export function hostMatcher(
  entries: readonly string[],
  known: Known,
  place: 'hosts' | 'denied-hosts' = 'hosts',
): HostMatcher {
  const list = compile(entries, place, known);
  return {
    empty: entries.length === 0,
    needsHostName: list.domains.size > 0,
    match: ({ address, hostName }) =>
      list.networks.match(address) ??
      (hostName === undefined ? undefined : list.domains.match(hostName)) ??
      list.everything,
  };
}

/** Senders and recipients (`outboundSenders` take no domains, domino-rules X2); of an address without a domain (`<postmaster>`) only the address itself can match. */
export function addressMatcher(
  entries: readonly string[],
  known: Known,
  place: 'addresses' | 'outbound-senders' = 'addresses',
): AddressMatcher {
  const list = compile(entries, place, known);
  return {
    empty: entries.length === 0,
    match: (address) =>
      (list.addresses.size === 0 ? undefined : list.addresses.get(foldAddress(address))) ??
      list.domains.match(address.domain),
    matchHost: (name) => list.domains.equal(name),
  };
}

export function destinationMatcher(
  entries: readonly string[],
  known: Known,
  place: 'destinations' | 'denied-destinations' = 'destinations',
): DestinationMatcher {
  const list = compile(entries, place, known);
  return {
    empty: entries.length === 0,
    match: (destination) => {
      if ('domain' in destination) return list.domains.match(destination.domain) ?? list.everything;
      const entries = destination.words.map((word) => list.dominoDomains.get(word));
      return entries.find((entry) => entry !== undefined) ?? list.everything;
    },
  };
}

type Compiled = {
  readonly domains: DomainSet;
  readonly networks: NetworkSet;
  readonly addresses: ReadonlyMap<string, string>;
  readonly dominoDomains: ReadonlyMap<string, string>;
  readonly everything: string | undefined;
};

function compile(entries: readonly string[], place: Place, known: Known): Compiled {
  const expanded = expand(entries, place, known);
  return {
    domains: domainsOf(expanded),
    networks: new NetworkSet(
      expanded.flatMap(({ entry, because }) =>
        entry.kind === 'network' ? [{ network: entry.network, because }] : [],
      ),
    ),
    addresses: firstOf(expanded, (entry) => (entry.kind === 'address' ? entry.address : undefined)),
    dominoDomains: firstOf(expanded, (entry) => (entry.kind === 'domino-domain' ? entry.domain : undefined)),
    everything: everythingOf(expanded),
  };
}

function everythingOf(expanded: readonly Expanded[]): string | undefined {
  const found = expanded.find(({ entry }) => entry.kind === 'everything');
  if (found === undefined) return undefined;
  return isEverything(found.because) ? found.because : `${found.because}: *`;
}

/** An entry that matched, and is more than `*`, written out or in a group. */
export function isExplicit(match: string | undefined): boolean {
  return match !== undefined && !/(?:^|: )\*$/.test(match.trim());
}

function domainsOf(expanded: readonly Expanded[]): DomainSet {
  const domains = new DomainSet();
  for (const { entry, because } of expanded) {
    if (entry.kind === 'domain') domains.add({ domain: entry.domain, where: 'equal-or-below' }, because);
    if (entry.kind === 'exact-domain') domains.add({ domain: entry.domain, where: 'equal' }, because);
    if (entry.kind === 'host') domains.add({ domain: entry.host, where: entry.only }, because);
  }
  return domains;
}

function firstOf(
  expanded: readonly Expanded[],
  keyOf: (entry: Expanded['entry']) => string | undefined,
): ReadonlyMap<string, string> {
  const first = new Map<string, string>();
  for (const { entry, because } of expanded) {
    const key = keyOf(entry);
    if (key !== undefined && !first.has(key)) first.set(key, because);
  }
  return first;
}

/** `name` equals `domain` or lies below it, on a label boundary. */
export function equalOrBelow(name: string, domain: string): boolean {
  const below = canonicalDomain(name);
  const above = canonicalDomain(domain);
  if (below === undefined || above === undefined) return false;
  return below === above || below.endsWith(`.${above}`);
}
