/**
 * The door to the lock-out counters, shared by all listeners: per peer and per (name, peer) ten failed logins in
 * 15 minutes close it for 15 minutes; a name under attack from many peers (a hundred in 15 minutes) is closed to
 * peers that have not logged in with it in 30 days. Every verb may throw: then the answer is 454.
 */
export interface LoginGuard {
  /** May this peer try this name now? */
  allows(attempt: LoginAttempt): Promise<boolean>;
  failed(attempt: LoginAttempt): Promise<void>;
  succeeded(attempt: LoginAttempt): Promise<void>;
}

export interface LoginAttempt {
  /** As the client wrote it; compared without case. */
  readonly name: string;
  /** The peer's address; IPv6 counts by /64. */
  readonly peer: string;
}

export const lockRules = {
  windowMinutes: 15,
  /** Of one peer, or of one name from one peer. */
  perPeer: 10,
  /** Of one name, from anywhere. */
  perName: 100,
  /** How long a peer that logged in is known to a name. */
  knownDays: 30,
} as const;
