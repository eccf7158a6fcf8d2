/**
 * Where the listener is to stand beside its peers, and whether a round has it there. A rate is a ratio to a peer of
 * the same round; CPU is the server's own, in seconds per 1,000 messages, and suffers where the machine is shared.
 */
import type { Measured } from './accept.ts';

export interface Target {
  readonly what: string;
  readonly case: string;
  readonly server: string;
  /** At least so many times the rate of this peer. */
  readonly rate?: { readonly peer: string; readonly times: number };
  readonly cpuPerThousand?: number;
}

export const acceptTargets: readonly Target[] = [
  {
    what: '2 KB, kept',
    case: '2k-kept',
    server: 'postern',
    rate: { peer: 'smtp-server', times: 0.8 },
    cpuPerThousand: 0.2,
  },
  {
    what: '2 KB, kept, durable',
    case: '2k-kept',
    server: 'postern-aws',
    rate: { peer: 'postfix', times: 3 },
    cpuPerThousand: 0.7,
  },
  { what: '2 KB, one per connection', case: '2k-one', server: 'postern', rate: { peer: 'haraka', times: 2 } },
  {
    what: '2 KB, one per connection',
    case: '2k-one',
    server: 'postern',
    rate: { peer: 'postfix', times: 3 },
  },
  {
    what: '5 MB',
    case: '5m-kept',
    server: 'postern',
    rate: { peer: 'smtp-server', times: 2 },
    cpuPerThousand: 6,
  },
];

export interface Judged {
  readonly what: string;
  readonly target: string;
  readonly found: string;
  readonly met: boolean;
}

/** What was not measured is not judged. */
export function judge(target: Target, results: readonly Measured[]): Judged[] {
  const { what, server, rate, cpuPerThousand } = target;
  const own = results.filter((one) => one.server === server && one.case === target.case);
  const judged: Judged[] = [];
  const ratios = rate === undefined ? [] : ratiosOf(own, results, rate.peer);
  if (rate !== undefined && ratios.length > 0) {
    const ratio = median(ratios);
    const met = ratio >= rate.times;
    judged.push({ what, target: `≥ ${rate.times} × ${rate.peer}`, found: `${ratio.toFixed(2)} ×`, met });
  }
  if (cpuPerThousand !== undefined && own.length > 0) {
    const cpu = median(own.map((one) => one.cpuPerThousand));
    const met = cpu <= cpuPerThousand;
    judged.push({ what, target: `≤ ${cpuPerThousand} CPU s per 1,000`, found: cpu.toFixed(2), met });
  }
  return judged;
}

function ratiosOf(own: readonly Measured[], results: readonly Measured[], peer: string): number[] {
  return own.flatMap((one) => {
    const beside = results.find(
      (other) => other.server === peer && other.case === one.case && other.round === one.round,
    );
    return beside === undefined ? [] : [one.rate / beside.rate];
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
