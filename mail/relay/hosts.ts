/**
 * From a next hop to the hosts to try, in order (RFC 5321 section 5.1; domino-rules: next-hop resolution).
 *
 * MX by preference, equal ones shuffled; a null MX and a name that does not exist are final; no MX means the
 * address of the name itself; DNS that cannot be asked is no answer, the mail waits. A host that is ourselves ends
 * the list at its preference. Addresses that MX look-ups lead to are public, unless the Configuration allows others.
 */
import { bracketed, isLoopback, isPublic } from './networks.ts';
import { DnsUnavailable, type MxRecord, type Resolver } from './doors.ts';
import { portOfImplicitTls, type NextHop } from './next-hop.ts';

/** One address to connect to. */
export interface Target {
  /** The name that the certificate is to show; for an address the address itself. */
  readonly host: string;
  readonly address: string;
  readonly port: number;
  readonly tlsAtOnce: boolean;
  /** Given by address in the documents: there is no name to check. */
  readonly literal: boolean;
  /** Found by MX, the implicit one included, so that a policy of the domain can speak for it. */
  readonly byMx: boolean;
}

export type Resolution =
  | { readonly outcome: 'targets'; readonly targets: readonly Target[] }
  | { readonly outcome: 'failed' | 'waiting'; readonly reply: string };

export interface ResolveOptions {
  readonly resolver: Resolver;
  /** Port of hosts named without one. */
  readonly port: number;
  /** Strangers' names must not lead into our own network: true for direct, by MX. */
  readonly publicOnly: boolean;
  readonly allowLoopback: boolean;
  /** Our own host names; mail for them loops. */
  readonly ownNames: readonly string[];
  /** 0 ≤ n < 1. */
  readonly random: () => number;
}

/** Beyond these another host seldom helps, and each costs look-ups. */
const mostHosts = 10;
const mostTargets = 20;

type RemoteHop = Exclude<NextHop, { kind: 'ses' }>;

export async function resolveHop(hop: RemoteHop, options: ResolveOptions): Promise<Resolution> {
  try {
    if (hop.kind === 'address') return literalTarget(hop, options);
    if (hop.kind === 'host') return await byAddress(hop.host, { ...options, port: hop.port });
    return await byMx(hop.domain, options);
  } catch (error) {
    if (!(error instanceof DnsUnavailable)) throw error;
    return { outcome: 'waiting', reply: `451 4.4.3 DNS could not be asked for ${nameOf(hop)}` };
  }
}

function nameOf(hop: RemoteHop): string {
  if (hop.kind === 'address') return bracketed(hop.address);
  return hop.kind === 'host' ? hop.host : hop.domain;
}

function literalTarget(hop: { address: string; port?: number }, options: ResolveOptions): Resolution {
  const target = { ...targetOf(hop.address, hop.address, hop.port ?? options.port), literal: true };
  return chosen([target], bracketed(hop.address), options);
}

function targetOf(host: string, address: string, port: number): Target {
  const tlsAtOnce = port === portOfImplicitTls;
  return { host, address, port, tlsAtOnce, literal: false, byMx: false };
}

async function byMx(domain: string, options: ResolveOptions): Promise<Resolution> {
  const { exists, records } = await options.resolver.mx(domain);
  if (!exists) return unknownHost(domain);
  if (records.some(({ exchange }) => isNull(exchange))) return refusesMail(domain, records);
  if (records.length === 0) return implicitMx(await byAddress(domain, options));
  const others = withoutOurselves(records, options.ownNames);
  if (others.length === 0) return loops(domain);
  const hosts = inOrder(others, options.random).slice(0, mostHosts);
  const found = await Promise.all(hosts.map(({ exchange }) => look(exchange, options)));
  const targets = found.flatMap(({ targets }) => targets).map((target) => ({ ...target, byMx: true }));
  if (targets.length > 0) return chosen(targets, domain, options);
  if (found.some(({ unavailable }) => unavailable))
    return {
      outcome: 'waiting',
      reply: `451 4.4.3 DNS could not be asked for the mail servers of ${domain}`,
    };
  return { outcome: 'failed', reply: `550 5.4.4 None of the mail servers of ${domain} has an address` };
}

/** RFC 5321 section 5.1: the domain is its own mail server, and its policy speaks for it. */
function implicitMx(found: Resolution): Resolution {
  if (found.outcome !== 'targets') return found;
  return { ...found, targets: found.targets.map((target) => ({ ...target, byMx: true })) };
}

async function byAddress(name: string, options: ResolveOptions): Promise<Resolution> {
  if (isOurs(name, options.ownNames)) return loops(name);
  const addresses = await options.resolver.addresses(name);
  if (addresses.length === 0) return unknownHost(name);
  return chosen(
    addresses.map((address) => targetOf(name, address, options.port)),
    name,
    options,
  );
}

async function look(
  exchange: string,
  options: ResolveOptions,
): Promise<{ targets: Target[]; unavailable: boolean }> {
  try {
    const addresses = await options.resolver.addresses(exchange);
    return { targets: addresses.map((a) => targetOf(exchange, a, options.port)), unavailable: false };
  } catch (error) {
    if (!(error instanceof DnsUnavailable)) throw error;
    return { targets: [], unavailable: true };
  }
}

/** Leaves out what may not be reached; nothing left is a refusal that says why. */
function chosen(targets: readonly Target[], name: string, options: ResolveOptions): Resolution {
  const allowed = targets.filter(({ address }) => mayReach(address, options)).slice(0, mostTargets);
  if (allowed.length > 0) return { outcome: 'targets', targets: allowed };
  const addresses = targets.map(({ address }) => bracketed(address)).join(', ');
  return {
    outcome: 'failed',
    reply: `550 5.4.4 ${name} leads to ${addresses} only; routing.privateAddresses refuses addresses that are not public`,
  };
}

export function mayReach(
  address: string,
  options: Pick<ResolveOptions, 'publicOnly' | 'allowLoopback'>,
): boolean {
  if (!options.publicOnly || isPublic(address)) return true;
  return options.allowLoopback && isLoopback(address);
}

/** Lowest preference first; equal ones in random order, so that they share the work. */
function inOrder(records: readonly MxRecord[], random: () => number): MxRecord[] {
  return records
    .map((record) => ({ record, draw: random() }))
    .sort((a, b) => a.record.priority - b.record.priority || a.draw - b.draw)
    .map(({ record }) => record);
}

/** RFC 5321 section 5.1: a host that finds itself in the list drops itself and everything not better. */
function withoutOurselves(records: readonly MxRecord[], ownNames: readonly string[]): MxRecord[] {
  const ours = records.filter(({ exchange }) => isOurs(exchange, ownNames));
  const cut = Math.min(...ours.map(({ priority }) => priority));
  return records.filter(({ priority }) => priority < cut);
}

function isOurs(name: string, ownNames: readonly string[]): boolean {
  return ownNames.some((own) => sameHost(own, name));
}

/** Case and a last dot aside. */
export function sameHost(one: string, other: string): boolean {
  return bare(one) === bare(other);
}

function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}

function isNull(exchange: string): boolean {
  return exchange === '' || exchange === '.';
}

/** RFC 7505; beside other records a null MX means nothing sensible, and is no server. */
function refusesMail(domain: string, records: readonly MxRecord[]): Resolution {
  const others = records.length > 1 ? ' (its null MX stands beside others)' : '';
  return { outcome: 'failed', reply: `556 5.1.10 ${domain} accepts no mail: it has a null MX${others}` };
}

function unknownHost(name: string): Resolution {
  return { outcome: 'failed', reply: `550 5.1.2 Host or domain name not found: ${name}` };
}

function loops(name: string): Resolution {
  return { outcome: 'failed', reply: `554 5.4.6 Mail for ${name} loops back to this server` };
}
