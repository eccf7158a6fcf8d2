/**
 * IPv4 patterns whose addresses are no interval, such as `[10.*.0.1]`. For each of the four octets and each of its
 * 256 values there is a row with one bit per pattern; the patterns that match are the bits common to four rows.
 */
import type { OctetRange } from './networks.ts';

export type OctetPattern = { readonly octets: readonly OctetRange[]; readonly because: string };

export class OctetPatterns {
  readonly #because: readonly string[];
  readonly #words: number;
  readonly #rows: Uint32Array;

  constructor(patterns: readonly OctetPattern[]) {
    this.#because = patterns.map(({ because }) => because);
    this.#words = Math.ceil(patterns.length / 32);
    this.#rows = new Uint32Array(4 * 256 * this.#words);
    for (const [index, { octets }] of patterns.entries()) this.#add(index, octets);
  }

  #add(index: number, octets: readonly OctetRange[]): void {
    const word = index >>> 5;
    const bit = 1 << (index & 31);
    for (const [position, [low, high]] of octets.entries()) {
      for (let value = low; value <= high; value += 1) {
        const at = this.#row(position, value) + word;
        this.#rows[at] = this.#rows[at]! | bit;
      }
    }
  }

  #row(position: number, value: number): number {
    return (position * 256 + value) * this.#words;
  }

  match(octets: readonly number[]): string | undefined {
    const [a, b, c, d] = octets.map((value, position) => this.#row(position, value)) as [
      number,
      number,
      number,
      number,
    ];
    const rows = this.#rows;
    for (let word = 0; word < this.#words; word += 1) {
      const common = rows[a + word]! & rows[b + word]! & rows[c + word]! & rows[d + word]!;
      if (common !== 0) return this.#because[word * 32 + (31 - Math.clz32(common & -common))];
    }
    return undefined;
  }
}
