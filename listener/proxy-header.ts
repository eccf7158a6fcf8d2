/**
 * The PROXY header, versions 1 and 2 (HAProxy's proxy-protocol.txt), with which a load balancer says who its peer
 * is. Takes the first octets of a connection; gives the peer and what follows, asks for more, or says that this is
 * no header. Nothing in it is authenticated: it is read only from peers that the document names.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { plainAddress } from '../mail/policy/peer.ts';

export interface NamedPeer {
  readonly address: string;
  readonly port: number;
}

export type ProxyHeader =
  /** `peer` undefined: the balancer speaks for itself (LOCAL), or cannot say (UNKNOWN). */
  | { readonly outcome: 'header'; readonly peer: NamedPeer | undefined; readonly length: number }
  | { readonly outcome: 'more' }
  | { readonly outcome: 'none' };

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const longestV1 = 107;
/** Addresses and the type-length-values that balancers add; ours are far below. */
const longestV2 = 4096;
const none = { outcome: 'none' } as const;
const more = { outcome: 'more' } as const;

export function readProxyHeader(octets: Buffer): ProxyHeader {
  const start = octets.subarray(0, signature.length);
  if (start.equals(signature.subarray(0, start.length)))
    return start.length < signature.length ? more : readV2(octets);
  return readV1(octets);
}

function readV1(octets: Buffer): ProxyHeader {
  const text = octets.toString('latin1', 0, longestV1);
  if (!'PROXY '.startsWith(text.slice(0, 6))) return none;
  const end = text.indexOf('\r\n');
  if (end === -1) return octets.length < longestV1 && !text.includes('\n') ? more : none;
  const [, family = '', ...words] = text.slice(0, end).split(' ');
  if (family === 'UNKNOWN') return { outcome: 'header', peer: undefined, length: end + 2 };
  const [address = '', destination = '', ...ports] = words;
  if (![address, destination].every((one) => isIP(one) !== 0 && family === `TCP${isIP(one)}`)) return none;
  if (ports.length !== 2 || !ports.every(isPort)) return none;
  const peer = { address: plainAddress(address), port: Number(ports[0]) };
  return { outcome: 'header', peer, length: end + 2 };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function readV2(octets: Buffer): ProxyHeader {
  if (octets.length < 16) return more;
  const [command, family] = [octets[12]!, octets[13]!];
  const length = octets.readUInt16BE(14);
  if (command >> 4 !== 2 || length > longestV2) return none;
  if (octets.length < 16 + length) return more;
  if ((command & 15) > 1) return none;
  const saysNothing = (command & 15) === 0 || family === 0;
  if (saysNothing) return { outcome: 'header', peer: undefined, length: 16 + length };
  const peer = peerOf(family, octets.subarray(16, 16 + length));
  return peer === undefined ? none : { outcome: 'header', peer, length: 16 + length };
}

/** TCP over IPv4 and over IPv6; source address, destination address, ports. */
function peerOf(family: number, block: Buffer): NamedPeer | undefined {
  const size = family === 0x11 ? 4 : family === 0x21 ? 16 : 0;
  if (size === 0 || block.length < 2 * size + 4) return undefined;
  const address = ipaddr.fromByteArray([...block.subarray(0, size)]).toString();
  return { address: plainAddress(address), port: block.readUInt16BE(2 * size) };
}
