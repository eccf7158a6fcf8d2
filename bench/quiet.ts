/**
 * A measurement beside other work says nothing about rates. Waits until the machine is at rest, and tells how much
 * of it others used meanwhile, so that a result can be judged.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const look = 200;
const atRest = 0.15;

/** Share of the machine's time that was not idle (proc_stat(5): fields idle and iowait). */
export function usage(): () => number {
  const before = times();
  return () => {
    const now = times();
    const total = now.total - before.total;
    return total === 0 ? 0 : 1 - (now.idle - before.idle) / total;
  };
}

/** At rest, or out of patience. */
export async function untilQuiet(seconds: number): Promise<void> {
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const share = usage();
    await pause(look);
    if (share() < atRest) return;
  }
}

function times(): { total: number; idle: number } {
  const line = readFileSync('/proc/stat', 'latin1').split('\n', 1)[0]!;
  const fields = line.split(/\s+/).slice(1, 9).map(Number);
  return { total: fields.reduce((sum, field) => sum + field, 0), idle: fields[3]! + fields[4]! };
}
