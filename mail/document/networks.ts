/**
 * Entries of addresses: `[1.2.3.4]`, `[1.2.3.*]`, `[1.2.3.5-15]`, `[1.2.3.0/27]`, `[2001:db8::/32]`, brackets
 * optional (Domino ignores an entry without them and says nothing; so it does with the forms refused here).
 */
import ipaddr from 'ipaddr.js';
import type { Parsed } from '../address/address.ts';

/** First and last value. */
export type OctetRange = readonly [number, number];
export type Network =
  | { readonly family: 4; readonly octets: readonly [OctetRange, OctetRange, OctetRange, OctetRange] }
  | { readonly family: 6; readonly first: bigint; readonly last: bigint };

const all: OctetRange = [0, 255];
const bits6 = 128n;

/** Whether the text is meant as addresses, well-formed or not. */
export function looksLikeNetwork(text: string): boolean {
  if (text.startsWith('[') || text.endsWith(']')) return true;
  if (/^[\d.*/-]+$/.test(text) && text.includes('.')) return true;
  return /^[\da-f:.*/-]+$/i.test(text) && /:.*:/.test(text);
}

export function parseNetwork(text: string): Parsed<Network> {
  const inside = /^\[(?:ipv6:)?([^[\]]*)\]$/i.exec(text)?.[1] ?? text;
  const [body = '', prefix, ...more] = inside.split('/');
  if (more.length > 0 || body === '' || /[[\]]/.test(inside))
    return wrong(
      text,
      'is not an address; write [1.2.3.4], [1.2.3.*], [1.2.3.5-15], [1.2.3.0/27] or [2001:db8::/32]',
    );
  if (body.includes(':')) return parse6(text, body, prefix);
  return parse4(text, body, prefix);
}

function parse4(text: string, body: string, prefix: string | undefined): Parsed<Network> {
  const parts = body.split('.');
  if (parts.some((part) => !/^(?:\d+|\*|\d+-\d+)$/.test(part)))
    return wrong(
      text,
      'is not an address; write numbers, as in [1.2.3.4], [1.2.3.*], [1.2.3.5-15] or [1.2.3.0/27]',
    );
  if (parts.length !== 4)
    return wrong(text, `has ${parts.length} numbers where an IPv4 address has four; ${advice4(parts)}`);
  if (prefix !== undefined && /[*-]/.test(body)) return wrong(text, mixed(parts));
  const octets = parts.map(octetRange);
  const bad = parts.find((_, index) => octets[index] === undefined);
  if (bad !== undefined) return wrong(text, octetProblem(bad));
  if (prefix === undefined) return right4(octets as OctetRange[]);
  const length = prefixLength(prefix, 32);
  if (length === undefined)
    return wrong(text, `has the prefix length "${prefix}"; write a number from 0 to 32, as in [1.2.3.0/27]`);
  return right4((octets as OctetRange[]).map(([octet], index) => masked(octet, length - 8 * index)));
}

function advice4(parts: readonly string[]): string {
  if (parts.length > 4) return 'write [1.2.3.4]';
  return `write [${[...parts, '*', '*', '*'].slice(0, 4).join('.')}]`;
}

function mixed(parts: readonly string[]): string {
  const first = parts.findIndex((part) => !/^\d+$/.test(part));
  const fixed = parts.slice(0, first);
  if (parts[first] === '*') {
    const zeros = [...fixed, '0', '0', '0', '0'].slice(0, 4);
    return `mixes a wildcard and a prefix length; write [${zeros.join('.')}/${8 * fixed.length}]`;
  }
  const stars = [...fixed, parts[first]!, '*', '*', '*'].slice(0, 4);
  return `mixes a range and a prefix length; write [${stars.join('.')}]`;
}

function octetRange(part: string): OctetRange | undefined {
  if (part === '*') return all;
  const [low, high] = part.split('-').map(octet);
  if (low === undefined || (part.includes('-') && high === undefined)) return undefined;
  const last = high ?? low;
  return low > last ? undefined : [low, last];
}

/** Leading zeros are octal to some and decimal to others. */
function octet(digits: string): number | undefined {
  return /^(?:0|[1-9]\d{0,2})$/.test(digits) && Number(digits) <= 255 ? Number(digits) : undefined;
}

function octetProblem(part: string): string {
  const [low = '', high] = part.split('-');
  if (high !== undefined && octet(low) !== undefined && octet(high) !== undefined)
    return `has the range ${part}, which runs backwards; write ${high}-${low}`;
  return `has "${part}" where a number from 0 to 255 without leading zeros belongs`;
}

function prefixLength(text: string, most: number): number | undefined {
  return /^\d{1,3}$/.test(text) && Number(text) <= most ? Number(text) : undefined;
}

/** The values of one octet of which the first `bits` bits are given. */
function masked(value: number, bits: number): OctetRange {
  if (bits >= 8) return [value, value];
  const free = 2 ** (8 - Math.max(0, bits));
  const first = Math.floor(value / free) * free;
  return [first, first + free - 1];
}

function parse6(text: string, body: string, prefix: string | undefined): Parsed<Network> {
  if (/[*-]/.test(body))
    return wrong(
      text,
      'has a wildcard or range, which only IPv4 knows; write a prefix length, as in [2001:db8::/32]',
    );
  if (!ipaddr.IPv6.isValid(body) || body.includes('%'))
    return wrong(text, 'is not an IPv6 address; write [2001:db8::1] or [2001:db8::/32]');
  const length = prefix === undefined ? 128 : prefixLength(prefix, 128);
  if (length === undefined)
    return wrong(
      text,
      `has the prefix length "${prefix}"; write a number from 0 to 128, as in [2001:db8::/32]`,
    );
  const address = ipaddr.IPv6.parse(body);
  if (address.isIPv4MappedAddress() && length >= 96)
    return right4(
      address.toIPv4Address().octets.map((value, index) => masked(value, length - 96 - 8 * index)),
    );
  const free = bits6 - BigInt(length);
  const first = (toBigInt(address.parts) >> free) << free;
  return { ok: true, value: { family: 6, first, last: first + (1n << free) - 1n } };
}

/** The eight 16-bit parts of an IPv6 address as one number. */
export function toBigInt(parts: readonly number[]): bigint {
  return parts.reduce((sum, part) => (sum << 16n) | BigInt(part), 0n);
}

export function printNetwork(network: Network): string {
  if (network.family === 4) return `[${network.octets.map(printRange).join('.')}]`;
  const size = (network.last - network.first + 1n).toString(2).length - 1;
  const parts = Array.from({ length: 8 }, (_, index) =>
    Number((network.first >> BigInt(112 - 16 * index)) & 0xffffn),
  );
  return `[${new ipaddr.IPv6(parts).toString()}/${128 - size}]`;
}

function printRange([first, last]: OctetRange): string {
  if (first === last) return String(first);
  return first === 0 && last === 255 ? '*' : `${first}-${last}`;
}

function right4(octets: readonly OctetRange[]): Parsed<Network> {
  const [a, b, c, d] = octets as [OctetRange, OctetRange, OctetRange, OctetRange];
  return { ok: true, value: { family: 4, octets: [a, b, c, d] } };
}

function wrong(text: string, problem: string): Parsed<never> {
  return { ok: false, problem: `"${text}" ${problem}` };
}
