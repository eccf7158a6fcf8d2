/** Through a real HAProxy with PROXY headers v2: the policy sees the client's address. Skipped where it is not installed. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Client, connect } from './client.ts';
import { gateway } from './gateway.ts';

const has = (command: string, argument: string): boolean => spawnSync(command, [argument]).status === 0;
const missing = [
  ...(has('haproxy', '-v') ? [] : ['haproxy']),
  ...(has('swaks', '--version') ? [] : ['swaks']),
];
const skip =
  missing.length > 0
    ? `Debian package ${missing.join(' and ')} is not installed`
    : !Object.values(networkInterfaces())
        .flat()
        .some((one) => one?.address === '::1') && 'this machine has no IPv6 loopback';

/** A port that was free a moment ago: HAProxy cannot be asked which one it took. */
async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Balancer extends AsyncDisposable {
  readonly four: number;
  readonly six: number;
}

async function balancer(target: number): Promise<Balancer> {
  const folder = await mkdtemp(join(tmpdir(), 'postern-haproxy-'));
  const [four, six] = [await freePort('127.0.0.1'), await freePort('::1')];
  const config = join(folder, 'haproxy.cfg');
  await writeFile(
    config,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen smtp
  bind 127.0.0.1:${four}
  bind [::1]:${six}
  server gateway 127.0.0.1:${target} send-proxy-v2
`,
  );
  const child = spawn('haproxy', ['-db', '-f', config], { stdio: 'ignore' });
  await answers(four, child);
  return {
    four,
    six,
    async [Symbol.asyncDispose]() {
      child.kill();
      if (child.exitCode === null) await once(child, 'exit');
      await rm(folder, { recursive: true });
    },
  };
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const socket = connectSocket(port, '127.0.0.1');
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('HAProxy did not start.');
}

function swaks(port: number): Promise<string> {
  const words = ['--server', '127.0.0.1', '--port', `${port}`, '--helo', 'client.example', '--from', '<>'];
  const child = spawn('swaks', [...words, '--to', 'alice@acme.example', '--timeout', '20']);
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return once(child, 'close').then(() => said);
}

/** Swaks speaks IPv6 only where a further Perl module is installed. */
async function overIPv6(port: number): Promise<string> {
  const socket = connectSocket(port, '::1');
  await once(socket, 'connect');
  const client = new Client(socket);
  const greeting = (await client.reply()) ?? 'closed';
  if (!greeting.startsWith('220')) return greeting;
  const replies = await client.askAll('EHLO client.example', 'MAIL FROM:<>', 'RCPT TO:<alice@acme.example>');
  return [...replies, await client.deliver('Subject: six\r\n\r\n')].join('\n');
}

test('swaks through HAProxy, by IPv4 and IPv6', { skip }, async () => {
  // The balancer connects from 127.0.0.1; its clients are who the header names.
  const server = { proxyProtocol: ['[127.0.0.1]'], trustedProxies: [] };
  await using house = await gateway({ server });
  await using front = await balancer(house.ports.smtp);
  for (const [said, shown] of [
    [await swaks(front.four), '[127.0.0.1]'],
    [await overIPv6(front.six), '[::1]'],
  ] as const) {
    assert.ok(said.includes(`Hello client.example (${shown}), pleased to meet you`), said);
    assert.match(said, /250 2\.0\.0 Message accepted for delivery as /);
  }
  assert.deepEqual(
    house.kept.map(({ envelope }) => envelope.session?.peer),
    ['127.0.0.1', '::1'],
  );
  house.publish({ server, configuration: { inboundConnections: { deny: ['[::1]'] } } });
  assert.match(await overIPv6(front.six), /554 Connection from \[::1\] rejected for policy reasons\./);
});

test('a forged header from elsewhere is a syntax error', async () => {
  await using house = await gateway({ server: { trustedProxies: [] } });
  const client = await connect(house.ports.smtp);
  await client.reply();
  assert.match(await client.ask('PROXY TCP4 10.0.0.1 10.0.0.2 1 25'), /^500 5\.5\.1 /);
  assert.match(await client.ask('\r\n\r\n\0\r\nQUIT\n'), /^500 /);
  client.close();
});
