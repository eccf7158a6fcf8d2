/**
 * The load: Postfix's smtp-source where it is installed, since it costs little and is nobody's own; else a client of
 * ours (client.ts), which costs more, so that rates found with it are lower for everybody alike.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

export interface Load {
  readonly port: number;
  /** Octets of one message. */
  readonly size: number;
  readonly messages: number;
  readonly sessions: number;
  /** Sessions are kept from message to message. */
  readonly kept: boolean;
}

export const recipient = 'user@bench.invalid';
export const sender = 'load@load.bench.invalid';

const hasSmtpSource = spawnSync('smtp-source', ['-h'], { stdio: 'ignore' }).error === undefined;

/** Seconds that it took; throws where a message was not accepted. */
export async function send(load: Load): Promise<number> {
  const [program, ...args] = hasSmtpSource ? smtpSource(load) : ownClient(load);
  const child = spawn(program!, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const started = performance.now();
  let words = '';
  child.stderr.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const [code] = (await once(child, 'exit')) as [number | null];
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`The load on port ${load.port} ended with ${code}: ${words.slice(-300)}`);
  return seconds;
}

function smtpSource({ port, size, messages, sessions, kept }: Load): string[] {
  const counts = ['-s', String(sessions), '-m', String(messages), '-l', String(size)];
  const envelope = ['-f', sender, '-t', recipient, '-M', 'load.bench.invalid'];
  return ['smtp-source', '-4', ...counts, ...envelope, ...(kept ? ['-d'] : []), `127.0.0.1:${port}`];
}

function ownClient({ port, size, messages, sessions, kept }: Load): string[] {
  const numbers = [port, size, messages, sessions, kept ? 1 : 0].map(String);
  return [process.execPath, join(import.meta.dirname, 'client.ts'), ...numbers];
}
