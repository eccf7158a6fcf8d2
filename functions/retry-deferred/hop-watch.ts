/**
 * What a sweep knows of each next hop, asked once per hop and sweep: open; closed, since it did not answer; or failing,
 * its closure over, and about to be probed by the first of those that wait for it (spool.md, transition 7).
 */
import type { Clock, Hops, HopState, HopWork } from '../../mail/spool/doors.ts';
import { hopName, later, minute } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';

/** `until`: when those that wait are looked at again. */
export type Standing =
  | { readonly hop: 'open' }
  /** Another item of this sweep is the probe; by then it has mostly found out. */
  | { readonly hop: 'probed'; readonly until: string }
  | Closure;

export interface Closure {
  readonly hop: 'closed';
  readonly until: string;
  readonly reply: string;
  /** When the attempt was made that closed it; empty: not known. */
  readonly at: string;
}

interface Doors {
  readonly hops: Pick<Hops, 'state'>;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly jitter: () => number;
}

/** Never longer than the closure has left: a retry interval of seconds is one of seconds. */
const mostJitter = minute;
/** Nor this than the closure was. */
const probeTakes = 2 * minute;

export class HopWatch {
  readonly #doors: Doors;
  readonly #states = new Map<string, Promise<HopState | undefined>>();
  readonly #probed = new Set<string>();

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  async standing(work: HopWork): Promise<Standing> {
    const name = hopName(work.transport, work.nextHop);
    const state = await this.#state(name, work);
    const { failures = 0, closedUntil, closedAt, lastReply = '' } = state ?? {};
    const opens = new Date(closedUntil ?? 0);
    const left = opens.getTime() - this.#doors.clock().getTime();
    if (left > 0) {
      const until = later(opens, this.#doors.jitter() * Math.min(left, mostJitter));
      return { hop: 'closed', until, reply: lastReply, at: closedAt ?? '' };
    }
    if (failures === 0) return { hop: 'open' };
    return this.#failing(name, closedAt === undefined ? probeTakes : opens.getTime() - Date.parse(closedAt));
  }

  #failing(name: string, wasClosedFor: number): Standing {
    const until = later(this.#doors.clock(), Math.min(wasClosedFor, probeTakes));
    if (this.#probed.has(name)) return { hop: 'probed', until };
    this.#probed.add(name);
    return { hop: 'open' };
  }

  #state(name: string, work: HopWork): Promise<HopState | undefined> {
    const known = this.#states.get(name) ?? this.#doors.hops.state(work);
    this.#states.set(name, known);
    return known;
  }
}

/** The attempt that closed the hop was made past the deadline, or the delay notice has come. */
export function isCalled({ expireAt, delayAt }: Delivery, { at }: Closure, now: Date): boolean {
  if (expireAt <= at) return true;
  const present = now.toISOString();
  return expireAt > present && delayAt !== undefined && delayAt <= present;
}
