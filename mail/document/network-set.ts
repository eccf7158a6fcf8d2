/**
 * Networks of a list. Intervals of addresses are merged into disjoint ones and searched by halves; patterns that
 * are no interval (`[10.*.0.1]`) are rows of bits, one per value of each octet.
 */
import ipaddr from 'ipaddr.js';
import { toBigInt, type Network, type OctetRange } from './networks.ts';
import { OctetPatterns } from './octet-patterns.ts';

type Interval<T> = { readonly first: T; readonly last: T; readonly because: string };

export class NetworkSet {
  readonly #four: Interval<number>[];
  readonly #six: Interval<bigint>[];
  readonly #patterns: OctetPatterns;
  readonly #empty: boolean;

  constructor(networks: readonly { network: Network; because: string }[]) {
    this.#empty = networks.length === 0;
    const four: Interval<number>[] = [];
    const six: Interval<bigint>[] = [];
    const patterns: { octets: readonly OctetRange[]; because: string }[] = [];
    for (const { network, because } of networks) {
      if (network.family === 6) six.push({ first: network.first, last: network.last, because });
      else if (isInterval(network.octets)) four.push({ ...interval(network.octets), because });
      else patterns.push({ octets: network.octets, because });
    }
    this.#four = disjoint(four, 1);
    this.#six = disjoint(six, 1n);
    this.#patterns = new OctetPatterns(patterns);
  }

  /** The entry that covers this address; what is not an address is covered by none. */
  match(text: string): string | undefined {
    if (this.#empty) return undefined;
    const bare = text.replace(/^\[(?:ipv6:)?|\]$|%.*$/gi, '');
    if (!ipaddr.isValid(bare)) return undefined;
    const address = ipaddr.process(bare);
    if ('octets' in address) return this.#match4(address.octets);
    return find(this.#six, toBigInt(address.parts));
  }

  #match4(octets: readonly number[]): string | undefined {
    return find(this.#four, number4(octets)) ?? this.#patterns.match(octets);
  }
}

function number4(octets: readonly number[]): number {
  return octets.reduce((sum, octet) => sum * 256 + octet, 0);
}

/** One octet may be a range if all before it are single values and all after it are whole. */
function isInterval(octets: readonly OctetRange[]): boolean {
  const first = octets.findIndex(([low, high]) => low !== high);
  if (first === -1) return true;
  return octets.slice(first + 1).every(([low, high]) => low === 0 && high === 255);
}

function interval(octets: readonly OctetRange[]): { first: number; last: number } {
  return { first: number4(octets.map(([low]) => low)), last: number4(octets.map(([, high]) => high)) };
}

/** Where two overlap, the one that begins first keeps its addresses: any entry that covers is a true reason. */
function disjoint<T extends number | bigint>(intervals: Interval<T>[], one: T): Interval<T>[] {
  const sorted = intervals.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const result: Interval<T>[] = [];
  for (const next of sorted) {
    const last = result.at(-1);
    if (last === undefined || next.first > last.last) result.push(next);
    else if (next.last > last.last)
      result.push({ ...next, first: ((last.last as number) + (one as number)) as T });
  }
  return result;
}

function find<T extends number | bigint>(intervals: readonly Interval<T>[], value: T): string | undefined {
  let low = 0;
  let high = intervals.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const { first, last, because } = intervals[middle]!;
    if (value < first) high = middle - 1;
    else if (value > last) low = middle + 1;
    else return because;
  }
  return undefined;
}
