/** Domains of a list, looked up by label: the cost is the labels of the name asked for, not the list. */
import { canonicalDomain } from '../address/domain.ts';

export type DomainRule = { readonly domain: string; readonly where: 'equal' | 'below' | 'equal-or-below' };

export class DomainSet {
  readonly #equal = new Map<string, string>();
  readonly #below = new Map<string, string>();

  /** The first entry for a domain is the one that is named. */
  add({ domain, where }: DomainRule, because: string): void {
    if (where !== 'below' && !this.#equal.has(domain)) this.#equal.set(domain, because);
    if (where !== 'equal' && !this.#below.has(domain)) this.#below.set(domain, because);
  }

  get size(): number {
    return this.#equal.size + this.#below.size;
  }

  /** The entry that covers this domain, the nearest one first. */
  match(text: string): string | undefined {
    const domain = canonicalDomain(text.endsWith('.') ? text.slice(0, -1) : text);
    if (domain === undefined) return undefined;
    const equal = this.#equal.get(domain);
    if (equal !== undefined || this.#below.size === 0) return equal;
    for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
      const because = this.#below.get(domain.slice(dot + 1));
      if (because !== undefined) return because;
    }
    return undefined;
  }

  /** The entry that is written for exactly this domain. */
  equal(text: string): string | undefined {
    return this.#equal.get(canonicalDomain(text) ?? '');
  }
}
