/** Which addresses are ours to reach: the public Internet, loopback, everything between. */
import ipaddr from 'ipaddr.js';

/** An address of the public Internet; addresses that carry another one inside are judged as not public. */
export function isPublic(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'unicast';
}

export function isLoopback(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** As people write an address in a sentence. */
export function bracketed(address: string): string {
  return `[${address}]`;
}
