/**
 * Parses the paths of MAIL and RCPT (`<…>`, RFC 5321 section 4.1.2; RFC 6531) and bare addresses.
 *
 * Takes text, returns the address or a sentence that says what is wrong; never throws. Non-ASCII needs
 * SMTPUTF8. A source route is read and kept apart (`route`): policy decides about it.
 */
import type { Address, Parsed, ReversePath } from './address.ts';
import { dotString, foldAddress, isPlain, makeAddress } from './address.ts';
import { parseDomain } from './domain.ts';

export interface PathOptions {
  /** The transaction declared SMTPUTF8 (or the text comes from a document). */
  readonly smtpUtf8: boolean;
}

/** RFC 5321 section 4.5.3.1.3. Local parts over 64 octets pass: VERP senders use them, and limits are minimums. */
const maximumPath = 256;
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufffd]/u;
const atoms = new RegExp(`^${dotString}`, 'u');
const plainAtoms = /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*/;
const quoted = /^"((?:[^"\\]|\\.)*)"/u;
const sourceRoute = /^(@[^:,@<>"]+(?:,@[^:,@<>"]+)*):/;

/** The path of MAIL FROM; `<>` is the null sender. */
export function parsePath(text: string, options: PathOptions): Parsed<ReversePath> {
  return text.trim() === '<>' ? { ok: true, value: null } : parseForwardPath(text, options);
}

/** The path of RCPT TO; `<postmaster>` stands without a domain (RFC 5321 section 4.1.1.3). */
export function parseForwardPath(text: string, options: PathOptions): Parsed<Address> {
  const path = text.trim();
  if (!path.startsWith('<') || !path.endsWith('>') || path.length < 2)
    return wrong('the address is not in angle brackets; write <user@acme.example>');
  const inside = path.slice(1, -1);
  if (/^postmaster$/i.test(inside)) return right({ local: inside, domain: '', text: inside });
  if (Buffer.byteLength(path) > maximumPath) return wrong(`a path has at most ${maximumPath} octets`);
  const route = sourceRoute.exec(inside);
  if (route === null) return parseMailbox(inside, options);
  if (!routeIsValid(route[1]!)) return wrong('the source route before the address is not a list of domains');
  const parsed = parseMailbox(inside.slice(route[0].length), options);
  return parsed.ok ? right({ ...parsed.value, route: route[1]! }) : parsed;
}

/** An address as people write it in documents and header fields: no brackets, no route, any script. */
export function parseAddress(text: string): Parsed<Address> {
  if (Buffer.byteLength(text) > maximumPath - 2)
    return wrong(`an address has at most ${maximumPath - 2} octets`);
  return parseMailbox(text, { smtpUtf8: true });
}

/** The compare key of an address written as text, or undefined where it is none. */
export function addressKey(text: string): string | undefined {
  const parsed = parseAddress(text);
  return parsed.ok ? foldAddress(parsed.value) : undefined;
}

/** The address as a message without SMTPUTF8 may carry it: a domain has a spelling in ASCII, a local part has none. */
export function inAscii(text: string): string | undefined {
  if (isPlain(text)) return text;
  const parsed = parseAddress(text);
  if (!parsed.ok || !isPlain(parsed.value.local)) return undefined;
  return makeAddress(parsed.value.local, parsed.value.domain).text;
}

function parseMailbox(text: string, options: PathOptions): Parsed<Address> {
  if (!isPlain(text) && unprintable.test(text))
    return wrong('the address has characters that no address may have');
  if (!options.smtpUtf8 && /[\u0080-\uffff]/.test(text))
    return wrong('the address is not ASCII and the transaction did not ask for SMTPUTF8');
  const local = readLocal(text);
  if (local === undefined)
    return wrong(`"${text}" has no local part that can be read; quote it as in "jane doe"@acme.example`);
  if (text[local.length] !== '@') return wrong(afterLocal(text, local.length));
  const domain = parseDomain(text.slice(local.length + 1));
  if (!domain.ok) return domain;
  return right({ local: local.value, domain: domain.value, text });
}

function readLocal(text: string): { value: string; length: number } | undefined {
  const string = text.startsWith('"') ? quoted.exec(text) : null;
  if (string !== null) {
    const value = string[1]!.replaceAll(/\\(.)/gu, '$1').normalize('NFC');
    return value === '' ? undefined : { value, length: string[0].length };
  }
  if (isPlain(text)) {
    const value = plainAtoms.exec(text)?.[0];
    return value === undefined ? undefined : { value, length: value.length };
  }
  const atom = atoms.exec(text);
  return atom === null ? undefined : { value: atom[0].normalize('NFC'), length: atom[0].length };
}

function afterLocal(text: string, at: number): string {
  if (at === text.length) return `"${text}" has no domain; write user@acme.example`;
  return `"${text}" has "${text.slice(at, at + 1)}" where its "@" should be; quote the local part if it belongs there`;
}

function routeIsValid(route: string): boolean {
  return route.split(',').every((hop) => parseDomain(hop.slice(1)).ok);
}

function right<T>(value: T): Parsed<T> {
  return { ok: true, value };
}

function wrong(problem: string): Parsed<never> {
  return { ok: false, problem };
}
