/**
 * `<data>/endpoints.json`: where a running gateway can be reached. Written last and in one piece, so that whoever
 * finds it finds everything answering; removed at a clean stop.
 */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ports } from './options.ts';
import { queueUrlAt } from './service-clients.ts';
import type { ServiceEndpoints } from './services/services.ts';

export interface Endpoints extends ServiceEndpoints {
  /** `host:port`. */
  readonly smtp: string;
  readonly submission: string;
  readonly smtps: string;
  readonly tables: Readonly<Record<'directory' | 'views' | 'spool' | 'mailboxes', string>>;
  readonly queues: Readonly<Record<'route' | 'deliver' | 'relay' | 'direct' | 'report', string>>;
  readonly bucket: string;
  /** The server that runs here, for the command. */
  readonly server?: string;
  /** Variables that this run looks things up with: a command asks where the gateway asks. */
  readonly tuning?: Readonly<Record<string, string>>;
}

export interface EndpointFacts {
  readonly host: string;
  readonly ports: Ports;
  readonly services: ServiceEndpoints;
  readonly stack: string;
  readonly bucket: string;
}

/** Where this machine reaches a listener that listens everywhere. */
const reachable: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export function endpointsOf({ host, ports, services, stack, bucket }: EndpointFacts): Endpoints {
  const name = reachable[host] ?? host;
  const at = (port: number): string => `${name.includes(':') ? `[${name}]` : name}:${port}`;
  const queueUrl = queueUrlAt(services.sqs);
  const table = (name: string): string => `${stack}-${name}`;
  const queue = (name: string): string => queueUrl(`${stack}-${name}`);
  return {
    smtp: at(ports.smtp),
    submission: at(ports.submission),
    smtps: at(ports.smtps),
    ...services,
    tables: {
      directory: table('directory'),
      views: table('views'),
      spool: table('spool'),
      mailboxes: table('mailboxes'),
    },
    queues: {
      route: queue('route'),
      deliver: queue('deliver'),
      relay: queue('relay'),
      direct: queue('direct'),
      report: queue('report'),
    },
    bucket,
  };
}

const lookUps = ['DNS_SERVERS', 'DNSSEC_RESOLVER', 'MX_PORT', 'MTA_STS_PORT'];

export function tuningForCommands(tuning: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(tuning).filter(([name]) => lookUps.includes(name)));
}

const fileIn = (data: string): string => join(data, 'endpoints.json');

export function writeEndpoints(data: string, endpoints: Endpoints): void {
  writeFileSync(`${fileIn(data)}.new`, `${JSON.stringify(endpoints, undefined, 2)}\n`);
  renameSync(`${fileIn(data)}.new`, fileIn(data));
}

export function removeEndpoints(data: string): void {
  rmSync(fileIn(data), { force: true });
}
