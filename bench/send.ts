/** Sending 2 KB messages over kept connections to a sink (bare.ts): ours beside nodemailer's smtp-connection. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { peerNamed, withPeer } from './peers.ts';
import { figure, table } from './table.ts';
import { median, type Judged } from './targets.ts';

interface Sent {
  readonly rate: number;
  readonly cpuPerThousand: number;
}

const wanted = 0.9;
const senders = ['postern', 'nodemailer'] as const;

export async function sending(rounds: number): Promise<Judged[]> {
  const found = new Map<string, Sent[]>(senders.map((name) => [name, []]));
  await withPeer(peerNamed('bare'), async ({ port }) => {
    for (let round = 0; round < rounds; round++)
      for (const name of senders) {
        const sent = await run(name, port);
        found.get(name)!.push(sent);
        const line = JSON.stringify({ what: 'send', round, sender: name, ...sent });
        appendFileSync(join(import.meta.dirname, 'results', 'send.jsonl'), `${line}\n`);
      }
  });
  const of = (name: string, key: keyof Sent): number => median(found.get(name)!.map((one) => one[key]));
  const rows = senders.map((name) => [name, figure(of(name, 'rate')), figure(of(name, 'cpuPerThousand'))]);
  console.log(
    `\nSending 2 KB, 20 connections kept\n\n${table(['', 'messages/s', 'CPU s per 1,000'], rows)}\n`,
  );
  const [own, other] = [found.get('postern')!, found.get('nodemailer')!];
  const ratio = median(own.map(({ rate }, n) => rate / other[n]!.rate));
  return [
    {
      what: 'sender, 2 KB kept',
      target: `≥ ${wanted} × nodemailer`,
      found: `${ratio.toFixed(2)} ×`,
      met: ratio >= wanted,
    },
  ];
}

async function run(name: string, port: number): Promise<Sent> {
  const program = join(import.meta.dirname, 'sender.ts');
  const child = spawn(process.execPath, [program, name, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(output) as Sent;
}
