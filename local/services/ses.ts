/**
 * SES on one machine: aws-ses-v2-local 2 on loopback (SendRawEmail of API v1, and v2), whose web page at the
 * same address shows what would have left. The inbox stands for the rest of the world: it is in memory,
 * holds the newest 200 messages and is empty after a start. The package is loaded with the first request,
 * because loading it takes as long as starting everything else.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { asError, closeServer, listenOnLoopback } from './aws-json.ts';
import type { Endpoint, OnFault } from './aws-json.ts';

const load = createRequire(import.meta.url);
const mostMessages = 200;

interface Inbox {
  readonly emails: unknown[];
}

export async function startSes(onFault: OnFault): Promise<Endpoint> {
  let loading: Promise<Server> | undefined;
  const front = createServer((request, response) => {
    loading ??= loadSes();
    loading
      .then((ses) => ses.emit('request', request, response))
      .catch((error: unknown) => {
        onFault(asError(error));
        response.destroy();
      });
  });
  return { url: await listenOnLoopback(front), stop: () => closeServer(front) };
}

/** The package only knows how to listen; its server goes on answering what it is handed when it is closed. */
async function loadSes(): Promise<Server> {
  const { default: listen } = load('aws-ses-v2-local') as {
    default: (where: { host: string; port: number }) => Promise<Server>;
  };
  const { getStoreReadonly: inbox } = load('aws-ses-v2-local/dist/store.js') as {
    getStoreReadonly: () => Inbox;
  };
  const server = await listen({ host: '127.0.0.1', port: 0 });
  server.on('request', () => {
    const { emails } = inbox();
    emails.splice(0, emails.length - mostMessages);
  });
  await once(server.close(), 'close');
  return server;
}
