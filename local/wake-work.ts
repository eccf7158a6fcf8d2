/**
 * No worker outlives a start: what an earlier gateway was doing when it ended is void. Leases are given back and
 * pending work is woken, before any worker runs.
 */
import { wakeAfterRestart } from '../aws/spool-restart.ts';
import type { Surroundings } from './components.ts';

export async function wakeWork({ clients, stack }: Surroundings): Promise<void> {
  await wakeAfterRestart({ client: clients.dynamodb, spoolTable: `${stack}-spool` });
}
