/**
 * What one invocation counted of TLS, kept for those domains that ask for reports (RFC 8460): their record is looked up,
 * and remembered for an hour. Counts are statistics: those that cannot be kept are told of and lost.
 */
import type { KeptCounts } from '../../aws/tls-counts.ts';
import { DnsUnavailable, type Resolver } from '../../mail/relay/doors.ts';
import { TlsTally, type TlsCount } from '../../mail/relay/tls-counts.ts';
import { tlsReportAddresses, tlsReportName } from '../../mail/relay/tls-report.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { hour } from '../../mail/spool/keys.ts';

export interface TallyDoors {
  readonly resolver: Pick<Resolver, 'txt'>;
  readonly counts: Pick<KeptCounts, 'add'>;
  readonly clock: Clock;
  /** Off: nothing is kept. */
  readonly on: boolean;
  readonly onFault: (what: string, cause: unknown) => void;
}

export interface KeptTally extends Pick<TlsTally, 'note'> {
  /** At the end of an invocation. */
  keep(): Promise<void>;
}

/** More domains than that are looked up anew. */
const mostRemembered = 5_000;

export function keptTally(doors: TallyDoors): KeptTally {
  const tally = new TlsTally();
  const known = new Map<string, { readonly asks: boolean; readonly until: number }>();
  const asks = async (domain: string): Promise<boolean> => {
    const now = doors.clock().getTime();
    const before = known.get(domain);
    if (before !== undefined && before.until > now) return before.asks;
    const answer = await asksForReports(doors, domain);
    if (known.size >= mostRemembered) known.clear();
    known.set(domain, { asks: answer, until: now + hour });
    return answer;
  };
  return {
    note: (session) => tally.note(session),
    async keep() {
      const taken = tally.take();
      try {
        if (doors.on) await keepWanted(doors, taken, asks);
      } catch (cause) {
        doors.onFault('Counts for reports about TLS could not be kept', cause);
      }
    },
  };
}

async function keepWanted(
  { counts, clock }: TallyDoors,
  taken: readonly TlsCount[],
  asks: (domain: string) => Promise<boolean>,
): Promise<void> {
  for (const [domain, own] of Map.groupBy(taken, ({ domain: one }) => one))
    if (await asks(domain)) await counts.add(clock().toISOString().slice(0, 10), own);
}

/** Where DNS is silent it is asked again when the report is due. */
async function asksForReports({ resolver }: TallyDoors, domain: string): Promise<boolean> {
  try {
    return tlsReportAddresses(await resolver.txt(tlsReportName(domain))).length > 0;
  } catch (error) {
    if (error instanceof DnsUnavailable) return true;
    throw error;
  }
}
