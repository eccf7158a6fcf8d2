/** The rules for a recipient outside, in their order: the listener asks them at RCPT, the router once more. */
import { logSafe, type Address } from '../address/address.ts';
import type { Settings } from '../directory/settings.ts';
import type { Destination } from '../document/matcher.ts';
import { recipientRouted550 } from '../reply/message-replies.ts';
import type { PolicySession } from './context.ts';
import { relayExemption } from './enforcement.ts';
import { relayRuling } from './relay.ts';
import { pass, refuse, rulesIn, type Rule, type Ruling } from './ruling.ts';
import type { Standing } from './standing.ts';

export interface RelayFacts {
  readonly settings: Settings;
  readonly session: Pick<PolicySession, 'auth' | 'peer'>;
  readonly recipient: Address;
  readonly destination: Destination;
  /** Where the peer stands, where that is known already. */
  readonly stands?: () => Promise<Standing>;
}

export function relayRules({ settings, session, recipient, destination, stands }: RelayFacts): Rule[] {
  const { by } = rulesIn(settings);
  return [
    by('relayEnforcement.hosts', 'relay enforcement', () => relayExemption(settings, session, stands)),
    by('inboundRelay.allowDestinations', 'address', () => routedBeyond(recipient, destination)),
    by('inboundRelay.allowHosts', 'relay lists', () => relayRuling(settings, session.peer, destination)),
  ];
}

/** Who may relay to a domain may not route on from there by it; our own people's addresses are that domain's business. */
function routedBeyond(recipient: Address, destination: Destination): Ruling {
  if (!('domain' in destination) || !/[!%@]/.test(recipient.local)) return pass('plain');
  return refuse(recipientRouted550(logSafe(recipient)));
}
