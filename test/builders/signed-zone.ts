/**
 * A signed zone and a resolver that checks it: Debian's nsd, unbound and ldnsutils on loopback, in a folder of their
 * own. Where they are not installed there is none, and the reason is given.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { dnssecResolver } from '../../aws/dnssec.ts';
import { onePort } from './dns-server.ts';

export interface ZoneOptions {
  readonly name: string;
  /** Lines of a zone file. */
  readonly records: readonly string[];
  /** Changes the signed file: what is changed has wrong signatures. */
  readonly tamper?: (signed: string) => string;
}

const programs = ['/usr/sbin/nsd', '/usr/sbin/unbound', '/usr/bin/ldns-signzone', '/usr/bin/ldns-keygen'];

/** `ip:port` of the resolver. */
export async function startSignedZone(t: TestContext, zone: ZoneOptions): Promise<string | undefined> {
  const missing = programs.filter((program) => !existsSync(program));
  if (missing.length > 0) {
    t.skip(`not installed: ${missing.join(', ')} (Debian's nsd, unbound, ldnsutils)`);
    return undefined;
  }
  const folder = mkdtempSync(join(tmpdir(), 'postern-zone-'));
  const [authority, resolver] = [await freePort(), await freePort()];
  const anchor = sign(folder, zone);
  writeFileSync(join(folder, 'nsd.conf'), nsdSettings(folder, zone.name, authority));
  writeFileSync(
    join(folder, 'unbound.conf'),
    unboundSettings({ folder, zone: zone.name, anchor, authority, resolver }),
  );
  const said: string[] = [];
  const running = [
    start('/usr/sbin/nsd', join(folder, 'nsd.conf'), said),
    start('/usr/sbin/unbound', join(folder, 'unbound.conf'), said),
  ];
  t.after(async () => {
    await Promise.all(running.map(ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const server = `127.0.0.1:${resolver}`;
  await answering(server, zone.name, said);
  return server;
}

async function freePort(): Promise<number> {
  const { udp, tcp } = await onePort();
  const { port } = udp.address();
  udp.close();
  tcp.close();
  await once(tcp, 'close');
  return port;
}

/** File of the trust anchor. */
function sign(folder: string, { name, records, tamper = (signed) => signed }: ZoneOptions): string {
  const head = [
    `$ORIGIN ${name}.`,
    '$TTL 60',
    `@ SOA ns root 1 3600 600 86400 60`,
    '@ NS ns',
    'ns A 127.0.0.1',
  ];
  writeFileSync(join(folder, 'zone'), [...head, ...records, ''].join('\n'));
  const keygen = (...options: string[]): string =>
    execFileSync('/usr/bin/ldns-keygen', ['-a', 'ECDSAP256SHA256', ...options, name], { cwd: folder })
      .toString()
      .trim();
  const [keyOfKeys, keyOfZone] = [keygen('-k'), keygen()];
  execFileSync('/usr/bin/ldns-signzone', ['-n', '-o', name, 'zone', keyOfKeys, keyOfZone], { cwd: folder });
  const signed = join(folder, 'zone.signed');
  writeFileSync(signed, tamper(readFileSync(signed, 'utf8')));
  return join(folder, `${keyOfKeys}.ds`);
}

function nsdSettings(folder: string, name: string, port: number): string {
  return `server:
  ip-address: 127.0.0.1@${port}
  zonesdir: "${folder}"
  database: ""
  pidfile: "${folder}/nsd.pid"
  xfrdfile: "${folder}/xfrd"
  username: ""
remote-control:
  control-enable: no
zone:
  name: ${name}
  zonefile: zone.signed
`;
}

interface UnboundSettings {
  readonly folder: string;
  readonly zone: string;
  readonly anchor: string;
  readonly authority: number;
  readonly resolver: number;
}

function unboundSettings({ folder, zone, anchor, authority, resolver }: UnboundSettings): string {
  return `server:
  interface: 127.0.0.1
  port: ${resolver}
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: "${folder}/unbound.pid"
  use-syslog: no
  do-not-query-localhost: no
  trust-anchor-file: "${anchor}"
  module-config: "validator iterator"
remote-control:
  control-enable: no
stub-zone:
  name: ${zone}
  stub-addr: 127.0.0.1@${authority}
`;
}

function start(program: string, settings: string, said: string[]): ChildProcess {
  const child = spawn(program, ['-d', '-c', settings]);
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill();
  await exit;
}

async function answering(server: string, name: string, said: readonly string[]): Promise<void> {
  const resolver = dnssecResolver({ server, timeoutMs: 500, tries: 1 });
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const answer = await resolver.ask(name, 'MX').catch(() => undefined);
    if (answer !== undefined) return;
    await pause(50);
  }
  throw new Error(`The resolver of the signed zone did not answer: ${said.join('')}`);
}
