/**
 * The peer of a session: its address, and its host name where a rule asks for it.
 *
 * The host name is the PTR name confirmed forward (the name resolves to the peer's address). It is looked up once
 * per session, only when asked for, and never for loopback. DNS that cannot be asked throws DnsUnavailable; the next
 * question tries again.
 */
import ipaddr from 'ipaddr.js';
import { canonicalDomain } from '../address/domain.ts';
import type { Resolver } from '../relay/doors.ts';

export interface Peer {
  /** IPv4 or IPv6 without zone; an IPv4-mapped address as IPv4. */
  readonly address: string;
  /** Throws DnsUnavailable. */
  hostName(): Promise<string | undefined>;
  /** The host name as far as it is known now. */
  known(): string | undefined;
}

/** As addresses are written here: four numbers without zeros in front. */
const plainIPv4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/** Names tried of a peer with many PTR records. */
const mostNames = 10;

/** `named`: what XCLIENT said: a host name counts as confirmed, null: it has none. */
export function peerOf(text: string, resolver: Resolver, named?: string | null): Peer {
  const address = plainAddress(text);
  if (named !== undefined || isLoopback(address)) return settledPeer(address, named ?? undefined);
  let known: string | undefined;
  let asked: Promise<string | undefined> | undefined;
  const ask = async (): Promise<string | undefined> => {
    try {
      return (known = await confirmedName(address, resolver));
    } catch (cause) {
      asked = undefined;
      throw cause;
    }
  };
  return { address, hostName: () => (asked ??= ask()), known: () => known };
}

/** A peer of whom everything is known: of an accepted message, or named by a trusted proxy. */
export function settledPeer(text: string, named?: string): Peer {
  const hostName = named === undefined ? undefined : canonicalDomain(named.replace(/\.$/, ''));
  return {
    address: plainAddress(text),
    hostName: () => Promise.resolve(hostName),
    known: () => hostName,
  };
}

/** How replies and logs call the peer: by name where it is known, else `[address]`. */
export function labelOf(peer: Peer): string {
  return peer.known() ?? `[${peer.address}]`;
}

export function isLoopback(address: string): boolean {
  if (plainIPv4.test(address)) return address.startsWith('127.');
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** One spelling of an address; what is none comes back as it is. */
export function plainAddress(text: string): string {
  if (plainIPv4.test(text)) return text;
  const withoutZone = text.replace(/%.*$/, '');
  return ipaddr.isValid(withoutZone) ? ipaddr.process(withoutZone).toString() : text;
}

/** What one customer holds: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(text: string): string {
  const address = plainAddress(text);
  return address.includes(':') ? ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`).toString() : address;
}

async function confirmedName(address: string, resolver: Resolver): Promise<string | undefined> {
  const texts = (await resolver.ptr(address)).slice(0, mostNames);
  const names = texts.flatMap((text) => canonicalDomain(text.replace(/\.$/, '')) ?? []);
  // At once: a peer with many names in a slow zone costs no more time than one with one.
  const answers = await Promise.allSettled(names.map((name) => leadsTo(address, name, resolver)));
  const confirmed = names.find((_, n) => isTrue(answers[n]!));
  const unanswered = answers.find((answer) => answer.status === 'rejected');
  if (confirmed === undefined && unanswered !== undefined) throw unanswered.reason;
  return confirmed;
}

function isTrue(answer: PromiseSettledResult<boolean>): boolean {
  return answer.status === 'fulfilled' && answer.value;
}

async function leadsTo(address: string, name: string, resolver: Resolver): Promise<boolean> {
  const addresses = await resolver.addresses(name, address.includes(':') ? 6 : 4);
  return addresses.some((other) => plainAddress(other) === address);
}
