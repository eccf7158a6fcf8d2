/**
 * One entry of a list of hosts, domains or addresses, read by the place where it stands. What no kind of that
 * place fits is a problem that says what to write: Domino lets such an entry match nothing, in silence.
 */
import { foldAddress, type Parsed } from '../address/address.ts';
import { parseDomain } from '../address/domain.ts';
import { parseAddress } from '../address/path.ts';
import { foldName } from './names.ts';
import { looksLikeNetwork, parseNetwork, printNetwork, type Network } from './networks.ts';

export type ListEntry =
  | { readonly kind: 'everything' }
  /** The domain and everything below. */
  | { readonly kind: 'domain'; readonly domain: string }
  | { readonly kind: 'exact-domain'; readonly domain: string }
  /** Folded: it compares with `foldAddress`. */
  | { readonly kind: 'address'; readonly address: string }
  /** A Domino domain, folded, without its `%`. */
  | { readonly kind: 'domino-domain'; readonly domain: string }
  /** A host name: equal or below; only below when it was written with a leading dot. */
  | { readonly kind: 'host'; readonly host: string; readonly only: 'below' | 'equal-or-below' }
  | { readonly kind: 'network'; readonly network: Network }
  /** Name of a group, or of a person, folded. */
  | { readonly kind: 'name'; readonly name: string };

type Kind = ListEntry['kind'];

/** Where lists stand, with the kinds of entries that they take and the words for them. */
export const places = {
  hosts: { kinds: ['host', 'network', 'name'], takes: 'host names, [addresses] and groups' },
  'denied-hosts': {
    kinds: ['everything', 'host', 'network', 'name'],
    takes: 'host names, [addresses], groups and *',
  },
  networks: { kinds: ['network'], takes: '[addresses]' },
  destinations: {
    kinds: ['domain', 'exact-domain', 'domino-domain', 'name'],
    takes: 'domains, @domains, %DominoDomains and groups',
  },
  'denied-destinations': {
    kinds: ['everything', 'domain', 'exact-domain', 'domino-domain', 'name'],
    takes: 'domains, @domains, %DominoDomains, groups and *',
  },
  addresses: {
    kinds: ['domain', 'exact-domain', 'address', 'name'],
    takes: 'domains, @domains, addresses and groups',
  },
  'outbound-senders': { kinds: ['address', 'name'], takes: 'addresses and groups' },
  members: {
    kinds: ['everything', 'domain', 'exact-domain', 'address', 'domino-domain', 'host', 'network', 'name'],
    takes: 'names, addresses, groups and entries of lists',
  },
} as const satisfies Record<string, { kinds: readonly Kind[]; takes: string }>;

export type Place = keyof typeof places;

const named: Record<Kind, string> = {
  everything: '*',
  domain: 'a domain',
  'exact-domain': 'a domain',
  address: 'an address',
  'domino-domain': 'a Domino domain',
  host: 'a host name',
  network: 'a network address',
  name: 'a name',
};

export function parseEntry(text: string, place: Place): Parsed<ListEntry> {
  const entry = read(text.trim(), place);
  if (!entry.ok || accepts(place, entry.value.kind)) return entry;
  if (entry.value.kind === 'everything')
    return wrong(text, 'stands for everything, which only relay deny lists take; list what you mean');
  return wrong(text, `is ${named[entry.value.kind]}; this list takes ${places[place].takes}`);
}

/** The problem of an entry, for the check of a field. */
export function entryProblem(place: Place): (text: string) => string | undefined {
  return (text) => {
    const parsed = parseEntry(text, place);
    return parsed.ok ? undefined : parsed.problem;
  };
}

/** Of the lists that documents have: relay deny lists alone take `*`. */
export function takesEverything(place: Place | undefined): boolean {
  return place !== undefined && accepts(place, 'everything');
}

/** A member that stands for everything, read as lists read it. */
export function isEverything(text: string): boolean {
  return text.trim() === '*';
}

function accepts(place: Place, kind: Kind): boolean {
  return (places[place].kinds as readonly Kind[]).includes(kind);
}

function read(text: string, place: Place): Parsed<ListEntry> {
  if (text === '') return { ok: false, problem: 'is empty; leave the entry out' };
  if (isEverything(text)) return right({ kind: 'everything' });
  if (looksLikeNetwork(text)) return readNetwork(text);
  if (/[\p{Cc}\p{Cs}]/u.test(text)) return wrong(text, 'has control characters; write it without');
  if (text.startsWith('%')) return readDominoDomain(text);
  if (text.startsWith('@')) return readExactDomain(text);
  if (text.includes('@')) return readAddress(text);
  if (place === 'members' && /^\*\/[^*@]+$/.test(text)) return right({ kind: 'name', name: foldName(text) });
  if (text.includes('*')) return wildcard(text, place);
  if (/[%[\]]/.test(text)) return wrong(text, `is no entry; this list takes ${places[place].takes}`);
  if (text.includes('.') && !/[\s/'"]/.test(text)) return readDomain(text, place);
  return readName(text);
}

/** `CN=` alone names nobody. */
function readName(text: string): Parsed<ListEntry> {
  const name = foldName(text);
  return name === ''
    ? wrong(text, 'is no name; write one such as Jane Doe/Acme')
    : right({ kind: 'name', name });
}

function readNetwork(text: string): Parsed<ListEntry> {
  const network = parseNetwork(text);
  return network.ok ? right({ kind: 'network', network: network.value }) : network;
}

function readDominoDomain(text: string): Parsed<ListEntry> {
  const domain = text.slice(1);
  if (domain === '' || /[%@*[\]]/.test(domain))
    return wrong(text, 'is not a Domino domain; write % and one name, as in %Sales');
  return right({ kind: 'domino-domain', domain: foldName(domain) });
}

function readExactDomain(text: string): Parsed<ListEntry> {
  const domain = parseDomain(text.slice(1));
  if (domain.ok) return right({ kind: 'exact-domain', domain: domain.value });
  return wrong(text, 'is not a domain; write @ and a domain, as in @acme.example');
}

function readAddress(text: string): Parsed<ListEntry> {
  const domain = text.slice(text.lastIndexOf('@') + 1);
  if (text.startsWith('*@'))
    return wrong(text, `has a wildcard; write @${domain} for every address of the domain`);
  const address = parseAddress(text);
  if (address.ok) return right({ kind: 'address', address: foldAddress(address.value) });
  return wrong(text, 'is not an address; write user@acme.example');
}

function wildcard(text: string, place: Place): Parsed<ListEntry> {
  const domain = text.replace(/^\*\.?/, '');
  if (domain === '' || domain.includes('*') || !parseDomain(domain).ok)
    return wrong(text, `has a wildcard; this list takes ${places[place].takes}`);
  if (accepts(place, 'host')) return wrong(text, `has a wildcard; write .${domain} for what lies below`);
  return wrong(text, `has a wildcard; write ${domain}, which covers every subdomain`);
}

function readDomain(text: string, place: Place): Parsed<ListEntry> {
  const below = text.startsWith('.');
  const domain = parseDomain(below ? text.slice(1) : text);
  if (!domain.ok) return wrong(text, notADomain(text, place));
  if (accepts(place, 'host') && (below || !accepts(place, 'domain')))
    return right({ kind: 'host', host: domain.value, only: below ? 'below' : 'equal-or-below' });
  if (below && accepts(place, 'domain'))
    return wrong(text, `has a leading dot, which only lists of hosts know; write ${domain.value}`);
  return right({ kind: 'domain', domain: domain.value });
}

function notADomain(text: string, place: Place): string {
  if (/:\d+$/.test(text)) return `has a port; write ${text.slice(0, text.lastIndexOf(':'))}`;
  return accepts(place, 'host')
    ? 'is not a host name; write one such as mx.acme.example'
    : 'is not a domain; write one such as acme.example';
}

/** The canonical spelling; parsed again at the same place it gives an equal entry. */
export function printEntry(entry: ListEntry): string {
  if (entry.kind === 'everything') return '*';
  if (entry.kind === 'exact-domain') return `@${entry.domain}`;
  if (entry.kind === 'domino-domain') return `%${entry.domain}`;
  if (entry.kind === 'host') return entry.only === 'below' ? `.${entry.host}` : entry.host;
  if (entry.kind === 'network') return printNetwork(entry.network);
  if (entry.kind === 'domain') return entry.domain;
  return entry.kind === 'address' ? entry.address : entry.name;
}

function right(value: ListEntry): Parsed<ListEntry> {
  return { ok: true, value };
}

function wrong(text: string, problem: string): Parsed<never> {
  return { ok: false, problem: `"${text}" ${problem}` };
}
