/**
 * The listener's thread: the listener that the container runs, with its role's rights, this machine's ports and
 * folders. It loads at once and listens when it is told to. A listener that cannot start says why.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { sessionLog } from '../aws/session-log.ts';
import { listenerFrom } from '../listener/assemble.ts';
import type { Listener } from '../listener/listener.ts';
import type { FromListener, ListenerData } from './listener-messages.ts';
import { codeOf, textOf } from './sentence.ts';
import { holdThreadRights } from './thread-rights.ts';

const data = workerData as ListenerData;
holdThreadRights(data);
const log = sessionLog();
const flushEveryMs = 1000;
parentPort?.once('message', () => void begin());
flushCompileCache();

async function begin(): Promise<void> {
  try {
    const { host, ports, staging: stagingDir, certificates: certificateDir } = data;
    const listener = await listenerFrom(process.env, { host, ports, stagingDir, certificateDir, log });
    const flush = setInterval(() => log.flush(), flushEveryMs);
    parentPort?.once('message', () => void end(listener, flush));
    say({ kind: 'listening', ports: listener.ports });
  } catch (error) {
    console.error(error);
    say(refusalOf(error));
  }
}

async function end(listener: Listener, flush: NodeJS.Timeout): Promise<void> {
  await listener.stop();
  clearInterval(flush);
  log.flush();
  parentPort?.close();
}

function refusalOf(error: unknown): FromListener {
  const { port, address } = error as { port?: number; address?: string };
  return {
    kind: 'refused',
    code: codeOf(error) ?? '',
    message: textOf(error),
    ...(port !== undefined && { port }),
    ...(address !== undefined && { address }),
  };
}

function say(message: FromListener): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(message);
}
