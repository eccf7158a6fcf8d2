/**
 * Who may connect (Configuration > Inbound Connection Controls; rules C1, C2, C6, C7). A deny entry wins over
 * allow entries; internal peers are not exempt. The allow list and the host name check concern strangers' ports only.
 */
import { senderRejected554 } from '../reply/message-replies.ts';
import { connectionRejected554 } from '../reply/session-replies.ts';
import { takesStrangers, type PolicyContext } from './context.ts';
import { listsOf, matchPeer } from './lists.ts';
import { labelOf } from './peer.ts';
import { inConfiguration, pass, refuse, type Ruling } from './ruling.ts';

export async function deniedConnections({ settings, session }: PolicyContext): Promise<Ruling> {
  const entry = await matchPeer(listsOf(settings).connections.deny, session.peer);
  if (entry === undefined) return pass('not denied');
  return refuse(
    connectionRejected554(labelOf(session.peer)),
    inConfiguration(settings, 'inboundConnections.deny', entry),
  );
}

export async function allowedConnections(context: PolicyContext): Promise<Ruling> {
  const { settings, session } = context;
  if (!takesStrangers(context)) return pass('not asked on this port');
  const { allow } = listsOf(settings).connections;
  if (allow.empty) return pass('no list');
  const entry = await matchPeer(allow, session.peer);
  const because = inConfiguration(settings, 'inboundConnections.allow', entry);
  if (entry !== undefined) return pass('allowed', because);
  return refuse(connectionRejected554(labelOf(session.peer)), because);
}

/** Asked at MAIL: the session of a peer without a confirmed host name proceeds until then (C6). */
export async function verifiedHostName(context: PolicyContext, sender: string): Promise<Ruling> {
  const { settings, session } = context;
  if (!settings.configuration.inboundConnections.verifyHostName) return pass('not asked');
  if (!takesStrangers(context)) return pass('not asked on this port');
  const hostName = await session.peer.hostName();
  const because = inConfiguration(settings, 'inboundConnections.verifyHostName', hostName ?? 'no host name');
  if (hostName !== undefined) return pass('confirmed', because);
  return refuse(senderRejected554(sender), because);
}
