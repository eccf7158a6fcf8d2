/**
 * The text of a next hop (Configuration `routing.relayHost` and its kin, Foreign SMTP Domain `host`), parsed once:
 * `host` (by MX, then address), `host:port` and `[ip]:port` (by address), `[ip]`, an IPv4 address without brackets,
 * or `ses`. And which of the two outbound queues can reach it.
 */
import ipaddr from 'ipaddr.js';
import { parseDomain } from '../address/domain.ts';
import type { Parsed } from '../address/address.ts';
import { isPublic } from './networks.ts';

export type NextHop =
  | { readonly kind: 'ses' }
  /** By MX, then by address; the port is the deployment's. */
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  | { readonly kind: 'address'; readonly address: string; readonly port?: number };

/** Message submission over TLS from the first byte (RFC 8314 section 3.3). */
export const portOfImplicitTls = 465;

const wanted = 'write host, host:port, [ip], [ip]:port or ses';

export function parseNextHop(text: string): Parsed<NextHop> {
  const hop = text.trim();
  if (hop.toLowerCase() === 'ses') return { ok: true, value: { kind: 'ses' } };
  const parts = /^(\[[^\]]*\]|[^[\]:]*)(?::(.*))?$/.exec(hop);
  if (parts === null) return { ok: false, problem: `"${text}" is not a next hop; ${wanted}` };
  const port = parts[2] === undefined ? undefined : readPort(parts[2]);
  if (port === 'wrong' && /^\d+$/.test(parts[2]!))
    return { ok: false, problem: `"${parts[2]}" in "${text}" is not a port; write a number from 1 to 65535` };
  if (port === 'wrong') return { ok: false, problem: `"${text}" is not a next hop; ${wanted}` };
  return parseHost(parts[1]!, port, text);
}

function readPort(text: string): number | 'wrong' {
  const port = Number(text);
  return /^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535 ? port : 'wrong';
}

function parseHost(host: string, port: number | undefined, text: string): Parsed<NextHop> {
  const address = readAddress(host);
  if (address !== undefined)
    return { ok: true, value: { kind: 'address', address, ...(port === undefined ? {} : { port }) } };
  const name = host.startsWith('[') ? undefined : parseDomain(host);
  if (name === undefined || !name.ok) return { ok: false, problem: `"${text}" is not a next hop; ${wanted}` };
  if (port === undefined) return { ok: true, value: { kind: 'domain', domain: name.value } };
  return { ok: true, value: { kind: 'host', host: name.value, port } };
}

/** IPv6 only in brackets, with or without the tag of an address literal. */
function readAddress(host: string): string | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(host)) return host;
  const inside = /^\[(?:ipv6:)?([^\]]+)\]$/i.exec(host)?.[1];
  if (inside === undefined) return undefined;
  if (ipaddr.IPv4.isValidFourPartDecimal(inside)) return inside;
  if (!ipaddr.IPv6.isValid(inside) || inside.includes('%')) return undefined;
  return ipaddr.process(inside).toString();
}

/** Names that only a private network resolves: one label, or a special-use domain (RFC 6761, RFC 6762, RFC 8375). */
const privateName = /^[^.]+$|(?:^|\.)(?:localhost|local|internal|lan|home\.arpa)$/;

/**
 * `relay` workers stand outside the private network and cannot use port 25: they carry SES and SMTP to public hosts on
 * other ports. Everything else is for `direct`.
 */
export function queueFor(
  transport: string,
  nextHop: string,
  tuning: { readonly mxPort: number },
): 'relay' | 'direct' {
  if (transport === 'ses') return 'relay';
  const parsed = parseNextHop(nextHop);
  if (transport === 'direct' || !parsed.ok) return 'direct';
  const hop = parsed.value;
  if (hop.kind === 'ses') return 'relay';
  const port = hop.kind === 'domain' ? tuning.mxPort : (hop.port ?? tuning.mxPort);
  return port !== 25 && isOutside(hop) ? 'relay' : 'direct';
}

function isOutside(hop: Exclude<NextHop, { kind: 'ses' }>): boolean {
  if (hop.kind === 'address') return isPublic(hop.address);
  return !privateName.test(hop.kind === 'domain' ? hop.domain : hop.host);
}
