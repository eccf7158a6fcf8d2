/**
 * No worker outlives a start: what an earlier gateway was doing when it ended is void. Leases are given back and
 * pending work is woken, before any worker runs.
 */
import type { Surroundings } from './components.ts';

export async function wakeWork(_around: Surroundings): Promise<void> {
  // Filled in with aws/spool-restart.ts.
}
