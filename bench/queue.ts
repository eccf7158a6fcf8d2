/**
 * Mail for many domains, a third of whose hosts are down, slow or refusing: the others are done in the time that they
 * take alone, and nothing is lost or doubled. Each run is a whole gateway (`npm start`) with an empty folder; its hosts
 * are mended when the healthy ones have everything, an administrator has all tried again, and they must then get what is
 * theirs, once.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { awsSpoolDesk } from '../aws/spool-desk.ts';
import { serviceClients } from '../local/service-clients.ts';
import { configure, openAll, spoolAll, submit, type Clients, type Gateway } from './backlog.ts';
import { Host, ills, type Manner, type Taken } from './hosts.ts';
import { withGateway } from './local-gateway.ts';
import { cpuSecondsOf } from './process.ts';
import { serveNames } from './names.ts';
import { figure, table } from './table.ts';
import type { Judged } from './targets.ts';

const most = 1.2;
const tick = '5';
const looked = 250;
const patience = 1_800_000;
/** Longer than a copy sent twice by mistake would be on its way. */
const afterwards = 15_000;

export interface QueueOptions {
  readonly messages: number;
  readonly domains: number;
  /** Submitted while it sends: accepting and routing are measured too. */
  readonly flowing: boolean;
}

interface Ran {
  readonly what: 'alone' | 'all';
  /** Messages for healthy hosts, and how many seconds until the last of them was taken. */
  readonly healthy: number;
  readonly seconds: number;
  /** CPU seconds of the whole gateway in that time. */
  readonly cpu: number;
  /** Seconds from the mending of the others until they had everything. */
  readonly mended: number;
  readonly lost: number;
  readonly doubled: number;
  /** Taken, and connections made, at hosts that are not well, by manner, when the healthy ones were done. */
  readonly ill: Readonly<Record<string, { taken: number; connections: number }>>;
}

export async function queue(options: QueueOptions): Promise<Judged[]> {
  const alone = await run('alone', options);
  const all = await run('all', options);
  const ratio = all.seconds / alone.seconds;
  for (const ran of [alone, all]) {
    const line = JSON.stringify({ what: 'queue', at: new Date().toISOString(), ...options, ran });
    appendFileSync(join(import.meta.dirname, 'results', 'queue.jsonl'), `${line}\n`);
  }
  console.log(`\nMail for ${options.domains} domains\n\n${tableOf([alone, all])}\n`);
  return [
    {
      what: `healthy hosts beside others, ${options.messages} messages`,
      target: `≤ ${most} × alone`,
      found: `${ratio.toFixed(2)} ×`,
      met: ratio <= most,
    },
    { what: 'lost, doubled', target: '0, 0', ...judgeCounts([alone, all]) },
  ];
}

function judgeCounts(runs: readonly Ran[]): Pick<Judged, 'found' | 'met'> {
  const sum = (key: 'lost' | 'doubled'): number => runs.reduce((total, one) => total + one[key], 0);
  const [lost, doubled] = [sum('lost'), sum('doubled')];
  return { found: `${lost}, ${doubled}`, met: lost === 0 && doubled === 0 };
}

function tableOf(runs: readonly Ran[]): string {
  const head = [
    '',
    'for healthy hosts',
    'seconds',
    'CPU seconds',
    'a second',
    'mended, seconds',
    'lost',
    'doubled',
  ];
  return table(
    head,
    runs.map(({ what, healthy, seconds, cpu, mended, lost, doubled }) => [
      what,
      ...[healthy, seconds, cpu, healthy / seconds, mended, lost, doubled].map(figure),
    ]),
  );
}

/** Every third host is not well. */
function mannerOf(n: number): Manner {
  return n % 3 === 2 ? ills[Math.floor(n / 3) % ills.length]! : 'well';
}

async function run(what: Ran['what'], options: QueueOptions): Promise<Ran> {
  const taken: Taken = new Map();
  const everybody = Array.from({ length: options.domains }, (_, n) => new Host(n + 1, mannerOf(n), taken));
  const hosts = everybody.filter(({ manner }) => what === 'all' || manner === 'well');
  const recipients = Array.from({ length: options.messages }, (_, n) => n).flatMap((n) => {
    const host = everybody[n % everybody.length]!;
    return hosts.includes(host) ? [{ host, address: `m${n}@${host.domain}` }] : [];
  });
  const names = await serveNames();
  const port = await freePortOf(hosts);
  const env = { DNS_SERVERS: names.address, MX_PORT: String(port), POSTERN_TICK: tick };
  try {
    return await withGateway(
      [],
      (gateway) => measure({ what, options, gateway, hosts, recipients, taken, port }),
      env,
    );
  } finally {
    names.close();
    for (const host of hosts) host.close();
  }
}

/** One port for all of them: what the first, which is well, is given. */
async function freePortOf(hosts: readonly Host[]): Promise<number> {
  let port = 0;
  for (const host of hosts) port = await host.open(port);
  return port;
}

interface Setting {
  readonly what: Ran['what'];
  readonly options: QueueOptions;
  readonly gateway: Gateway;
  readonly hosts: readonly Host[];
  readonly recipients: readonly { readonly host: Host; readonly address: string }[];
  readonly taken: Taken;
  readonly port: number;
}

async function measure(setting: Setting): Promise<Ran> {
  const { gateway, hosts, recipients, taken, port } = setting;
  const clients = serviceClients(gateway.endpoints);
  await configure(clients, gateway.endpoints);
  const healthy = recipients.filter(({ host }) => host.manner === 'well');
  const ill = hosts.filter(({ manner }) => manner !== 'well').map((host) => ({ host, manner: host.manner }));
  const { seconds, cpu } = await sending(
    setting,
    clients,
    healthy.map(({ address }) => address),
  );
  const found = Object.fromEntries(
    ills.map((manner) => [
      manner,
      countsOf(
        ill.filter((one) => one.manner === manner),
        taken,
      ),
    ]),
  );
  console.log(
    `${setting.what}: ${healthy.length} for healthy hosts in ${figure(seconds)} s, ${figure(cpu)} s of CPU; ${JSON.stringify(found)}`,
  );
  const mendedAt = performance.now();
  for (const { host } of ill) await host.mend(port);
  if (ill.length > 0) await postern(gateway.data, 'spool', 'retry', '--all');
  const got = await untilAll(
    recipients.map(({ address }) => address),
    taken,
  );
  const mended = (performance.now() - mendedAt) / 1000;
  await pause(afterwards);
  const lost = got ? 0 : await missing(setting, clients);
  const doubled = [...taken.values()].filter((times) => times.length > 1).length;
  clients.destroy();
  return { what: setting.what, healthy: healthy.length, seconds, cpu, mended, lost, doubled, ill: found };
}

/** The command, as an administrator runs it. */
async function postern(data: string, ...words: readonly string[]): Promise<void> {
  const command = join(import.meta.dirname, '..', 'cli', 'postern.mjs');
  const env = { ...process.env, POSTERN_DATA: data };
  const child = spawn(process.execPath, [command, ...words], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`postern ${words.join(' ')} ended with ${code}.`);
}

/** Until the last of the healthy ones had its message. */
async function sending(
  { what, options, gateway, hosts, recipients, taken }: Setting,
  clients: Clients,
  healthy: readonly string[],
): Promise<{ seconds: number; cpu: number }> {
  const { endpoints, pid, port } = gateway;
  const addresses = recipients.map(({ address }) => address);
  const domains = hosts.map(({ domain }) => domain);
  const measured = async (begin: () => Promise<void>): Promise<{ seconds: number; cpu: number }> => {
    const [started, before] = [performance.now(), cpuSecondsOf(pid)];
    await begin();
    return { seconds: await lastOf(healthy, taken, started), cpu: cpuSecondsOf(pid) - before };
  };
  if (options.flowing) return measured(() => submit(port, addresses));
  const spooling = performance.now();
  await spoolAll(clients, gateway, addresses);
  console.log(`${what}: ${addresses.length} spooled in ${figure((performance.now() - spooling) / 1000)} s`);
  return measured(() => openAll(clients, endpoints, domains));
}

async function lastOf(healthy: readonly string[], taken: Taken, started: number): Promise<number> {
  if (!(await untilAll(healthy, taken)))
    throw new Error(
      `Of ${healthy.length} messages for healthy hosts some were not taken in ${patience / 1000} s.`,
    );
  return (Math.max(...healthy.map((address) => taken.get(address)![0]!)) - started) / 1000;
}

async function untilAll(addresses: readonly string[], taken: Taken): Promise<boolean> {
  const until = performance.now() + patience;
  const waiting = new Set(addresses);
  for (;;) {
    for (const address of waiting) if (taken.has(address)) waiting.delete(address);
    if (waiting.size === 0) return true;
    if (performance.now() > until) return false;
    await pause(looked);
  }
}

function countsOf(some: readonly { host: Host }[], taken: Taken): { taken: number; connections: number } {
  const domains = new Set(some.map(({ host }) => host.domain));
  return {
    taken: [...taken.keys()].filter((address) => domains.has(address.split('@')[1]!)).length,
    connections: some.reduce((sum, { host }) => sum + host.connections, 0),
  };
}

/** Neither taken nor waiting in the spool. */
async function missing({ gateway, recipients, taken }: Setting, clients: Clients): Promise<number> {
  const desk = awsSpoolDesk({ client: clients.dynamodb, table: gateway.endpoints.tables.spool });
  const open = await desk.list();
  const failed = await desk.list('failed');
  const known = new Set([...open, ...failed].flatMap((one) => one.recipients.map(({ address }) => address)));
  return recipients.filter(({ address }) => !taken.has(address) && !known.has(address)).length;
}
