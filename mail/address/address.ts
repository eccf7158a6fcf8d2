/**
 * An address as the envelope knows it (RFC 5321 section 4.1.2, RFC 6531), parsed once at the edge.
 *
 * `local` is the local part unquoted and in NFC; `domain` is a lower-case A-label name, an address literal
 * in brackets, or empty for `<postmaster>`; `text` is what arrived, byte for byte, without angle brackets and
 * source route: another server gets that. `route` is the source route (`@a,@b`), where one was given.
 */
export interface Address {
  readonly local: string;
  readonly domain: string;
  readonly text: string;
  readonly route?: string;
}

/** The null sender `<>` is a case of its own, never an empty string (RFC 5321 section 4.5.5). */
export type ReversePath = Address | null;

/** The outcome of a parser: the value, or a sentence that names what is wrong and what would be right. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

const atom: string = /[\w!#$%&'*+/=?^`{|}~\u0080-\u{10ffff}-]+/u.source;
/** Source of a regular expression (flag `u`) for a dot-string of RFC 5321, as RFC 6531 widens it. */
export const dotString: string = `${atom}(?:\\.${atom})*`;
const onlyDotString = new RegExp(`^${dotString}$`, 'u');

/** An address of our own making; `text` quotes the local part where it must. */
export function makeAddress(local: string, domain: string): Address {
  const normal = local.normalize('NFC');
  return { local: normal, domain, text: domain === '' ? normal : `${quoteLocal(normal)}@${domain}` };
}

/** The local part as it may stand before an `@`: a dot-string, or quoted (RFC 5321 section 4.1.2). */
export function quoteLocal(local: string): string {
  if (onlyDotString.test(local)) return local;
  return `"${local.replaceAll(/[\\"]/g, '\\$&')}"`;
}

export function domainOf(address: Address): string {
  return address.domain;
}

/** The key under which addresses compare: everything without case, local part in NFC, domain as A-label. */
export function foldAddress(address: Address): string {
  const local = foldText(address.local);
  return address.domain === '' ? local : `${quoteLocal(local)}@${address.domain.toLowerCase()}`;
}

/** NFC and without case: how names and local parts compare in our own domains. */
export function foldText(text: string): string {
  if (isPlain(text)) return text.toLowerCase();
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}

/** Printable ASCII, which nearly all text is that comes our way: nothing in it has another form, or is unsafe. */
export function isPlain(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** The path of MAIL and RCPT towards another server: what arrived, or `<>`. */
export function wirePath(path: ReversePath): string {
  return `<${path?.text ?? ''}>`;
}

/** For logs and replies: without controls, line separators and bidirectional marks, bounded in length. */
export function logSafe(path: ReversePath | string): string {
  const text = typeof path === 'string' ? path : wirePath(path);
  if (text.length <= 320 && isPlain(text)) return text;
  return text.slice(0, 320).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\ufffd]/gu, '?');
}
