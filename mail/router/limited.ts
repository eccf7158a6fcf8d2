/**
 * The directory with a bound on look-ups at once: a group of thousands asks them all, and a read that waits for a
 * connection counts against its time limit.
 */
import type { Directory } from '../directory/directory.ts';

export const lookUpsAtOnce = 200;

export function limitedDirectory(directory: Directory, atOnce = lookUpsAtOnce): Directory {
  const run = limit(atOnce);
  return {
    findAddress: (address) => run(() => directory.findAddress(address)),
    findName: (name) => run(() => directory.findName(name)),
    ...(directory.fullName === undefined ? {} : { fullName: (name) => run(() => directory.fullName!(name)) }),
    group: (name) => run(() => directory.group(name)),
  };
}

/** Runs what it is given, at most so many at once, in the order of asking. */
export function limit(atOnce: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let next = 0;
  let running = 0;
  /** A place that is left goes to who has waited longest. */
  const leave = (): void => {
    const start = waiting[next];
    if (start === undefined) {
      running -= 1;
      return;
    }
    next += 1;
    if (next === waiting.length) next = waiting.length = 0;
    start();
  };
  return async (work) => {
    if (running >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else running += 1;
    try {
      return await work();
    } finally {
      leave();
    }
  };
}
