/**
 * Mail for port 25 or a private address where direct sending is not deployed (spool.md, outbound workers): no worker will
 * ever take it, so the sweep makes the attempt, which says why it waits, and at its deadline why it failed.
 */
import { ourWords, waiting } from '../../mail/relay/results.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Clock, Spool, WorkQueue } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { DeliveryKey } from '../../mail/spool/records.ts';
import { settleAttempt } from '../../mail/spool/settle.ts';
import { owesAnything } from '../../mail/spool/standing.ts';

export interface UnreachableDoors {
  readonly spool: Pick<Spool, 'claim' | 'settle'>;
  readonly settings: SettingsSource;
  readonly queue: Pick<WorkQueue, 'report'>;
  readonly clock: Clock;
}

export const notDeployed = '451 4.4.4 Direct sending is not deployed here, and only it reaches the next host';

export async function putOffUnreachable(key: DeliveryKey, doors: UnreachableDoors): Promise<boolean> {
  const { configuration } = await doors.settings.current();
  const claimed = await doors.spool.claim(key, later(doors.clock(), 2 * minute));
  if (claimed === undefined) return false;
  const now = doors.clock();
  const next = settleAttempt(claimed, waiting(claimed.recipients, ourWords(notDeployed)), {
    now,
    configuration,
  });
  const reason = next.state === 'deferred' ? { reason: 'direct sending is not deployed' } : {};
  const settled = await doors.spool.settle(claimed, { ...next, ...reason });
  if (settled === undefined) return false;
  if (owesAnything(settled)) await doors.queue.report({ message: settled.message });
  return true;
}
