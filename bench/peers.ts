/**
 * The servers that are measured side by side. Each answers on a port of its own on loopback; those that setup.sh
 * installs are left out where they are not there.
 */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildSync } from 'esbuild';
import { selfSigned } from '../listener/self-signed.ts';
import { peersFolder, start, type Running, type ServerCommand } from './process.ts';

export interface Peer {
  readonly name: string;
  /** Started before it, stopped after it: what it calls. */
  readonly needs?: ServerCommand;
  readonly command: ServerCommand;
  /** Work that is left after the last reply. */
  readonly settle?: () => Promise<void>;
}

const own = (file: string): string => join(import.meta.dirname, 'servers', file);
export const certificates: string = join(peersFolder, 'certificates');

const awsPort = 2640;
const doNothing: ServerCommand = {
  name: 'aws',
  argv: [process.execPath, own('aws.ts'), String(awsPort)],
  port: awsPort,
};
const awsEnvironment = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${awsPort}`,
  AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${awsPort}`,
};

/** Given to every server of ours, for a profile: `BENCH_NODE_OPTIONS=--cpu-prof`. */
const extra = (process.env['BENCH_NODE_OPTIONS'] ?? '').split(' ').filter(Boolean);
/** As the image starts it (listener/Dockerfile), bundled as the image has it. */
const asDeployed = ['--initial-old-space-size=96', '--max-semi-space-size=4'];
const bundle = join(peersFolder, 'postern.mjs');

export function bundlePostern(): void {
  buildSync({
    entryPoints: [own('postern.ts')],
    outfile: bundle,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'error',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}

function node(name: string, port: number, file: string, args: readonly string[] = []): Peer {
  const argv = [process.execPath, ...extra, own(file), String(port), ...args];
  return { name, command: { name, port, argv, env: awsEnvironment } };
}

function postern(name: string, port: number, doors: 'nothing' | 'aws'): Peer {
  const argv = [process.execPath, ...asDeployed, ...extra, bundle, String(port), doors, certificates];
  return { name, command: { name, port, argv, env: awsEnvironment } };
}

const postfixFolder = join(peersFolder, 'postfix');
const haraka = join(peersFolder, 'haraka', 'node_modules', '.bin', 'haraka');
const harakaHome = join(peersFolder, 'haraka-discard');
const postfixConfig = join(postfixFolder, 'conf');

const all: readonly Peer[] = [
  node('bare', 2602, 'bare.ts'),
  node('smtp-server', 2601, 'smtp-server.ts'),
  node('smtp-server-tls', 2605, 'smtp-server.ts', [certificates]),
  postern('postern', 2603, 'nothing'),
  { ...postern('postern-aws', 2604, 'aws'), needs: doNothing },
  {
    name: 'haraka',
    command: {
      name: 'haraka',
      port: 2611,
      argv: [process.execPath, haraka, '-c', harakaHome],
      env: { YES_REALLY_DO_DISCARD: '1' },
    },
  },
  {
    name: 'postfix',
    command: {
      name: 'postfix',
      port: 2621,
      argv: ['postfix', '-c', postfixConfig, 'start-fg'],
      stop: ['postfix', '-c', postfixConfig, 'stop'],
    },
    settle: postfixQueueIsEmpty,
  },
];

function isInstalled({ name }: Peer): boolean {
  if (name === 'postfix')
    return existsSync(join(postfixConfig, 'main.cf')) && existsSync('/usr/sbin/postfix');
  return name !== 'haraka' || existsSync(haraka);
}

export const peers: readonly Peer[] = all.filter(isInstalled);

export function peerNamed(name: string): Peer {
  const found = peers.find((peer) => peer.name === name);
  if (found === undefined)
    throw new Error(
      `There is no server "${name}" here; there are ${peers.map((peer) => peer.name).join(', ')}.`,
    );
  return found;
}

/** Runs the peer, and what it needs, while the work lasts. */
export async function withPeer<T>(peer: Peer, work: (server: Running) => Promise<T>): Promise<T> {
  makeCertificate();
  const beside = peer.needs && (await start(peer.needs));
  try {
    const server = await start(peer.command);
    try {
      return await work(server);
    } finally {
      await server.stop();
    }
  } finally {
    await beside?.stop();
  }
}

/** One pair for every server. */
function makeCertificate(): void {
  mkdirSync(certificates, { recursive: true });
  if (existsSync(join(certificates, 'key.pem'))) return;
  const { key, cert } = selfSigned('bench.invalid', new Date());
  writeFileSync(join(certificates, 'key.pem'), key);
  writeFileSync(join(certificates, 'cert.pem'), cert);
}

async function postfixQueueIsEmpty(): Promise<void> {
  const queues = ['maildrop', 'incoming', 'active', 'deferred'].map((name) =>
    join(postfixFolder, 'queue', name),
  );
  const files = (): number =>
    queues
      .flatMap((queue) => readdirSync(queue, { recursive: true, withFileTypes: true }))
      .filter((one) => one.isFile()).length;
  while (files() > 0) await pause(50);
}
