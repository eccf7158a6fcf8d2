/**
 * Reads the address list of From, Sender, Reply-To and the like (RFC 5322 section 3.4, obsolete forms of 4.4).
 *
 * Takes the unfolded or folded body of a field; returns its mailboxes, those within groups too, with offsets into
 * that text so that one can be rewritten in place. Comments are skipped, phrases and encoded words left as they are.
 * What does not look like an Internet address (a Notes name) is a mailbox without `address`. A list whose brackets,
 * quotes or comments do not close gives a problem: who relies on it must not guess.
 */
import type { Address, Parsed } from './address.ts';
import { tokensOf, type Token } from './list-tokens.ts';
import { parseAddress } from './path.ts';

export interface Mailbox {
  /** The display name as written, quotes and encoded words kept; empty: none. */
  readonly phrase: string;
  /** The address as written, without comments and white space around its dots and `@`. */
  readonly text: string;
  /** Absent: not an Internet address. */
  readonly address?: Address;
  /** The whole mailbox, phrase and angle brackets included: `[start, end)`. */
  readonly start: number;
  readonly end: number;
  /** The address alone, without angle brackets: `[addressStart, addressEnd)`. */
  readonly addressStart: number;
  readonly addressEnd: number;
}

export function parseMailboxList(body: string): Parsed<Mailbox[]> {
  const tokens = tokensOf(body);
  if (!tokens.ok) return tokens;
  const segments = split(tokens.value);
  if (!segments.ok) return segments;
  const mailboxes: Mailbox[] = [];
  for (const segment of segments.value) {
    const mailbox = readMailbox(body, segment);
    if (!mailbox.ok) return mailbox;
    mailboxes.push(mailbox.value);
  }
  return { ok: true, value: mailboxes };
}

/** Cuts at commas and at the borders of groups; empty elements of obsolete lists vanish. */
function split(tokens: readonly Token[]): Parsed<Token[][]> {
  const segments: Token[][] = [];
  let current: Token[] = [];
  let inGroup = false;
  let inAngle = false;
  for (const token of tokens) {
    if (token.text === '<') inAngle = true;
    if (token.text === '>') inAngle = false;
    if (inAngle || !/^[,:;]$/.test(token.text)) {
      current.push(token);
      continue;
    }
    if (token.text === ':' && inGroup) return wrong('a group stands within a group');
    if (token.text === ':' && current.some(isAddressWord)) return wrong('an address stands before a colon');
    if (token.text !== ':' && current.length > 0) segments.push(current);
    if (token.text !== ',') inGroup = token.text === ':';
    current = [];
  }
  if (current.length > 0) segments.push(current);
  return { ok: true, value: segments };
}

/** A group is named by words (RFC 5322 section 3.4); a route stands in angle brackets (section 4.4). */
function isAddressWord({ text }: Token): boolean {
  return text.includes('@') && !text.startsWith('"');
}

function readMailbox(body: string, tokens: readonly Token[]): Parsed<Mailbox> {
  const open = tokens.findIndex((token) => token.text === '<');
  const close = tokens.findIndex((token) => token.text === '>');
  if (open === -1 && close === -1) return bare(tokens);
  if (open === -1 || close < open) return wrong('an angle bracket has no partner');
  if (close !== tokens.length - 1) return wrong('something follows the closing angle bracket of an address');
  const inside = tokens.slice(open + 1, close);
  const first = tokens[0]!;
  return {
    ok: true,
    value: {
      phrase: open === 0 ? '' : body.slice(first.start, tokens[open - 1]!.end),
      ...textAndAddress(inside),
      start: first.start,
      end: tokens[close]!.end,
      addressStart: tokens[open]!.end,
      addressEnd: tokens[close]!.start,
    },
  };
}

function bare(tokens: readonly Token[]): Parsed<Mailbox> {
  const start = tokens[0]!.start;
  const end = tokens.at(-1)!.end;
  const span = { start, end, addressStart: start, addressEnd: end };
  return { ok: true, value: { phrase: '', ...textAndAddress(tokens), ...span } };
}

function textAndAddress(tokens: readonly Token[]): Pick<Mailbox, 'text' | 'address'> {
  const text = join(tokens).replace(/^@[^:]*:/, '');
  const parsed = parseAddress(text);
  return parsed.ok ? { text, address: parsed.value } : { text };
}

/** White space and comments may stand around dots and `@` (RFC 5322 section 4.4); elsewhere they separate words. */
function join(tokens: readonly Token[]): string {
  let text = '';
  for (const [index, token] of tokens.entries()) {
    const gap = index > 0 && token.start > tokens[index - 1]!.end;
    text += gap && !/[.@:,]$/.test(text) && !/^[.@:,]/.test(token.text) ? ` ${token.text}` : token.text;
  }
  return text;
}

function wrong(problem: string): Parsed<never> {
  return { ok: false, problem };
}
