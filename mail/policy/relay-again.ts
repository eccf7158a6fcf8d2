/**
 * The relay decision once more, from what the envelope says of the session: the router's check that nothing came in
 * that should not have. Asks neither DNS nor directory; a refusal here is a fault, and the message is held.
 */
import { parseAddress } from '../address/path.ts';
import type { Settings } from '../directory/settings.ts';
import type { Session } from '../envelope/envelope.ts';
import { relayRejected554 } from '../reply/message-replies.ts';
import { settledPeer } from './peer.ts';
import { recipientKind } from './recipient-kind.ts';
import { relayRules } from './relay-rules.ts';
import { accept, conduct, refuse } from './ruling.ts';
import type { Verdict } from './verdict.ts';

export async function relayAgain(settings: Settings, session: Session, recipient: string): Promise<Verdict> {
  if (/^postmaster$/i.test(recipient))
    return conduct([{ rule: 'postmaster', ask: () => accept('always accepted') }]);
  const address = parseAddress(recipient);
  if (!address.ok) return conduct([{ rule: 'address', ask: () => refuse(relayRejected554) }]);
  const kind = recipientKind(address.value, settings);
  if (kind.kind === 'local' || kind.kind === 'postmaster')
    return conduct([{ rule: 'local domain', ask: () => accept('local') }]);
  if (kind.kind === 'routed')
    return conduct([{ rule: 'address', ask: () => refuse(relayRejected554, kind.because) }]);
  const peer = settledPeer(session.peer, session.hostName);
  const stands = () => Promise.resolve({ standing: session.standing });
  const facts = { settings, session: { auth: session.auth, peer }, recipient: address.value, stands };
  return conduct(relayRules({ ...facts, destination: kind.destination }));
}
