/**
 * Domino's Set Internet Address tool (Administrator > People > Set Internet Address): makes addresses of names for
 * people who have none, each one new. Pure: takes names and the addresses that are taken, returns what to set.
 */
import { makeAddress } from '../address/address.ts';
import { addressKey } from '../address/path.ts';
import { commonName } from '../document/names.ts';

/** Words of the local part, in order; `initial` is the first letter. */
const patterns = {
  'first-last': ['first', 'last'],
  'last-first': ['last', 'first'],
  'first-initial-last': ['first-initial', 'last'],
  'first-last-initial': ['first', 'last-initial'],
  'last-first-initial': ['last', 'first-initial'],
  'short-name': ['short'],
} as const;

export type AddressFormat = keyof typeof patterns;
type Word = (typeof patterns)[AddressFormat][number];

export const addressFormats = Object.keys(patterns) as readonly AddressFormat[];
export const separators: readonly string[] = ['', '_', '.', '-', '=', '%'];

/** Spellings of one format: `FirstName LastName`, `first.last`, `first-last`. */
const spellings: Readonly<Record<string, AddressFormat>> = {
  firstlast: 'first-last',
  lastfirst: 'last-first',
  firstinitiallast: 'first-initial-last',
  flast: 'first-initial-last',
  firstlastinitial: 'first-last-initial',
  firstl: 'first-last-initial',
  lastfirstinitial: 'last-first-initial',
  lastf: 'last-first-initial',
  short: 'short-name',
  shortname: 'short-name',
};

export interface ReadFormat {
  readonly format: AddressFormat;
  /** Written between the words: `first.last`. */
  readonly separator?: string;
}

export function readFormat(text: string): ReadFormat | undefined {
  const folded = text.toLowerCase().replaceAll(/[^a-z]/g, '');
  const format = spellings[folded] ?? spellings[folded.replaceAll(/(first|last|short)name/g, '$1')];
  if (format === undefined) return undefined;
  const separator = /[a-z]([_.=%])[a-z]/i.exec(text)?.[1];
  return separator === undefined ? { format } : { format, separator };
}

export interface Nameless {
  readonly name: string;
  readonly firstName?: string | undefined;
  readonly middleInitial?: string | undefined;
  readonly lastName?: string | undefined;
  readonly shortNames: readonly string[];
}

export interface Scheme {
  readonly format: AddressFormat;
  readonly separator: string;
  readonly domain: string;
}

export type Assigned = { readonly name: string } & (
  { readonly address: string } | { readonly problem: string }
);

/** In the order given; `taken` are addresses that anybody has, however spelled. */
export function assignAddresses(
  people: readonly Nameless[],
  scheme: Scheme,
  taken: Iterable<string>,
): Assigned[] {
  const used = new Set([...taken].flatMap((text) => addressKey(text) ?? []));
  return people.map((person) => {
    const found = firstFree(candidates(person, scheme), scheme.domain, used);
    if (found === undefined)
      return {
        name: person.name,
        problem: `no address of this format can be made of the names of ${person.name}`,
      };
    used.add(addressKey(found)!);
    return { name: person.name, address: found };
  });
}

const mostTries = 10_000;

function firstFree(locals: Iterable<string>, domain: string, used: ReadonlySet<string>): string | undefined {
  let tries = 0;
  for (const local of locals) {
    const { text } = makeAddress(local, domain);
    const key = addressKey(text);
    if (key === undefined || (tries += 1) > mostTries) return undefined;
    if (!used.has(key)) return text;
  }
  return undefined;
}

/** The format itself, then with the middle initial, then with a number. */
function* candidates(person: Nameless, { format, separator }: Scheme): Iterable<string> {
  const pattern: readonly Word[] = patterns[format];
  const words = pattern.map((word) => plain(wordOf(person, word), separator));
  if (words.includes('')) return;
  const base = words.join(separator);
  yield base;
  const middle = plain(person.middleInitial ?? '', separator).slice(0, 1);
  if (middle !== '' && words.length === 2) yield [words[0], middle, words[1]].join(separator);
  for (let n = 2; ; n += 1) yield `${base}${n}`;
}

function wordOf(person: Nameless, word: Word): string {
  const names = commonName(person.name).split(' ');
  // One word alone is not both.
  const [start, end] = names.length > 1 ? [names[0]!, names.at(-1)!] : ['', ''];
  const first = person.firstName ?? start;
  const last = person.lastName ?? end;
  if (word === 'short') return person.shortNames[0]?.replace(/@.*$/, '') ?? '';
  const text = word.startsWith('first') ? first : last;
  return word.endsWith('initial') ? plain(text, '').slice(0, 1) : text;
}

const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  Æ: 'Ae',
  œ: 'oe',
  Œ: 'Oe',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  þ: 'th',
  ı: 'i',
};

/** ASCII letters, digits and hyphens; what has no such spelling leaves nothing, rather than half a name. */
function plain(text: string, separator: string): string {
  const ascii = text
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^ -~]/gu, (letter) => letters[letter] ?? letter);
  if (/[^ -~\s’‘]/u.test(ascii)) return '';
  const words = ascii
    .split(/\s+/)
    .map((word) => word.replaceAll(/[^A-Za-z0-9._=%-]/g, '').replaceAll(/^[.-]+|[.-]+$/g, ''));
  return words.filter((word) => word !== '').join(separator);
}
