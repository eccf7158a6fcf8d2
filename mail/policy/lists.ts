/** The lists of the Configuration compiled once per settings, and how a peer meets a list of hosts. */
import type { Settings } from '../directory/settings.ts';
import {
  addressMatcher,
  destinationMatcher,
  hostMatcher,
  isExplicit,
  type AddressMatcher,
  type DestinationMatcher,
  type HostMatcher,
} from '../document/matcher.ts';
import type { Peer } from './peer.ts';

export interface Pair<T> {
  readonly allow: T;
  readonly deny: T;
}

export interface PolicyLists {
  readonly relayHosts: Pair<HostMatcher>;
  readonly relayDestinations: Pair<DestinationMatcher>;
  readonly excludeHosts: HostMatcher;
  readonly connections: Pair<HostMatcher>;
  readonly privateWhitelist: HostMatcher;
  readonly privateBlacklist: HostMatcher;
  readonly senders: Pair<AddressMatcher>;
  readonly recipients: Pair<AddressMatcher>;
  readonly trustedForwarders: HostMatcher;
}

const compiled = new WeakMap<Settings, PolicyLists>();

export function listsOf(settings: Settings): PolicyLists {
  const before = compiled.get(settings);
  if (before !== undefined) return before;
  const lists = compile(settings);
  compiled.set(settings, lists);
  return lists;
}

function compile(settings: Settings): PolicyLists {
  const { configuration } = settings;
  const { inboundRelay, inboundConnections, inboundSenders, inboundRecipients } = configuration;
  const hosts = (entries: readonly string[]) => hostMatcher(entries, settings);
  const { denyHosts, denyDestinations } = inboundRelay;
  const addresses = (entries: readonly string[]) => addressMatcher(entries, settings);
  return {
    relayHosts: {
      allow: hosts(inboundRelay.allowHosts),
      deny: hostMatcher(denyHosts, settings, 'denied-hosts'),
    },
    relayDestinations: {
      allow: destinationMatcher(inboundRelay.allowDestinations, settings),
      deny: destinationMatcher(denyDestinations, settings, 'denied-destinations'),
    },
    excludeHosts: hosts(configuration.relayEnforcement.excludeHosts),
    connections: { allow: hosts(inboundConnections.allow), deny: hosts(inboundConnections.deny) },
    privateWhitelist: hosts(configuration.privateWhitelist.hosts),
    privateBlacklist: hosts(configuration.privateBlacklist.hosts),
    senders: { allow: addresses(inboundSenders.allow), deny: addresses(inboundSenders.deny) },
    recipients: { allow: addresses(inboundRecipients.allow), deny: addresses(inboundRecipients.deny) },
    trustedForwarders: hosts(configuration.senderAuthentication.trustedForwarders),
  };
}

/** The entry that matches the peer; its host name is asked for only where it could decide. */
export async function matchPeer(list: HostMatcher, peer: Peer): Promise<string | undefined> {
  const byAddress = list.match({ address: peer.address });
  if (!list.needsHostName || isExplicit(byAddress)) return byAddress;
  return list.match({ address: peer.address, hostName: await peer.hostName() });
}
