/**
 * Private white and black lists (Configuration > Private Whitelist Filters, Private Blacklist Filters; C3, C4).
 * A hit of the white list ends the questions; one of the black list is logged, tagged or refused.
 */
import { connectionRejected554, customRejection554 } from '../reply/session-replies.ts';
import type { PolicyContext } from './context.ts';
import type { ListHit } from './list-hit.ts';
import { listsOf, matchPeer } from './lists.ts';
import { labelOf } from './peer.ts';
import { accept, inConfiguration, pass, refuse, type Ruling } from './ruling.ts';

export async function privateWhitelist(context: PolicyContext, hits: ListHit[]): Promise<Ruling> {
  const { settings, session } = context;
  if (!settings.configuration.privateWhitelist.enabled) return pass('off');
  const entry = await matchPeer(listsOf(settings).privateWhitelist, session.peer);
  if (entry === undefined) return pass('not listed');
  hits.push({ list: 'privateWhitelist', action: 'skip', entry });
  return accept('listed', inConfiguration(settings, 'privateWhitelist.hosts', entry));
}

export async function privateBlacklist(context: PolicyContext, hits: ListHit[]): Promise<Ruling> {
  const { settings, session } = context;
  const { enabled, action, response } = settings.configuration.privateBlacklist;
  if (!enabled) return pass('off');
  const entry = await matchPeer(listsOf(settings).privateBlacklist, session.peer);
  if (entry === undefined) return pass('not listed');
  hits.push({ list: 'privateBlacklist', action, entry });
  const because = inConfiguration(settings, 'privateBlacklist.hosts', entry);
  // Only white lists end the questions: a peer that is merely logged here may still be refused by a DNS list.
  if (action !== 'reject') return pass(`listed, ${action}`, because);
  const { address } = session.peer;
  if (response !== '') return refuse(customRejection554(response, address), because);
  return refuse(connectionRejected554(labelOf(session.peer)), because);
}
