/**
 * Asks for the reports of TLS (RFC 8460) of the day before, one for each domain that was counted: soon after midnight UTC,
 * at a time that depends on the server's name, so that not all gateways report at once (section 4.2). What is still there
 * an hour later is asked for again. A new process looks once more, which makes no second report.
 */
import { createHash } from 'node:crypto';
import type { KeptCounts } from '../../aws/tls-counts.ts';
import type { Clock, WorkQueue } from '../../mail/spool/doors.ts';
import { hour, later, minute } from '../../mail/spool/keys.ts';

export interface TlsReportsDoors {
  readonly counts: Pick<KeptCounts, 'domains'>;
  readonly queue: Pick<WorkQueue, 'tlsReport'>;
  readonly clock: Clock;
  /** Minutes after midnight before which nothing is reported. */
  readonly after: number;
}

const day = 24 * hour;

/** Returns how many were asked for. */
export function tlsReports(doors: TlsReportsDoors): () => Promise<number> {
  let next = '';
  return async () => {
    const now = doors.clock();
    if (now.toISOString() < next) return 0;
    const midnight = new Date(Math.floor(now.getTime() / day) * day);
    const begins = later(midnight, doors.after * minute);
    if (now.toISOString() < begins) return 0;
    const yesterday = later(midnight, -day).slice(0, 10);
    const domains = await doors.counts.domains(yesterday);
    for (const domain of domains) await doors.queue.tlsReport({ day: yesterday, domain });
    next = domains.length > 0 ? later(now, hour) : later(midnight, day);
    return domains.length;
  };
}

/** From ten minutes to four hours. */
export function minutesAfterMidnight(server: string): number {
  return 10 + (createHash('sha256').update(server.toLowerCase()).digest().readUInt16BE(0) % 230);
}
