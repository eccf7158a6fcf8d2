/**
 * SES on one machine: aws-ses-v2-local 2 on loopback (SendRawEmail of API v1, and v2), whose web page at the
 * same address shows what would have left. The inbox stands for the rest of the world: it is in memory,
 * holds the newest 200 messages and is empty after a start.
 */
import { createRequire } from 'node:module';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { closeServer } from './aws-json.ts';
import type { Endpoint } from './aws-json.ts';

const load = createRequire(import.meta.url);
const mostMessages = 200;

interface Inbox {
  readonly emails: unknown[];
}

export async function startSes(): Promise<Endpoint> {
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => closeServer(server),
  };
}
