/**
 * The listener's thread: the listener that the container runs, with its role's rights, this machine's ports and
 * folders. A port that cannot be had is told as such; anything else ends the thread with its error.
 */
import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { awsAcceptance } from '../aws/acceptance.ts';
import { awsBodyStore } from '../aws/body-store.ts';
import { dynamodb, s3, sqs } from '../aws/clients.ts';
import { awsDirectory } from '../aws/directory.ts';
import { awsLoginGuard } from '../aws/login-guard.ts';
import { mailLog } from '../aws/mail-log.ts';
import { awsObjects } from '../aws/objects.ts';
import { dnsResolver } from '../aws/resolver.ts';
import { awsSettings } from '../aws/settings-source.ts';
import { readTuning, readVariables } from '../aws/variables.ts';
import { type Listener, startListener } from '../listener/listener.ts';
import { settings } from '../listener/settings.ts';
import type { FromListener, ListenerData } from './listener-messages.ts';
import { codeOf, textOf } from './sentence.ts';
import { holdThreadRights } from './thread-rights.ts';

const data = workerData as ListenerData;
holdThreadRights(data);
const vars = readVariables(process.env, settings.variables);
const { refreshSeconds, dnsServers } = readTuning(process.env);
const clock = (): Date => new Date();
const log = mailLog('listener');
const flushEveryMs = 1000;

parentPort?.once('message', () => void begin());
flushCompileCache();

async function begin(): Promise<void> {
  try {
    const listener = await open();
    const flush = setInterval(() => log.flush(), flushEveryMs);
    parentPort?.once('message', () => void end(listener, flush));
    say({ kind: 'listening', ports: listener.ports });
  } catch (error) {
    say(refusalOf(error));
  }
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

function open(): Promise<Listener> {
  const { viewsTable, spoolTable, bucket, routeQueue, server } = vars;
  const from = { client: s3(), bucket };
  return startListener({
    host: data.host,
    ports: data.ports,
    settings: awsSettings({ viewsTable, bucket, server, refreshSeconds, clock }),
    directory: awsDirectory({ table: viewsTable, cacheSeconds: refreshSeconds }),
    acceptance: awsAcceptance({
      bodies: awsBodyStore(from),
      objects: awsObjects(from),
      client: sqs(),
      routeQueue,
    }),
    resolver: dnsResolver({ servers: dnsServers }),
    loginGuard: awsLoginGuard({ client: dynamodb(), table: spoolTable, clock }),
    certificateDir: data.certificates,
    stagingDir: data.staging,
    refreshSeconds,
    log,
    stopSeconds: data.stopSeconds,
  });
}

async function end(listener: Listener, flush: NodeJS.Timeout): Promise<void> {
  await listener.stop();
  clearInterval(flush);
  log.flush();
  parentPort?.close();
}

function say(message: FromListener): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  parentPort?.postMessage(message);
}
