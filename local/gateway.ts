/**
 * The whole gateway on one machine: the embedded services, provisioned from the synthesized template, the functions
 * in their threads and the listener in its own.
 *
 * Whatever was running when an earlier gateway died is void: leases are given back and pending work is woken before
 * any worker starts. endpoints.json is written last. A start that fails takes back what it had opened.
 */
import { join } from 'node:path';
import { CallRecord } from './call-record.ts';
import { recordCalls, openFunctions, type Surroundings, threadData } from './components.ts';
import { type DataFolder, openDataFolder } from './data-folder.ts';
import {
  type Endpoints,
  endpointsOf,
  removeEndpoints,
  tuningForCommands,
  writeEndpoints,
} from './endpoints.ts';
import { componentEnvironment } from './environment.ts';
import { ListenerWorker } from './listener-worker.ts';
import { openLogs } from './logs.ts';
import { startServices } from './services/services.ts';
import type { Options } from './options.ts';
import { provision } from './provision.ts';
import { provideSample } from './sample.ts';
import { queueUrlAt, serviceClients } from './service-clients.ts';
import { StreamPlaces } from './services/stream-places.ts';
import { Template } from './template.ts';
import { localTemplate } from './template-cache.ts';
import { readWiring, stackOf, type Wiring } from './wiring.ts';
import { wakeWork } from './wake-work.ts';

export interface Gateway {
  readonly endpoints: Endpoints;
  readonly wiring: Wiring;
  /** The password that the sample's Bob was given at this start; undefined: no sample was written now. */
  readonly samplePassword?: string;
  /** Finishes running sessions, stops everything, removes endpoints.json. */
  stop(): Promise<void>;
}

type Close = () => Promise<void> | void;

const sessionGraceMs = 30_000;
const invocationGraceMs = 10_000;

/** `onEnd` is told when something that cannot be started again has ended by itself. */
export async function startGateway(options: Options, onEnd?: (error: Error) => void): Promise<Gateway> {
  const opened: Close[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of opened.splice(0).reverse()) await close();
  };
  try {
    return await start({ options, opened, stop: closeAll, onEnd });
  } catch (error) {
    await closeAll().catch(() => undefined);
    throw error;
  }
}

interface Starting {
  readonly options: Options;
  /** What was opened, to be closed in reverse. */
  readonly opened: Close[];
  readonly stop: () => Promise<void>;
  readonly onEnd: ((error: Error) => void) | undefined;
}

async function start({ options, opened, stop, onEnd }: Starting): Promise<Gateway> {
  const folder = openDataFolder(options.data);
  opened.push(() => folder.release());
  removeEndpoints(options.data);
  const around = await prepare({ options, opened, stop, onEnd }, folder);
  const listener = listenerWorker(around, folder);
  const functions = openFunctions(around);
  opened.push(async () => {
    await Promise.all([listener.stop(sessionGraceMs), functions.stop(invocationGraceMs)]);
  });
  listener.warm();
  functions.warm('publish-directory');
  await provision(around.wiring, around.clients);
  await wakeWork(around);
  functions.begin();
  // Before the listener, so that a certificate made at the first start names the sample's host.
  const password = await sampleFor(around);
  // Not sooner, or the full pass would publish the sample a second time beside the stream.
  functions.beginSchedules();
  const ports = await listener.start();
  const { services, stack, wiring } = around;
  const { host, server } = options;
  const endpoints = {
    ...endpointsOf({ host, ports, services, stack, bucket: bucketOf(wiring) }),
    server,
    tuning: tuningForCommands(options.tuning),
  };
  writeEndpoints(options.data, endpoints);
  opened.push(() => removeEndpoints(options.data));
  // The first mail finds its way loaded; what few starts need is loaded when it is needed.
  for (const name of ['route-mail', 'deliver-to-mailbox']) functions.warm(name);
  return { endpoints, wiring, ...(password && { samplePassword: password }), stop };
}

async function prepare({ options, opened, onEnd }: Starting, folder: DataFolder): Promise<Surroundings> {
  const logs = openLogs(options.data, folder.log);
  opened.push(() => logs.close());
  const places = new StreamPlaces(join(options.data, 'streams.json'));
  const starting = startServices({
    dataDir: options.data,
    secretPrefix: 'postern/',
    onFault: (error) => logs.faultsOf('services')('An embedded service failed.', error),
    onEnd(error) {
      removeEndpoints(options.data);
      onEnd?.(error);
    },
  });
  opened.push(() => starting.then((running) => running.stop()));
  const [document, { endpoints: services }] = await Promise.all([localTemplate(), starting]);
  const stack = stackOf(document);
  const template = new Template(document, { stack, queueUrl: queueUrlAt(services.sqs) });
  const wiring = readWiring(template, stack);
  const clients = serviceClients(services);
  opened.push(() => clients.destroy());
  return { options, stack, wiring, services, clients, logs, places, record: new CallRecord(folder.log) };
}

function listenerWorker(around: Surroundings, { staging, certificates }: DataFolder): ListenerWorker {
  const { options, wiring, services, logs, record } = around;
  const { listener } = wiring;
  return new ListenerWorker({
    data: {
      ...threadData(listener, 'listener/listener.ts', around),
      host: options.host,
      ports: options.ports,
      staging,
      certificates,
    },
    environment: componentEnvironment(listener, options, services),
    output: logs.of('listener'),
    onMessage: (message) => recordCalls('listener', record, message),
    onFault: logs.faultsOf('listener'),
  });
}

async function sampleFor({ options, clients, stack }: Surroundings): Promise<string | undefined> {
  if (!options.sample) return undefined;
  const directoryTable = `${stack}-directory`;
  const viewsTable = `${stack}-views`;
  const { server, host } = options;
  return provideSample({ client: clients.dynamodb, directoryTable, viewsTable, server }, host);
}

/** Where mail is kept: the bucket that the listener is told of. */
const bucketOf = (wiring: Wiring): string => wiring.listener.environment['BUCKET'] ?? '';
