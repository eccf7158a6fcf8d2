/** The message of the queues `relay` and `direct`: which next hop has work. Anything else ends in the dead-letter queue. */
import type { HopWork } from '../../mail/spool/doors.ts';

const outbound = ['smtp', 'direct', 'ses'] as const;

export function readWork(body: string): HopWork {
  const { transport, nextHop } = JSON.parse(body) as Partial<Record<keyof HopWork, unknown>>;
  const known = outbound.find((one) => one === transport);
  if (known === undefined || typeof nextHop !== 'string' || nextHop === '')
    throw new Error('A message of the outbound queues names no transport (smtp, direct, ses) and next hop.');
  return { transport: known, nextHop };
}
