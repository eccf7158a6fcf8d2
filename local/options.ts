/**
 * What `npm start` may be told, all of it by environment variables. A value that cannot be right is refused with
 * a sentence that names the variable, before anything is opened or written.
 */
import { isIP, isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import type { Environment } from '../aws/variables.ts';
import { Refusal } from './sentence.ts';

export interface Ports {
  readonly smtp: number;
  readonly submission: number;
  readonly smtps: number;
}

export interface Options {
  /** Absolute path of the data folder. */
  readonly data: string;
  readonly server: string;
  readonly sample: boolean;
  readonly host: string;
  readonly ports: Ports;
  /** Seconds between runs of what AWS starts each minute. */
  readonly tickSeconds: number;
  /** Folder with `<function>/index.mjs`, run in place of the sources. */
  readonly bundles?: string;
  /** Variables handed to every component as they are: resolvers, ports of remote hosts, refresh. */
  readonly tuning: Readonly<Record<string, string>>;
}

export function readOptions(env: Environment): Options {
  return {
    data: resolve(env['POSTERN_DATA'] || '.postern'),
    server: serverName(env),
    sample: onOff(env, 'POSTERN_SAMPLE'),
    host: address(env, 'HOST', '127.0.0.1'),
    ports: {
      smtp: port(env, 'SMTP_PORT', 2525),
      submission: port(env, 'SUBMISSION_PORT', 2587),
      smtps: port(env, 'SMTPS_PORT', 2465),
    },
    tickSeconds: seconds(env, 'POSTERN_TICK', 5),
    tuning: readTuningVariables(env),
  };
}

export const isLoopback = (host: string): boolean => host === '::1' || host.startsWith('127.');

function readTuningVariables(env: Environment): Record<string, string> {
  const given = {
    DNS_SERVERS: resolvers(env, 'DNS_SERVERS'),
    DNSSEC_RESOLVER: resolver(env, 'DNSSEC_RESOLVER', env['DNSSEC_RESOLVER'] ?? ''),
    MX_PORT: String(remotePort(env, 'MX_PORT', 25)),
    MTA_STS_PORT: String(remotePort(env, 'MTA_STS_PORT', 443)),
    TLS_REPORTS: onOff(env, 'TLS_REPORTS') ? '' : 'off',
    POSTERN_REFRESH: String(seconds(env, 'POSTERN_REFRESH', 5)),
    NODE_EXTRA_CA_CERTS: env['NODE_EXTRA_CA_CERTS'] ?? '',
  };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''));
}

function serverName(env: Environment): string {
  const name = (env['POSTERN_SERVER'] || 'Mail1/Acme').trim();
  if (/^[^/\s][^/]*(\/[^/]+)*$/u.test(name)) return name;
  throw new Refusal(`POSTERN_SERVER is "${name}"; it must be a server's name, such as Mail1/Acme.`);
}

function onOff(env: Environment, name: string): boolean {
  const text = (env[name] || 'on').toLowerCase();
  if (text !== 'on' && text !== 'off') throw new Refusal(`${name} is "${text}"; it must be on or off.`);
  return text === 'on';
}

function address(env: Environment, name: string, fallback: string): string {
  const text = env[name] || fallback;
  if (text === 'localhost') return '127.0.0.1';
  if (isIP(text) > 0) return text;
  throw new Refusal(`${name} is "${text}"; it must be an IP address of this machine, such as 127.0.0.1.`);
}

/** 0 asks for any free port; endpoints.json then says which. */
function port(env: Environment, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new Refusal(`${name} is "${text}"; it must be a port from 1 to 65535, or 0 for any free one.`);
}

function remotePort(env: Environment, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  if (/^\d{1,5}$/.test(text) && Number(text) > 0 && Number(text) <= 65_535) return Number(text);
  throw new Refusal(`${name} is "${text}"; it must be a port from 1 to 65535.`);
}

function seconds(env: Environment, name: string, fallback: number): number {
  const text = env[name] || String(fallback);
  const value = Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new Refusal(`${name} is "${text}"; it must be a number of seconds above 0.`);
}

function resolvers(env: Environment, name: string): string {
  const parts = (env[name] ?? '').split(',').map((part) => part.trim());
  return parts
    .filter(Boolean)
    .map((part) => resolver(env, name, part))
    .join(',');
}

function resolver(env: Environment, name: string, text: string): string {
  if (text === '' || isResolver(text)) return text;
  throw new Refusal(
    `${name} is "${env[name]}"; each resolver must be written ip or ip:port, such as 192.0.2.53 or 127.0.0.1:5353.`,
  );
}

function isResolver(text: string): boolean {
  if (isIP(text) > 0) return true;
  const bracketed = /^\[(.+)\](?::(\d{1,5}))?$/.exec(text);
  if (bracketed) return isIPv6(bracketed[1] ?? '') && Number(bracketed[2] ?? 53) <= 65_535;
  const [ip, portText, ...rest] = text.split(':');
  return (
    rest.length === 0 &&
    isIP(ip ?? '') === 4 &&
    /^\d{1,5}$/.test(portText ?? '') &&
    Number(portText) <= 65_535
  );
}
