/**
 * Domino domains: names and aliases in any Global Domain's `dominoDomains`, and every Server's `domain`. A
 * `%Dom` in the local part of a local recipient is removed where Dom is this server's own domain or its alias;
 * any other of them is a relay to `%Dom`; what is none of them is an address with a percent hack.
 */
import { foldName } from '../document/names.ts';
import type { Because } from '../policy/verdict.ts';
import type { Settings } from './settings.ts';

export interface DominoDomain {
  /** As the document spells it; an alias stands for this name. */
  readonly name: string;
  /** This server's own domain, or its alias. */
  readonly own: boolean;
  /** What makes the word a Domino domain. */
  readonly because: Because;
  /** Every word that stands for it, folded: lists may name it by any. */
  readonly words: readonly string[];
}

export type PercentDomain =
  /** No `%` in the local part. */
  | { readonly kind: 'none'; readonly local: string }
  /** The last `%` names our own domain: it goes. */
  | { readonly kind: 'own'; readonly local: string; readonly domain: DominoDomain }
  | { readonly kind: 'other'; readonly local: string; readonly domain: DominoDomain }
  | { readonly kind: 'unknown'; readonly local: string };

const known = new WeakMap<Settings, ReadonlyMap<string, DominoDomain>>();

/** By folded name or alias. */
export function dominoDomains(settings: Settings): ReadonlyMap<string, DominoDomain> {
  const before = known.get(settings);
  if (before !== undefined) return before;
  const own = foldName(settings.server.domain);
  const found = new Map<string, DominoDomain>();
  const wordsOf = new Map<string, string[]>();
  const add = (alias: string, name: string, because: Because): void => {
    const word = foldName(alias);
    if (found.has(word)) return;
    const words = wordsOf.get(foldName(name)) ?? [];
    wordsOf.set(foldName(name), words);
    words.push(word);
    found.set(word, { name, own: foldName(name) === own, because, words });
  };
  for (const { name, domain } of [settings.server, ...settings.servers])
    add(domain, domain, { document: `Server ${name}`, field: 'domain', entry: domain });
  for (const document of settings.globalDomains)
    for (const entry of document.dominoDomains) {
      const because = { document: `GlobalDomain ${document.name}`, field: 'dominoDomains', entry };
      const [alias = '', name = alias] = entry.split('=').map((part) => part.trim());
      add(name, name, because);
      add(alias, name, because);
    }
  known.set(settings, found);
  return found;
}

/** Splits at the last `%`, so that `a%Sales%ACME` is `a%Sales` in our own domain. */
export function percentDomain(local: string, settings: Settings): PercentDomain {
  const percent = local.lastIndexOf('%');
  if (percent === -1) return { kind: 'none', local };
  const domain = dominoDomains(settings).get(foldName(local.slice(percent + 1)));
  if (domain === undefined) return { kind: 'unknown', local };
  return { kind: domain.own ? 'own' : 'other', local: local.slice(0, percent), domain };
}
