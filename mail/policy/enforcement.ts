/**
 * Whom the relay lists and the black and white lists concern (Configuration > Inbound Relay Enforcement; rule R2).
 * What needs no DNS is asked first; the outcome is the same in any order.
 */
import type { Settings } from '../directory/settings.ts';
import type { PolicySession } from './context.ts';
import { accept, inConfiguration, pass, type Ruling } from './ruling.ts';
import { standingOf, type Standing } from './standing.ts';

/** Is the peer exempt, whoever logged in? `stands` is asked only where it matters. */
export async function peerExemption(settings: Settings, stands: () => Promise<Standing>): Promise<Ruling> {
  const { hosts } = settings.configuration.relayEnforcement;
  if (hosts === 'none')
    return accept('not enforced', inConfiguration(settings, 'relayEnforcement.hosts', hosts));
  const { standing, because } = await stands();
  if (standing === 'excluded') return accept('peer is excluded', because);
  if (standing === 'internal' && hosts === 'external') return accept('peer is internal', because);
  return pass('enforced', inConfiguration(settings, 'relayEnforcement.hosts', hosts));
}

/** May this session relay without a look at the relay lists? */
export async function relayExemption(
  settings: Settings,
  session: Pick<PolicySession, 'auth' | 'peer'>,
  stands: () => Promise<Standing> = () => standingOf(settings, session.peer),
): Promise<Ruling> {
  const { authenticatedUsers } = settings.configuration.relayEnforcement;
  if (session.auth !== undefined && authenticatedUsers === 'allow')
    return accept(
      `${session.auth} is authenticated`,
      inConfiguration(settings, 'relayEnforcement.authenticatedUsers', authenticatedUsers),
    );
  return peerExemption(settings, stands);
}
