/**
 * Mail that is settled without an attempt of its own: its next hop has just refused another, and its deadline or its delay
 * notice has come; or no worker deployed here can ever reach the hop (spool.md, outbound workers). The sweep makes the
 * attempt's record in the worker's place, which says why it waits, and at the deadline why it failed.
 */
import { tellSettled, type SettledLog } from '../../aws/settled-log.ts';
import { ourWords, waiting } from '../../mail/relay/results.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Clock, Spool, WorkQueue } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { DeliveryKey } from '../../mail/spool/records.ts';
import { settleAttempt } from '../../mail/spool/settle.ts';
import { owesAnything } from '../../mail/spool/standing.ts';

export interface UntriedDoors {
  readonly spool: Pick<Spool, 'claim' | 'settle'>;
  readonly settings: SettingsSource;
  readonly queue: Pick<WorkQueue, 'report'>;
  readonly clock: Clock;
  readonly log: SettledLog;
}

export interface Untried {
  readonly reply: string;
  /** Stands on the record while it waits. */
  readonly reason?: string;
}

export const notDeployed: Untried = {
  reply: '451 4.4.4 Direct sending is not deployed here, and only it reaches the next host',
  reason: 'direct sending is not deployed',
};

/** `false`: it is not the sweep's to do. */
export async function settleUntried(
  key: DeliveryKey,
  { reply, reason }: Untried,
  doors: UntriedDoors,
): Promise<boolean> {
  const { configuration } = await doors.settings.current();
  const claimed = await doors.spool.claim(key, later(doors.clock(), 2 * minute));
  if (claimed === undefined) return false;
  const now = doors.clock();
  const waits = claimed.recipients.filter(({ outcome }) => outcome === 'waiting');
  const next = settleAttempt(claimed, waiting(waits, ourWords(reply)), { now, configuration });
  const why = next.state === 'deferred' && reason !== undefined ? { reason } : {};
  const settled = await doors.spool.settle(claimed, { ...next, ...why });
  if (settled === undefined) return false;
  tellSettled(doors.log, { claimed, settled, now });
  if (owesAnything(settled)) await doors.queue.report({ message: settled.message });
  return true;
}
