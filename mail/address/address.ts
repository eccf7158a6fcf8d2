/**
 * An address as the envelope knows it (RFC 5321 section 4.1.2, RFC 6531), parsed once at the edge.
 *
 * `local` is the local part unquoted and in NFC; `domain` is a lower-case A-label name, an address literal
 * in brackets, or empty for `<postmaster>`; `text` is what arrived, byte for byte, without angle brackets:
 * another server gets that.
 */
export interface Address {
  readonly local: string;
  readonly domain: string;
  readonly text: string;
}

/** The null sender `<>` is a case of its own, never an empty string (RFC 5321 section 4.5.5). */
export type ReversePath = Address | null;

/** The outcome of a parser: the value, or a sentence that names what is wrong and what would be right. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };
