/**
 * Who may write to groups that name their readers (Group > Administration: Readers), asked again by the router: a group
 * may be reached within another one, or by a forwarding address, where no session refused it. The sender is whom the
 * session knew; our own reports may go to anybody, since they answer mail that was sent in that name.
 */
import type { Directory } from '../directory/directory.ts';
import { parsePath } from '../address/path.ts';
import type { PolicyContext } from '../policy/context.ts';
import { settledPeer } from '../policy/peer.ts';
import { isReader } from '../policy/readers.ts';
import { DnsUnavailable, type Resolver } from '../relay/doors.ts';
import type { RouterContext } from './route.ts';

export function mayWriteTo(
  context: RouterContext,
): (group: string, readers: readonly string[]) => Promise<boolean> {
  const asked = new Map<string, Promise<boolean>>();
  return (group, readers) => {
    const known = asked.get(group) ?? mayWrite(context, readers);
    asked.set(group, known);
    return known;
  };
}

async function mayWrite(
  { settings, directory, envelope }: RouterContext,
  readers: readonly string[],
): Promise<boolean> {
  if (envelope.origin === 'report') return true;
  const { session, from } = envelope;
  if (session === undefined) return false;
  const sender = parsePath(`<${from}>`, { smtpUtf8: true });
  return isReader(sessionOf(settings, directory, session), {
    readers,
    sender: sender.ok ? sender.value : null,
  });
}

function sessionOf(
  settings: RouterContext['settings'],
  directory: Directory,
  session: NonNullable<RouterContext['envelope']['session']>,
): PolicyContext {
  const peer = settledPeer(session.peer, session.hostName);
  return { settings, directory, resolver: nobody, session: { port: session.port, peer, auth: session.auth } };
}

/** Everything about this peer is known: nothing is left to ask. */
const unasked = (): Promise<never> =>
  Promise.reject(new DnsUnavailable('The router asks DNS nothing about a session that is over.'));
const nobody: Resolver = { mx: unasked, addresses: unasked, ptr: unasked, txt: unasked };
