/** The whole gateway of `npm start` for a benchmark: its own folder, ports and process, the sample's people. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Endpoints } from '../local/endpoints.ts';

export interface LocalGateway {
  readonly pid: number;
  readonly port: number;
  readonly data: string;
  readonly endpoints: Endpoints;
}

const root = join(import.meta.dirname, '..');
const startPatience = 60_000;

export async function withGateway<T>(
  options: readonly string[],
  work: (gateway: LocalGateway) => Promise<T>,
  more: Readonly<Record<string, string>> = {},
): Promise<T> {
  const data = mkdtempSync(join(tmpdir(), 'postern-gateway-'));
  const ports = {
    SMTP_PORT: await freePort(),
    SUBMISSION_PORT: await freePort(),
    SMTPS_PORT: await freePort(),
  };
  const gateway = spawn(process.execPath, [...options, join(root, 'local', 'start.mjs')], {
    cwd: root,
    env: { ...process.env, ...ports, POSTERN_DATA: data, POSTERN_TICK: '3600', ...more },
    stdio: 'ignore',
  });
  const ended = once(gateway, 'exit');
  const gone = ended.then(() => {
    throw new Error('The gateway ended; run npm start to see why.');
  });
  try {
    await Promise.race([gone, until(() => existsSync(join(data, 'endpoints.json')), startPatience)]);
    const endpoints = JSON.parse(readFileSync(join(data, 'endpoints.json'), 'utf8')) as Endpoints;
    return await Promise.race([
      gone,
      work({ pid: gateway.pid!, port: Number(ports.SMTP_PORT), data, endpoints }),
    ]);
  } finally {
    gone.catch(() => undefined);
    gateway.kill('SIGTERM');
    await ended;
    rmSync(data, { recursive: true, force: true });
  }
}

/** The id that the gateway gave the message. */
export async function submit(port: number, to: readonly string[], message: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1');
  const commands = [
    'EHLO cost.example',
    'MAIL FROM:<sender@remote.example>',
    ...to.map((address) => `RCPT TO:<${address}>`),
    'DATA',
    `${message}.`,
    'QUIT',
  ];
  let input = '';
  let id = '';
  socket.on('data', (text: string) => {
    input += text;
    if (!/^\d{3} [^\n]*\r\n$/m.test(input.slice(input.lastIndexOf('\n', input.length - 2) + 1))) return;
    if (/^[45]/.test(input)) socket.destroy(new Error(`The gateway said: ${input.trim()}`));
    id = / as ([\w-]+)\r\n$/.exec(input)?.[1] ?? id;
    input = '';
    const next = commands.shift();
    if (next !== undefined) socket.write(`${next}\r\n`);
  });
  await once(socket, 'close');
  return id;
}

async function until(done: () => boolean, patience: number): Promise<void> {
  const deadline = performance.now() + patience;
  while (!done()) {
    if (performance.now() > deadline) throw new Error('The gateway did not start; run npm start to see why.');
    await pause(100);
  }
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}
