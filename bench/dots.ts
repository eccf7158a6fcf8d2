/** Bodies whose lines all begin with a dot, beside the same lines without: 5 MB of each. */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { dial, open } from './dialogue.ts';
import { bundlePostern, peers, withPeer } from './peers.ts';
import { figure, table } from './table.ts';
import { median, type Judged } from './targets.ts';

const octets = 5_000_000;
const bodies = {
  'plain, 76 a line': `${'X'.repeat(76)}\r\n`,
  'dotted, 76 a line': `..${'X'.repeat(74)}\r\n`,
  'plain, 2 a line': 'XX\r\n',
  'dotted, 2 a line': '..\r\n',
};
type Kind = keyof typeof bodies;
const file = join(import.meta.dirname, 'results', 'dots.jsonl');
const wanted = 0.5;

export async function dots(rounds: number): Promise<Judged[]> {
  bundlePostern();
  const rates = new Map<string, Map<Kind, number>>();
  for (const peer of peers.filter(({ name }) => /^(?:smtp-server|postern|haraka|postfix)$/.test(name)))
    await withPeer(peer, async ({ name, port }) => {
      const found = new Map<Kind, number>();
      for (const kind of Object.keys(bodies) as Kind[]) {
        await megabytesPerSecond(port, bodies[kind]);
        const each: number[] = [];
        for (let n = 0; n < rounds; n++) each.push(await megabytesPerSecond(port, bodies[kind]));
        found.set(kind, median(each));
      }
      rates.set(name, found);
      appendFileSync(
        file,
        `${JSON.stringify({ what: 'dots', server: name, ...Object.fromEntries(found) })}\n`,
      );
    });
  const rows = [...rates].map(([name, found]) => [name, ...[...found.values()].map(figure)]);
  console.log(`\nMB/s of one message of 5 MB\n\n${table(['', ...Object.keys(bodies)], rows)}\n`);
  const own = rates.get('postern')!;
  return (['76', '2'] as const).map((width) => {
    const ratio = own.get(`dotted, ${width} a line`)! / own.get(`plain, ${width} a line`)!;
    return {
      what: `dotted lines of ${width}`,
      target: `≥ ${wanted} × plain`,
      found: figure(ratio),
      met: ratio >= wanted,
    };
  });
}

async function megabytesPerSecond(port: number, line: string): Promise<number> {
  const client = await dial(port);
  await open(client);
  const body = `Subject: dots\r\n\r\n${line.repeat(octets / line.length)}`;
  const started = performance.now();
  await client.say(`${body}.\r\n`);
  const seconds = (performance.now() - started) / 1000;
  client.socket.destroy();
  return body.length / 1e6 / seconds;
}
