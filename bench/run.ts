/**
 * The benchmark's command. Results are kept as JSON lines under bench/results and printed as tables, targets met and
 * missed. Linux; bench/setup.sh installs the peers.
 *
 *     npm run bench -- [accept] [dots] [memory] [idle] [send] [work] [way] [group] [queue]
 *                      [--rounds N] [--seconds S] [--servers a,b] [--cases a,b] [--messages N] [--domains N] [--flowing]
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { accept, cases, type Measured } from './accept.ts';
import { bundlePostern, peerNamed, peers } from './peers.ts';
import { acceptTargets, judge, median, type Judged } from './targets.ts';
import { figure, table } from './table.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '3' },
    servers: { type: 'string' },
    cases: { type: 'string' },
    messages: { type: 'string', default: '20000' },
    domains: { type: 'string', default: '200' },
    flowing: { type: 'boolean', default: false },
  },
});

const rounds = Number(values.rounds);
const queueOptions = {
  messages: Number(values.messages),
  domains: Number(values.domains),
  flowing: values.flowing,
};
const results = join(import.meta.dirname, 'results');

async function acceptBench(): Promise<Judged[]> {
  bundlePostern();
  const wanted = values.cases?.split(',');
  const found = await accept(
    {
      rounds,
      seconds: Number(values.seconds),
      servers:
        values.servers?.split(',').map(peerNamed) ?? peers.filter((peer) => peer.name !== 'smtp-server-tls'),
      cases: cases.filter((one) => wanted?.includes(one.name) ?? true),
      file: join(results, 'accept.jsonl'),
    },
    console.log,
  );
  console.log(
    `\nMessages/s · server CPU s per 1,000 (medians of ${rounds} rounds)\n\n${acceptTable(found)}\n`,
  );
  return acceptTargets.flatMap((target) => judge(target, found));
}

function acceptTable(found: readonly Measured[]): string {
  const servers = [...new Set(found.map((one) => one.server))];
  const names = [...new Set(found.map((one) => one.case))];
  const cell = (name: string, server: string): string => {
    const own = found.filter((one) => one.case === name && one.server === server);
    const [rate, cpu] = [median(own.map((one) => one.rate)), median(own.map((one) => one.cpuPerThousand))];
    return `${figure(rate)} · ${figure(cpu)}`;
  };
  return table(
    ['', ...servers],
    names.map((name) => [name, ...servers.map((server) => cell(name, server))]),
  );
}

const benches: Readonly<Record<string, () => Promise<Judged[]>>> = {
  accept: acceptBench,
  dots: async () => (await import('./dots.ts')).dots(rounds),
  memory: async () => (await import('./memory.ts')).memory(),
  idle: async () => (await import('./idle.ts')).idle(),
  send: async () => (await import('./send.ts')).sending(rounds),
  work: async () => (await import('./work.ts')).work(),
  way: async () => (await import('./way.ts')).way(),
  group: async () => (await import('./group.ts')).group(),
  queue: async () => (await import('./queue.ts')).queue(queueOptions),
};

const names = positionals.length > 0 ? positionals : Object.keys(benches);
const unknown = names.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(
    `There is no benchmark "${unknown.join(', ')}"; there are ${Object.keys(benches).join(', ')}.`,
  );
  process.exit(2);
}
const judged: Judged[] = [];
for (const name of names) judged.push(...(await benches[name]!()));
const rows = judged.map(({ what, target, found, met }) => [what, target, found, met ? 'met' : 'missed']);
console.log(table(['Target', 'wanted', 'found', ''], rows));
