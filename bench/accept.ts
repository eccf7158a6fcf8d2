/**
 * Accepting mail: messages a second, and the server's CPU, of every peer at every case. One round has them all, one
 * after the other, so that ratios are taken inside a round; rates of different rounds say little.
 */
import { appendFileSync } from 'node:fs';
import { send, type Load } from './load.ts';
import { withPeer, type Peer } from './peers.ts';
import { untilQuiet } from './quiet.ts';
import type { Running } from './process.ts';

export interface Case {
  readonly name: string;
  readonly size: number;
  readonly sessions: number;
  readonly kept: boolean;
}

export const cases: readonly Case[] = [
  { name: '2k-kept', size: 2048, sessions: 20, kept: true },
  { name: '2k-one', size: 2048, sessions: 20, kept: false },
  { name: '50k-kept', size: 51_200, sessions: 20, kept: true },
  { name: '5m-kept', size: 5_242_880, sessions: 4, kept: true },
];

export interface Measured {
  readonly what: 'accept';
  readonly round: number;
  readonly server: string;
  readonly case: string;
  readonly messages: number;
  readonly rate: number;
  /** Of the server and all it forks, what is left after the last reply included. */
  readonly cpuPerThousand: number;
  readonly peakMiB: number;
}

/** How long a measurement waits for a quiet machine, in seconds. */
const patience = 5;

export interface AcceptPlan {
  readonly rounds: number;
  readonly servers: readonly Peer[];
  readonly cases: readonly Case[];
  /** Seconds that one measurement should take. */
  readonly seconds: number;
  readonly file: string;
}

export async function accept(plan: AcceptPlan, say: (line: string) => void): Promise<Measured[]> {
  const results: Measured[] = [];
  for (let round = 0; round < plan.rounds; round++)
    for (const peer of plan.servers)
      await withPeer(peer, async (server) => {
        for (const one of plan.cases) {
          const measured = { ...(await measure(peer, server, one, plan.seconds)), round };
          appendFileSync(plan.file, `${JSON.stringify(measured)}\n`);
          results.push(measured);
          say(
            `${round} ${peer.name} ${one.name}: ${measured.rate.toFixed(0)}/s, ${measured.cpuPerThousand.toFixed(2)} CPU s per 1,000`,
          );
        }
      });
  return results;
}

async function measure(
  peer: Peer,
  server: Running,
  one: Case,
  seconds: number,
): Promise<Omit<Measured, 'round'>> {
  const load = { port: server.port, size: one.size, sessions: one.sessions, kept: one.kept };
  const messages = await enough(peer, load, seconds);
  await untilQuiet(patience);
  server.forgetPeak();
  const before = server.cpuSeconds();
  const took = await send({ ...load, messages });
  await peer.settle?.();
  const cpu = server.cpuSeconds() - before;
  return {
    what: 'accept',
    server: server.name,
    case: one.name,
    messages,
    rate: messages / took,
    cpuPerThousand: (cpu / messages) * 1000,
    peakMiB: server.memory('VmHWM'),
  };
}

/** So many messages as take about that long. Finding out is the warm-up: compilers need some thousand messages. */
async function enough(peer: Peer, load: Omit<Load, 'messages'>, seconds: number): Promise<number> {
  let messages = load.sessions * 2;
  for (;;) {
    const took = await send({ ...load, messages });
    if (took > seconds / 2) {
      await peer.settle?.();
      return Math.ceil((messages / took) * seconds);
    }
    messages *= took > seconds / 8 ? 4 : 8;
  }
}
