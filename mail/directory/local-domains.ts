/**
 * Which Internet domains are local (domino-map.md, local domains): the primary domains and aliases of the Global
 * Domains, and this server's host name; without a Global Domain the domain of the host name, too.
 *
 * Takes a domain in its canonical spelling (lower-case A-labels). An alias carries the primary domain that a
 * second look-up uses (Domino: Global Domain > Conversions).
 */
import { canonicalDomain } from '../address/domain.ts';
import type { GlobalDomain } from '../document/forms.ts';
import type { Because } from '../policy/verdict.ts';
import type { Settings } from './settings.ts';

export interface LocalDomain {
  /** The primary domain that an alias stands for. */
  readonly primary?: string;
  readonly because: Because;
}

interface Known {
  readonly exact: Map<string, LocalDomain>;
  /** By the part after `*.`. */
  readonly below: Map<string, LocalDomain>;
}

const known = new WeakMap<Settings, Known>();

export function isLocalDomain(domain: string, settings: Settings): boolean {
  return localDomainOf(domain, settings) !== undefined;
}

export function localDomainOf(domain: string, settings: Settings): LocalDomain | undefined {
  const { exact, below } = knownOf(settings);
  const found = exact.get(domain);
  if (found !== undefined || below.size === 0) return found;
  for (let dot = domain.indexOf('.'); dot !== -1; dot = domain.indexOf('.', dot + 1)) {
    const covering = below.get(domain.slice(dot + 1));
    if (covering !== undefined) return covering;
  }
  return undefined;
}

function knownOf(settings: Settings): Known {
  const before = known.get(settings);
  if (before !== undefined) return before;
  const made: Known = { exact: new Map(), below: new Map() };
  // Primary domains come before aliases, whichever document has them; the first to say so keeps the domain.
  for (const document of settings.globalDomains) addPrimary(made, document);
  for (const document of settings.globalDomains)
    for (const alias of document.aliases) addAlias(made, document, alias);
  addHostName(made, settings);
  known.set(settings, made);
  return made;
}

function addPrimary({ exact }: Known, document: GlobalDomain): void {
  const because = {
    document: `GlobalDomain ${document.name}`,
    field: 'primaryDomain',
    entry: document.primaryDomain,
  };
  add(exact, canonicalDomain(document.primaryDomain), { because });
}

function addAlias({ exact, below }: Known, document: GlobalDomain, alias: string): void {
  const primary = canonicalDomain(document.primaryDomain);
  const because = { document: `GlobalDomain ${document.name}`, field: 'aliases', entry: alias };
  const local = { because, ...(primary === undefined ? {} : { primary }) };
  if (alias.startsWith('*.')) add(below, canonicalDomain(alias.slice(2)), local);
  else add(exact, canonicalDomain(alias), local);
}

function addHostName({ exact }: Known, { server, globalDomains }: Settings): void {
  const because = { document: `Server ${server.name}`, field: 'hostName', entry: server.hostName };
  const host = canonicalDomain(server.hostName);
  add(exact, host, { because });
  // A name of two labels has no domain of its own: `example` would be a whole top-level domain.
  const domain = host?.slice(host.indexOf('.') + 1);
  if (globalDomains.length === 0 && domain?.includes('.')) add(exact, domain, { because });
}

function add(to: Map<string, LocalDomain>, domain: string | undefined, local: LocalDomain): void {
  if (domain !== undefined && !to.has(domain)) to.set(domain, local);
}
