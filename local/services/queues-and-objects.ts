/**
 * SQS and S3 on one machine: fauxqs 2 on one loopback port, its queues kept by QueueJournal, its objects by
 * ObjectCatalog and ObjectFiles. Queue URLs begin with the endpoint, so that clients which go where the queue
 * URL points arrive. A request for a body goes to ObjectRoutes before fauxqs reads it.
 */
import { mkdirSync } from 'node:fs';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { asError } from './aws-json.ts';
import type { Endpoint, OnFault } from './aws-json.ts';
import { opening } from './broken-state.ts';
import { ObjectCatalog } from './s3/object-catalog.ts';
import type { ObjectStore } from './s3/object-catalog.ts';
import { ObjectFiles } from './s3/object-files.ts';
import { ObjectRoutes } from './s3/object-routes.ts';
import { S3Refusal } from './s3/s3-protocol.ts';
import { journalQueues, renameQueues } from './sqs/queue-journal.ts';
import type { Persistence, QueueStore } from './sqs/queue-journal.ts';

interface App {
  readonly server: Server;
  listen(where: { port: number; host: string }): Promise<string>;
  close(): Promise<void>;
  addHook(
    name: 'onRequest',
    hook: (
      request: { raw: IncomingMessage },
      reply: { raw: ServerResponse; hijack(): void },
    ) => Promise<void>,
  ): void;
}

interface Parts {
  readonly buildApp: (options: { logger: false; stores: object }) => App;
  PersistenceManager: new (folder: string) => Persistence;
  SqsStore: new () => QueueStore;
  SnsStore: new () => object;
  S3Store: new () => ObjectStore;
}

export async function startQueuesAndObjects(
  folders: { readonly queues: string; readonly objects: string },
  onFault: OnFault,
): Promise<Endpoint> {
  const { buildApp, PersistenceManager, SqsStore, SnsStore, S3Store } = await loadFauxqs();
  const sqsStore = new SqsStore();
  sqsStore.host = '';
  const persistence = opening('queues', folders.queues, () => {
    const opened = new PersistenceManager(folders.queues);
    journalQueues(sqsStore, opened);
    return opened;
  });
  const s3Store = new S3Store();
  const { catalog, routes } = opening('objects', folders.objects, () =>
    openObjects(s3Store, folders.objects),
  );
  const app = buildApp({ logger: false, stores: { sqsStore, s3Store, snsStore: new SnsStore() } });
  answerObjects(app, routes, onFault);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
  renameQueues(sqsStore, url);
  const stop = async (): Promise<void> => {
    await app.close();
    persistence.close();
    catalog.close();
  };
  return { url, stop };
}

/** fauxqs exports `buildApp` alone; its parts are files beside it, at the version that package.json pins. */
async function loadFauxqs(): Promise<Parts> {
  const main = import.meta.resolve('fauxqs');
  const files = [
    main,
    ...['persistence', 'sqs/sqsStore', 'sns/snsStore', 's3/s3Store'].map((name) => `./${name}.js`),
  ];
  const modules = await Promise.all(files.map((file) => import(new URL(file, main).href) as Promise<object>));
  return Object.assign({}, ...modules) as Parts;
}

function openObjects(store: ObjectStore, folder: string): { catalog: ObjectCatalog; routes: ObjectRoutes } {
  mkdirSync(folder, { recursive: true });
  const files = new ObjectFiles(join(folder, 'bodies'));
  const catalog = new ObjectCatalog(join(folder, 'objects.db'), (segments) => files.remove(segments));
  files.removeAllBut(catalog.load(store));
  store.persistence = catalog;
  return { catalog, routes: new ObjectRoutes(store, catalog, files) };
}

function answerObjects(app: App, routes: ObjectRoutes, onFault: OnFault): void {
  app.addHook('onRequest', async ({ raw: request }, reply) => {
    const [, bucket = '', key = '', search] =
      /^\/([^/?]+)\/([^?]+)(?:\?(.*))?$/.exec(request.url ?? '') ?? [];
    if (key === '') return;
    const query = new URLSearchParams(search);
    const call = { request, response: reply.raw, bucket, key: decodeURIComponent(key), query };
    const handler = routes.handlerOf(call);
    if (!handler) return;
    reply.hijack();
    await handler(call).catch((error: unknown) => refuse(call, asError(error), onFault));
  });
}

function refuse(
  call: { request: IncomingMessage; response: ServerResponse },
  error: Error,
  onFault: OnFault,
): void {
  const { request, response } = call;
  const gone = request.socket.destroyed;
  if (!(error instanceof S3Refusal) && !gone) onFault(new Error('S3 failed.', { cause: error }));
  if (response.headersSent || gone) {
    response.destroy();
    return;
  }
  const refusal =
    error instanceof S3Refusal ? error : new S3Refusal(500, 'InternalError', 'The embedded service failed.');
  // The rest of a body that nobody wants is read and dropped, so that the client gets to see the reply.
  request.resume();
  response.writeHead(refusal.status, { 'content-type': 'application/xml' }).end(refusal.toXml());
}
