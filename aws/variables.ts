/**
 * Environment variables: one list of names, read by infra/ (which sets them) and by components (which check
 * them at cold start). A component names the ones it needs in its own settings.ts.
 */
export const variables = {
  server: 'POSTERN_SERVER',
  directoryTable: 'DIRECTORY_TABLE',
  viewsTable: 'VIEWS_TABLE',
  spoolTable: 'SPOOL_TABLE',
  mailboxesTable: 'MAILBOXES_TABLE',
  bucket: 'BUCKET',
  routeQueue: 'ROUTE_QUEUE',
  deliverQueue: 'DELIVER_QUEUE',
  relayQueue: 'RELAY_QUEUE',
  directQueue: 'DIRECT_QUEUE',
  reportQueue: 'REPORT_QUEUE',
  /** Prefix of secret names in Secrets Manager: `<stack>/`. */
  secretPrefix: 'SECRET_PREFIX',
} as const;

export type Variable = keyof typeof variables;
export type Environment = Readonly<Record<string, string | undefined>>;

/** The named variables; throws a sentence naming every one that is missing. `directQueue` may be empty. */
export function readVariables<V extends Variable>(env: Environment, needed: readonly V[]): Record<V, string> {
  const missing = needed.filter((v) => env[variables[v]] === undefined).map((v) => variables[v]);
  if (missing.length > 0)
    throw new Error(
      `These environment variables are missing: ${missing.join(', ')}. The stack sets them; deploy it again.`,
    );
  return Object.fromEntries(needed.map((v) => [v, env[variables[v]] ?? ''])) as Record<V, string>;
}

/** Settings that a deployment or a local run may change; a wrong value is refused with a sentence. */
export interface Tuning {
  /** `ip[:port]` of the resolvers; empty: the system's. */
  readonly dnsServers: readonly string[];
  /** Port of remote hosts named without one. */
  readonly mxPort: number;
  readonly mtaStsPort: number;
  readonly dnssecResolver?: string;
  /** Seconds after which settings, cached look-ups and verified logins are looked at again. */
  readonly refreshSeconds: number;
  /** Sessions are counted for the domains that ask for reports about TLS, and those are sent. */
  readonly tlsReports: boolean;
  /** A run on one machine: loopback is a legal next hop. */
  readonly local: boolean;
}

export function readTuning(env: Environment): Tuning {
  return {
    dnsServers: list(env['DNS_SERVERS']),
    mxPort: positive(env, 'MX_PORT', 25),
    mtaStsPort: positive(env, 'MTA_STS_PORT', 443),
    dnssecResolver: env['DNSSEC_RESOLVER'] || undefined,
    refreshSeconds: positive(env, 'POSTERN_REFRESH', 5),
    tlsReports: env['TLS_REPORTS'] !== 'off',
    local: env['POSTERN_LOCAL'] === '1',
  };
}

function list(text: string | undefined): string[] {
  return (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean);
}

function positive(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (!(value > 0)) throw new Error(`${name} is "${text}"; it must be a number above 0.`);
  return value;
}
