/**
 * Keeps slow hosts from holding every worker (spool.md, outbound workers): a worker whose attempt is slow goes on only
 * with one of a few places that all slow hops share, and leaves the attempt without; a hop that timed out gets one slot,
 * one that takes nothing asks for a place now and then.
 * Where no place is free the hop's slot stays taken for a moment and one pointer comes back after it, however many pointers there were.
 */
import type { Hops, HopState, HopWork, Slot, WorkQueue } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';

export interface SlowLimits {
  /** Milliseconds after which an attempt is slow; a second more for each megabyte. */
  readonly slowAfter: number;
  /** Milliseconds without success after which a hop has timed out. */
  readonly timedOutAfter: number;
  /** Workers that slow hops may hold together. */
  readonly slowWorkers: number;
  /** Whose workers: each deployment of the function has places of its own. */
  readonly pool: string;
}

export interface SlowDoors {
  readonly hops: Hops;
  readonly queue: Pick<WorkQueue, 'hop'>;
  readonly clock: () => Date;
  readonly limits: SlowLimits;
}

const rememberedFor = 10 * minute;
const comeBackSeconds = 30;

/** What is known of a hop before its first attempt. */
export interface Trouble {
  readonly failing: boolean;
  readonly slow: boolean;
  readonly alone: boolean;
}

export function troubleOf(state: HopState | undefined, now: Date): Trouble {
  const at = now.toISOString();
  const slow = (state?.slowUntil ?? '') > at;
  const failing = (state?.failures ?? 0) > 0;
  return { failing, slow, alone: failing || (state?.aloneUntil ?? '') > at };
}

/** One worker's place among the slow ones, had or not. */
export class SlowPlace {
  readonly #work: HopWork;
  readonly #doors: SlowDoors;
  readonly #until: string;
  #place: Promise<Slot | undefined> | undefined;
  /** The hop stands as slow, for all to see. */
  #known: boolean;

  constructor(work: HopWork, doors: SlowDoors, so: { readonly until: string; readonly known: boolean }) {
    this.#work = work;
    this.#doors = doors;
    this.#until = so.until;
    this.#known = so.known;
  }

  /** Takes a place, unless there is one; false: none is free. */
  async take(): Promise<boolean> {
    const { hops, limits } = this.#doors;
    // No next hop has such a name.
    const pool = { transport: this.#work.transport, nextHop: `* slow ${limits.pool}` };
    const taking = (this.#place ??= hops.takeSlot(pool, limits.slowWorkers, this.#until));
    const place = await taking.catch(() => undefined);
    if (place === undefined && this.#place === taking) this.#place = undefined;
    return (await taking) !== undefined;
  }

  async free(): Promise<void> {
    const place = await this.#place;
    this.#place = undefined;
    if (place !== undefined) await this.#doors.hops.freeSlot(place);
  }

  /**
   * Calls `send`. What turns out slow needs a place at once, not only at its end: without one it is asked to give way,
   * which it does where it can. Gives `stay` false where this worker must leave.
   */
  async during<T>(
    { size, giveWay }: { readonly size: number; readonly giveWay: () => void },
    send: () => Promise<T>,
  ): Promise<{ result: T; stay: boolean }> {
    const { limits, clock } = this.#doors;
    const began = clock().getTime();
    const slowAfter = limits.slowAfter + size / 1_000;
    let told = Promise.resolve();
    const timer = setTimeout(() => {
      told = this.#turnsOutSlow(giveWay);
    }, slowAfter);
    try {
      const result = await send();
      clearTimeout(timer);
      const took = clock().getTime() - began;
      await told;
      if (took <= slowAfter) {
        await this.#quickAgain();
        return { result, stay: true };
      }
      if (took > limits.timedOutAfter) told = this.#tell(true);
      return { result, stay: await this.take() };
    } finally {
      clearTimeout(timer);
      await told;
    }
  }

  async #quickAgain(): Promise<void> {
    await this.free();
    if (!this.#known) return;
    this.#known = false;
    const { hops, clock } = this.#doors;
    await hops.slow(this.#work, clock().toISOString(), false).catch(() => undefined);
  }

  async #turnsOutSlow(giveWay: () => void): Promise<void> {
    // What cannot be written is no reason to leave.
    const [placed] = await Promise.all([this.take().catch(() => true), this.#tell(false)]);
    if (!placed) giveWay();
  }

  /** The hop waits: one pointer comes back for it. */
  async postpone(): Promise<void> {
    const { hops, queue, clock } = this.#doors;
    const until = later(clock(), (comeBackSeconds - 1) * 1_000);
    // Of one slot: who has it works, or has called already.
    const held = await hops.takeSlot(this.#work, 1, until);
    if (held !== undefined) await queue.hop(this.#work, comeBackSeconds);
  }

  /** Only a help for others: what cannot be written is found out by each. */
  async #tell(alone: boolean): Promise<void> {
    this.#known = true;
    const { hops, clock } = this.#doors;
    await hops.slow(this.#work, later(clock(), rememberedFor), alone).catch(() => undefined);
  }
}
