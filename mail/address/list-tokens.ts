/** Cuts the text of an address list into quoted strings, literals, specials and runs of atoms; comments vanish. */
import type { Parsed } from './address.ts';

export interface Token {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const space = /[ \t\r\n]+/y;
const piece = /"(?:[^"\\]|\\[\s\S])*"|\[(?:[^[\]\\]|\\[\s\S])*\]|[,;:<>]|[^\s"(),:;<>[\]]+/y;
const commentPart = /[^()\\]+|\\[\s\S]/y;

export function tokensOf(text: string): Parsed<Token[]> {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const blank = matchAt(space, text, at);
    if (blank > at) {
      at = blank;
      continue;
    }
    const isComment = text[at] === '(';
    const end = isComment ? commentEnd(text, at) : matchAt(piece, text, at);
    if (end === at) return { ok: false, problem: unclosed(text[at]!) };
    if (!isComment) tokens.push({ text: text.slice(at, end), start: at, end });
    at = end;
  }
  return { ok: true, value: tokens };
}

/** Where the match that begins here ends; `at` itself: no match. */
function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** Where the comment that begins here ends, nested ones included (RFC 5322 section 3.2.2); `start`: it never does. */
export function commentEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  while (at < text.length) {
    if (text[at] === '(') depth += 1;
    if (text[at] === ')') depth -= 1;
    if (depth === 0) return at + 1;
    const next = matchAt(commentPart, text, at);
    at = next === at ? at + 1 : next;
  }
  return start;
}

function unclosed(character: string): string {
  return `the address list has a ${JSON.stringify(character)} without its partner, or a character that may not stand there`;
}
