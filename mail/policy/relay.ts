/**
 * The relay lists (Configuration > Inbound Relay Controls; rules R4 and R5): may this peer send to this destination?
 *
 * A host or a destination is effectively allowed when an allow entry matches and no explicit deny entry of the same
 * pair does (`*` is not explicit). Then: host allowed, or destination allowed: accepted; a deny entry matches:
 * refused; an allow list is not empty: refused, since it says "only"; else accepted. With `relayDenyWins` (release 5)
 * deny entries come first and both allow lists must be met. DNS is asked only where a host name could decide.
 */
import type { Settings } from '../directory/settings.ts';
import { isExplicit, type Destination } from '../document/matcher.ts';
import { relayRejected554 } from '../reply/message-replies.ts';
import { listsOf, matchPeer } from './lists.ts';
import type { Peer } from './peer.ts';
import { accept, inConfiguration, refuse, type Ruling } from './ruling.ts';

export function relayRuling(settings: Settings, peer: Peer, destination: Destination): Promise<Ruling> {
  return settings.server.relayDenyWins
    ? denyWins(settings, peer, destination)
    : allowWins(settings, peer, destination);
}

async function allowWins(settings: Settings, peer: Peer, destination: Destination): Promise<Ruling> {
  const { relayHosts, relayDestinations } = listsOf(settings);
  const allowed = relayDestinations.allow.match(destination);
  const denied = relayDestinations.deny.match(destination);
  if (allowed !== undefined && !isExplicit(denied))
    return accept('destination is allowed', because(settings, 'allowDestinations', allowed));
  const host = await matchPeer(relayHosts.allow, peer);
  const notHost =
    host === undefined && denied !== undefined ? undefined : await matchPeer(relayHosts.deny, peer);
  if (host !== undefined && !isExplicit(notHost))
    return accept('host is allowed', because(settings, 'allowHosts', host));
  if (notHost !== undefined) return refused(settings, 'denyHosts', notHost);
  if (denied !== undefined) return refused(settings, 'denyDestinations', denied);
  return onlyAllowed(settings, !relayHosts.allow.empty, !relayDestinations.allow.empty);
}

async function denyWins(settings: Settings, peer: Peer, destination: Destination): Promise<Ruling> {
  const { relayHosts, relayDestinations } = listsOf(settings);
  const denied = relayDestinations.deny.match(destination);
  if (denied !== undefined) return refused(settings, 'denyDestinations', denied);
  const notHost = await matchPeer(relayHosts.deny, peer);
  if (notHost !== undefined) return refused(settings, 'denyHosts', notHost);
  const noDestination =
    !relayDestinations.allow.empty && relayDestinations.allow.match(destination) === undefined;
  const noHost =
    !noDestination && !relayHosts.allow.empty && (await matchPeer(relayHosts.allow, peer)) === undefined;
  return onlyAllowed(settings, noHost, noDestination);
}

function onlyAllowed(settings: Settings, hosts: boolean, destinations: boolean): Ruling {
  if (hosts) return refused(settings, 'allowHosts');
  if (destinations) return refused(settings, 'allowDestinations');
  return accept('no relay list speaks against it', because(settings, 'denyHosts'));
}

function refused(settings: Settings, field: string, entry?: string): Ruling {
  return refuse(relayRejected554, because(settings, field, entry));
}

function because(settings: Settings, field: string, entry?: string) {
  return inConfiguration(settings, `inboundRelay.${field}`, entry);
}
