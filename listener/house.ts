/**
 * What all sessions of one listener share: doors, settings as last confirmed, bounds, and who is connected. A
 * session asks `settings()` before each decision; the last known set only serves what decides nothing (the host
 * name in a greeting, the switches in EHLO).
 */
import { randomUUID } from 'node:crypto';
import type { SessionLog } from '../aws/session-log.ts';
import { withHostsFile, type HostNameLookup } from '../aws/resolver.ts';
import type { Directory } from '../mail/directory/directory.ts';
import { DirectoryUnavailable } from '../mail/directory/directory.ts';
import type { Settings, SettingsSource } from '../mail/directory/settings.ts';
import type { Acceptance } from '../mail/spool/doors.ts';
import { networkOf } from '../mail/policy/peer.ts';
import type { Logins } from './logins.ts';
import type { Resolver } from '../mail/relay/doors.ts';
import type { JudgeMessage } from './policy.ts';
import type { Room, Turnstile } from './room.ts';

export type ListenerLog = Omit<SessionLog, 'flush'>;

export interface HouseOptions {
  readonly source: SettingsSource;
  readonly directory: Directory;
  readonly acceptance: Acceptance;
  readonly resolver: Resolver;
  readonly judgeMessage: JudgeMessage;
  readonly logins: Logins;
  readonly room: Room;
  /** Large bodies uploaded at once. */
  readonly uploads: Turnstile;
  readonly stagingDir: string;
  readonly log: ListenerLog;
}

export class House {
  readonly doors: HouseOptions;
  /** The last set that was confirmed. */
  latest: Settings | undefined;
  stopping = false;
  #missing = false;
  #looking: { readonly lookup: HostNameLookup; readonly resolver: Resolver } | undefined;
  readonly #sessions = new Map<string, number>();

  constructor(doors: HouseOptions) {
    this.doors = doors;
  }

  /** The current set; throws DirectoryUnavailable. */
  async settings(): Promise<Settings> {
    this.latest = await this.doors.source.current();
    this.#missing = false;
    return this.latest;
  }

  /** The current set, else the last known one; undefined: there never was one. */
  async knownSettings(): Promise<Settings | undefined> {
    try {
      return await this.settings();
    } catch (cause) {
      // Told once until they are back: every session would say the same.
      if (!this.#missing || !(cause instanceof DirectoryUnavailable))
        this.doors.log.fault('Settings cannot be read; mail is put off', cause);
      this.#missing = true;
      return this.latest;
    }
  }

  get hostName(): string {
    return this.latest?.server.hostName ?? 'localhost';
  }

  /** DNS as the Configuration wants host names looked up. */
  get resolver(): Resolver {
    const lookup = this.latest?.configuration.routing.hostNameLookup;
    if (lookup === undefined) return this.doors.resolver;
    if (this.#looking?.lookup !== lookup)
      this.#looking = { lookup, resolver: withHostsFile(this.doors.resolver, lookup) };
    return this.#looking.resolver;
  }

  /** One more session of this peer, or handshake towards one; its number. An IPv6 peer has its whole /64. */
  enter(peer: string): number {
    const network = networkOf(peer);
    const count = (this.#sessions.get(network) ?? 0) + 1;
    this.#sessions.set(network, count);
    return count;
  }

  leave(peer: string): void {
    const network = networkOf(peer);
    const count = (this.#sessions.get(network) ?? 0) - 1;
    if (count > 0) this.#sessions.set(network, count);
    else this.#sessions.delete(network);
  }
}

/** Sorts by time; letters, digits and `-`. */
export function makeId(now: Date): string {
  return `${now.getTime().toString(36).padStart(9, '0')}-${randomId()}`;
}

/** Letters and digits. */
export function randomId(): string {
  const random = randomUUID();
  return random.slice(19, 23) + random.slice(24);
}
