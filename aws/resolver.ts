/**
 * The door Resolver over node:dns: every look-up the gateway makes, addresses included, goes to the given servers
 * (else the system's). "No such name" and "could not be asked" are kept apart: the first is an answer, the second
 * throws DnsUnavailable. `routing.hostNameLookup` decides whether the hosts file has a say about host names.
 */
import { Resolver as DnsResolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { reversed } from '../mail/policy/dns-lists.ts';
import { DnsUnavailable, type Resolver } from '../mail/relay/doors.ts';

export type HostNameLookup = 'dynamic-then-local' | 'dynamic' | 'local';

export interface ResolverOptions {
  /** `ip[:port]`; empty: the system's. */
  readonly servers: readonly string[];
  /** For each try; a server that does not answer is asked again twice. */
  readonly timeoutMs?: number;
  readonly tries?: number;
}

export function dnsResolver({ servers, timeoutMs = 3_000, tries = 3 }: ResolverOptions): Resolver {
  const dns = new DnsResolver({ timeout: timeoutMs, tries });
  if (servers.length > 0) dns.setServers([...servers]);
  // Each try waits twice as long as the one before.
  const ask = askWithin(timeoutMs * 2 ** tries + 500);
  return {
    async mx(domain) {
      const { exists, records } = await ask(domain, () => dns.resolveMx(domain));
      return { exists, records: records.map(({ exchange, priority }) => ({ exchange, priority })) };
    },
    addresses: (host, family) => addresses({ dns, ask }, host, family),
    ptr: async (address) => (await ask(address, () => dns.resolvePtr(pointerName(address)))).records,
    txt: async (name) => (await ask(name, () => dns.resolveTxt(name))).records,
  };
}

/** Not `reverse`: it calls a server that fails "no such name", and asks the hosts file. */
function pointerName(address: string): string {
  return `${reversed(address)}.${address.includes(':') ? 'ip6' : 'in-addr'}.arpa`;
}

interface Answer<T> {
  readonly exists: boolean;
  readonly records: T[];
}

/** Codes of answers that say "there is none"; everything else means that nobody could be asked. */
const noSuchName = new Set(['ENOTFOUND', 'EBADNAME']);
const noSuchRecord = 'ENODATA';

type Ask = <T>(name: string, query: () => Promise<T[]>) => Promise<Answer<T>>;

/** The deadline is a second one of our own: the library has been seen to lose its timer, and a session must not hang. */
function askWithin(milliseconds: number): Ask {
  return async (name, query) => {
    try {
      return { exists: true, records: await within(milliseconds, query()) };
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (code === noSuchRecord) return { exists: true, records: [] };
      if (code !== undefined && noSuchName.has(code)) return { exists: false, records: [] };
      throw new DnsUnavailable(`DNS could not be asked for ${name} (${code})`, { cause });
    }
  };
}

async function within<T>(milliseconds: number, answer: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => late.reject(Object.assign(new Error('No answer in time'), { code: 'ETIMEOUT' })),
    milliseconds,
  );
  try {
    return await Promise.race([answer, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function addresses(
  { dns, ask }: { dns: DnsResolver; ask: Ask },
  host: string,
  family?: 4 | 6,
): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  const queries = [
    family === 6 ? [] : ask(host, () => dns.resolve4(host)),
    family === 4 ? [] : ask(host, () => dns.resolve6(host)),
  ].flat();
  const answers = await Promise.allSettled(queries);
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value.records : []));
  const unanswered = answers.find((answer) => answer.status === 'rejected');
  // One family that answers is enough to go on with.
  if (found.length === 0 && unanswered !== undefined) throw unanswered.reason;
  return found;
}

/** The resolver with the hosts file beside it or in its place. */
export function withHostsFile(
  resolver: Resolver,
  lookup: HostNameLookup,
  hosts: () => Promise<string> = () => readFile('/etc/hosts', 'utf8'),
): Resolver {
  if (lookup === 'dynamic') return resolver;
  const listed = async (host: string, family?: 4 | 6): Promise<string[]> =>
    isIP(host) === 0 ? inHosts(await hosts(), host, family) : [host];
  if (lookup === 'local')
    return {
      ...resolver,
      mx: async (domain) => ({ exists: (await listed(domain)).length > 0, records: [] }),
      addresses: listed,
    };
  return {
    ...resolver,
    async mx(domain) {
      const found = await resolver.mx(domain);
      return found.exists ? found : { ...found, exists: (await listed(domain)).length > 0 };
    },
    async addresses(host, family) {
      const found = await resolver.addresses(host, family);
      return found.length > 0 ? found : listed(host, family);
    },
  };
}

/** Lines of address and names; `#` begins a comment. IPv4 first. */
function inHosts(text: string, host: string, family?: 4 | 6): string[] {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  const found = text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/))
    .filter(([, ...names]) => names.includes(wanted))
    .map(([address]) => address!)
    .filter((address) => isIP(address) !== 0 && (family === undefined || isIP(address) === family));
  return [...found.filter(isIPv4), ...found.filter(isIPv6)];
}
