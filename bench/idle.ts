/** What a connection costs that has said EHLO and then nothing, in clear and under TLS. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { dial, secured, type Client } from './dialogue.ts';
import { bundlePostern, peerNamed, withPeer } from './peers.ts';
import { table } from './table.ts';
import type { Judged } from './targets.ts';

/** Each takes a descriptor of the client's and one of the server's: `ulimit -n` must allow them. */
const connections = 5_000;
const atOnce = 50;
const limits = { clear: 16, TLS: 60 } as const;
/** MiB of the process with all of them under TLS. */
const limitOfAll = 512;
type Kind = keyof typeof limits;
const servers: readonly [server: string, Kind][] = [
  ['smtp-server', 'clear'],
  ['postern', 'clear'],
  ['smtp-server-tls', 'TLS'],
  ['postern', 'TLS'],
];

export async function idle(): Promise<Judged[]> {
  bundlePostern();
  const judged: Judged[] = [];
  const rows: string[][] = [];
  for (const [server, kind] of servers) {
    const { kib, mib } = await withPeer(peerNamed(server), (running) =>
      eachCosts(running.port, kind, () => running.memory()),
    );
    rows.push([server, kind, kib.toFixed(1), mib.toFixed(0)]);
    const line = JSON.stringify({ what: 'idle', server, kind, connections, kib, mib });
    appendFileSync(join(import.meta.dirname, 'results', 'idle.jsonl'), `${line}\n`);
    const target = `≤ ${limits[kind]} KiB each`;
    if (server !== 'postern') continue;
    judged.push({ what: `idle, ${kind}`, target, found: kib.toFixed(1), met: kib <= limits[kind] });
    if (kind !== 'TLS') continue;
    const all = { what: `${connections} under TLS`, target: `≤ ${limitOfAll} MiB in all` };
    judged.push({ ...all, found: mib.toFixed(0), met: mib <= limitOfAll });
  }
  console.log(
    `\nKiB a connection, ${connections} of them\n\n${table(['', 'kind', 'KiB', 'MiB in all'], rows)}\n`,
  );
  return judged;
}

async function eachCosts(
  port: number,
  kind: Kind,
  memory: () => number,
): Promise<{ kib: number; mib: number }> {
  const clients = await several(port, kind, 100);
  await pause(1_000);
  const before = memory();
  clients.push(...(await several(port, kind, connections)));
  await pause(2_000);
  const mib = memory();
  for (const { socket } of clients) socket.destroy();
  return { kib: ((mib - before) * 1024) / connections, mib };
}

async function several(port: number, kind: Kind, count: number): Promise<Client[]> {
  const clients: Client[] = [];
  while (clients.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - clients.length) }, async () => {
      const client = await dial(port);
      return kind === 'TLS' ? secured(client) : client;
    });
    clients.push(...(await Promise.all(batch)));
  }
  return clients;
}
