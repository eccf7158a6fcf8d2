/** Runs a function again and again, never twice at once: a run that takes longer than the period delays the next. */
import { setTimeout as pause } from 'node:timers/promises';

export interface ScheduleOptions {
  readonly everySeconds: number;
  readonly firstAfterSeconds: number;
  readonly run: () => Promise<unknown>;
  readonly onFault: (what: string, cause: unknown) => void;
}

export class RepeatedRun {
  readonly #stopping = new AbortController();
  readonly #loop: Promise<void>;

  constructor(options: ScheduleOptions) {
    this.#loop = this.#repeat(options);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop;
  }

  async #repeat({ everySeconds, firstAfterSeconds, run, onFault }: ScheduleOptions): Promise<void> {
    let seconds = firstAfterSeconds;
    while (await this.#waited(seconds)) {
      await run().catch((error: unknown) =>
        onFault('A scheduled run failed; the next one tries again.', error),
      );
      seconds = everySeconds;
    }
  }

  /** false: stopped meanwhile. */
  #waited(seconds: number): Promise<boolean> {
    return pause(seconds * 1000, true, { signal: this.#stopping.signal }).catch(() => false);
  }
}
