/**
 * How fast Postfix sends: its queue manager and SMTP client. Messages are put on hold, then released, and the time until
 * its queue is empty is taken. In folders of its own beside those of the Postfix that accepts.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { send } from './load.ts';
import { peersFolder, start, type Running } from './process.ts';

const accepting = join(peersFolder, 'postfix');
const folder = join(peersFolder, 'postfix-sending');
const conf = join(folder, 'conf');
const holdPort = 2626;
const messages = 2_000;
const size = 2048;

export const hasPostfix: boolean =
  existsSync(join(accepting, 'conf', 'main.cf')) && existsSync('/usr/sbin/postfix');

export async function sendByPostfix(port: number): Promise<{ rate: number; cpuPerThousand: number }> {
  prepare(port);
  const postfix = await start({
    name: 'postfix-sending',
    argv: ['postfix', '-c', conf, 'start-fg'],
    port: holdPort,
    stop: ['postfix', '-c', conf, 'stop'],
  });
  try {
    await send({ port: holdPort, size, messages, sessions: 20, kept: true });
    while (filesIn('hold') < messages) await pause(50);
    return await released(postfix);
  } finally {
    await postfix.stop();
  }
}

async function released(postfix: Running): Promise<{ rate: number; cpuPerThousand: number }> {
  const [started, before] = [performance.now(), postfix.cpuSeconds()];
  execFileSync('postsuper', ['-c', conf, '-H', 'ALL'], { stdio: 'ignore' });
  execFileSync('postqueue', ['-c', conf, '-f'], { stdio: 'ignore' });
  while (filesIn('hold', 'maildrop', 'incoming', 'active', 'deferred') > 0) await pause(10);
  const seconds = (performance.now() - started) / 1000;
  const cpuPerThousand = (postfix.cpuSeconds() - before) / (messages / 1000);
  return { rate: messages / seconds, cpuPerThousand };
}

function prepare(port: number): void {
  for (const name of ['conf', 'queue', 'data']) mkdirSync(join(folder, name), { recursive: true });
  for (const one of [folder, conf]) chmodSync(one, 0o755);
  const { uid } = statSync(join(accepting, 'data'));
  chownSync(join(folder, 'data'), uid, 0);
  const own = [
    `queue_directory = ${join(folder, 'queue')}`,
    `data_directory = ${join(folder, 'data')}`,
    `maillog_file_prefixes = ${folder}`,
    `maillog_file = ${join(folder, 'maillog')}`,
    `relay_transport = smtp:[127.0.0.1]:${port}`,
    'smtp_connection_cache_on_demand = yes',
    '',
  ];
  const main = readFileSync(join(accepting, 'conf', 'main.cf'), 'utf8');
  const kept = main
    .split('\n')
    .filter((line) => !own.some((one) => one.split(' ')[0] === line.split(' ')[0]));
  writeFileSync(join(conf, 'main.cf'), [...kept, ...own].join('\n'));
  const master = readFileSync(join(accepting, 'conf', 'master.cf'), 'utf8');
  const services = master.split('\n').filter((line) => !line.startsWith('127.0.0.1:2621'));
  writeFileSync(join(conf, 'master.cf'), services.join('\n').replace(':2623', `:${holdPort}`));
}

function filesIn(...queues: readonly string[]): number {
  const held = queues.map((name) => join(folder, 'queue', name)).filter((path) => existsSync(path));
  return held
    .flatMap((path) => readdirSync(path, { recursive: true, withFileTypes: true }))
    .filter((one) => one.isFile()).length;
}
