/** Sending 2 KB messages over kept connections to a sink (bare.ts): ours beside nodemailer's smtp-connection and Postfix. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { peerNamed, withPeer } from './peers.ts';
import { hasPostfix, sendByPostfix } from './postfix-sender.ts';
import { figure, table } from './table.ts';
import { median, type Judged } from './targets.ts';

interface Sent {
  readonly rate: number;
  readonly cpuPerThousand: number;
}

const wanted: Readonly<Record<string, number>> = { nodemailer: 0.9, postfix: 3 };
const senders = ['postern', 'nodemailer', ...(hasPostfix ? ['postfix'] : [])];

export async function sending(rounds: number): Promise<Judged[]> {
  const found = new Map<string, Sent[]>(senders.map((name) => [name, []]));
  await withPeer(peerNamed('bare'), async ({ port }) => {
    for (let round = 0; round < rounds; round++)
      for (const name of senders) {
        const sent = name === 'postfix' ? await sendByPostfix(port) : await run(name, port);
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
  const own = found.get('postern')!;
  return Object.entries(wanted).flatMap(([name, times]) => {
    const others = found.get(name);
    if (others === undefined) return [];
    const ratio = median(own.map(({ rate }, n) => rate / others[n]!.rate));
    const target = `≥ ${times} × ${name}`;
    return [{ what: 'sender, 2 KB kept', target, found: `${ratio.toFixed(2)} ×`, met: ratio >= times }];
  });
}

async function run(name: string, port: number): Promise<Sent> {
  const program = join(import.meta.dirname, 'sender.ts');
  const child = spawn(process.execPath, [program, name, String(port)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return JSON.parse(output) as Sent;
}
