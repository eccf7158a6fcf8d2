/** Twenty messages of 40 MB at once, to S3 that does nothing: the most that the listener holds. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { send } from './load.ts';
import { bundlePostern, peerNamed, withPeer } from './peers.ts';
import type { Judged } from './targets.ts';

const limit = 250;

export async function memory(): Promise<Judged[]> {
  bundlePostern();
  const idleAndPeak = await withPeer(peerNamed('postern-aws'), async (server) => {
    await send({ port: server.port, size: 2048, messages: 200, sessions: 20, kept: true });
    const idle = server.memory();
    server.forgetPeak();
    await send({ port: server.port, size: 40 * 1024 * 1024, messages: 20, sessions: 20, kept: true });
    return { idle, peak: server.memory('VmHWM') };
  });
  const line = JSON.stringify({ what: 'memory', server: 'postern-aws', ...idleAndPeak });
  appendFileSync(join(import.meta.dirname, 'results', 'memory.jsonl'), `${line}\n`);
  const { idle, peak } = idleAndPeak;
  const found = `${peak.toFixed(0)} MiB (${idle.toFixed(0)} before)`;
  return [{ what: '20 × 40 MB at once', target: `≤ ${limit} MiB`, found, met: peak <= limit }];
}
