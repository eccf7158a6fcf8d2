/** What every rule may ask: the settings of this transaction, the directory, DNS, and the facts of the session. */
import type { Directory } from '../directory/directory.ts';
import type { Settings } from '../directory/settings.ts';
import type { ListenerPort } from '../envelope/envelope.ts';
import type { Resolver } from '../relay/doors.ts';
import type { Peer } from './peer.ts';

export interface PolicySession {
  readonly port: ListenerPort;
  readonly peer: Peer;
  /** Hierarchical name of the Person who logged in. */
  readonly auth?: string | undefined;
}

export interface PolicyContext {
  readonly settings: Settings;
  readonly directory: Directory;
  readonly resolver: Resolver;
  readonly session: PolicySession;
}

/** Ports for people who log in: lists about strangers do not apply there (Server document, Ports). */
export function takesStrangers({ settings, session }: PolicyContext): boolean {
  return settings.server.ports[session.port].anonymous;
}
