/**
 * How much the listener may hold: octets of messages in memory, the process, and the staging volume. At 90 % of
 * memory or disk new mail is put off (452 at MAIL, 421 at connect). Looked at when asked, at most once in a while;
 * what cannot be looked at counts as free, since writing then fails by itself.
 */
import { statfs } from 'node:fs/promises';
import { totalmem } from 'node:os';

const fullAt = 0.9;
/** A large disk is not full because a tenth of it is a lot. */
const plenty = 2 * 1024 ** 3;
const lookAgain = 500;

export interface RoomOptions {
  readonly directory: string;
  readonly onTrouble: (cause: unknown) => void;
  /** Octets of memory that there are; tests set it. */
  readonly memory?: number;
  /** Share of the disk in use and octets free; tests set it. */
  readonly disk?: () => Promise<{ used: number; free: number }>;
}

export class Room {
  readonly #options: RoomOptions;
  readonly #memory: number;
  #held = 0;
  #looked = -Infinity;
  #full = false;

  constructor(options: RoomOptions) {
    this.#options = options;
    this.#memory = options.memory ?? memoryLimit();
  }

  /** Octets of messages held in memory now. */
  get held(): number {
    return this.#held;
  }

  /** Less than a quarter of what bodies may take is taken. */
  get isAmple(): boolean {
    return this.#held < this.#memory / 16;
  }

  /** Takes room for octets in memory; bodies together get a quarter of it. */
  hold(octets: number): boolean {
    if (this.#held + octets > this.#memory / 4) return false;
    this.#held += octets;
    return true;
  }

  release(octets: number): void {
    this.#held -= octets;
  }

  trouble(cause: unknown): void {
    this.#options.onTrouble(cause);
  }

  async isFull(): Promise<boolean> {
    const now = performance.now();
    if (now - this.#looked < lookAgain) return this.#full;
    this.#looked = now;
    const memory = process.memoryUsage.rss() >= fullAt * this.#memory;
    this.#full = memory || this.#held >= (fullAt * this.#memory) / 4 || (await this.#diskIsFull());
    return this.#full;
  }

  async #diskIsFull(): Promise<boolean> {
    try {
      const disk = await (this.#options.disk ?? (() => diskOf(this.#options.directory)))();
      return disk.used >= fullAt && disk.free < plenty;
    } catch (cause) {
      this.#options.onTrouble(cause);
      return false;
    }
  }
}

async function diskOf(directory: string): Promise<{ used: number; free: number }> {
  const { blocks, bavail, bsize } = await statfs(directory);
  return { used: 1 - bavail / blocks, free: bavail * bsize };
}

function memoryLimit(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** At most so many at once; who waits is not read meanwhile. */
export class Turnstile {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  async through<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((go) => this.#waiting.push(go));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }
}
