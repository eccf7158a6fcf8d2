/**
 * Display names of header fields (RFC 5322 section 3.2.5): as a changed field may have them. What is strictly valid
 * stays byte for byte; the rest is quoted, or written as encoded words (RFC 2047) where it is not ASCII and the message
 * is not international (RFC 6532).
 */
import { tokensOf } from '../../address/list-tokens.ts';
import { decodeWords, encodedWords } from '../../envelope/encoded-words.ts';

/** The text of a header field as read from its bytes. */
export interface FieldText {
  readonly text: string;
  /** What bytes over 127 are: UTF-8, or nobody knows (RFC 1428), and then each is one character of `text`. */
  readonly charset: 'utf-8' | 'unknown-8bit';
  /** Characters over 127 may stand as they are. */
  readonly international: boolean;
}

type Charset = Pick<FieldText, 'charset' | 'international'>;

const atom = /^[\w!#$%&'*+/=?^`{|}~-]+$/;
const asciiString = /^"[\t\r\n -~]*"$/;

/** `phrase` where it is valid, else the same words in a valid spelling. */
export function validPhrase(phrase: string, charset: Charset): string {
  const tokens = tokensOf(phrase);
  if (!tokens.ok) return quotePhrase(phrase, charset);
  if (tokens.value.every(({ text }) => isWord(text, charset))) return encodeForeign(phrase, charset);
  const words = decodeWords(tokens.value.map(({ text }) => unquote(text)).join(' '));
  return words.includes('=?') ? phrase : quotePhrase(words, charset);
}

function isWord(text: string, { international }: Charset): boolean {
  const plain = international ? text.replaceAll(/[\u0080-\u{10ffff}]/gu, 'x') : text;
  return atom.test(plain) || asciiString.test(plain);
}

/** A display name, from its text. */
export function quotePhrase(words: string, charset: Charset): string {
  const text = words.replaceAll(/\p{Cc}+/gu, ' ').trim();
  if (/^[ -~]*$/.test(text) || charset.international) return `"${text.replaceAll(/[\\"]/g, '\\$&')}"`;
  return encodedWords(text, charset.charset).join('\r\n ');
}

/** What a reader sees of a phrase. */
export function phraseText(phrase: string): string {
  const tokens = tokensOf(phrase);
  const words = tokens.ok ? tokens.value.map(({ text }) => unquote(text)).join(' ') : phrase;
  return decodeWords(words);
}

function unquote(text: string): string {
  const inside = /^"([^]*)"$/.exec(text)?.[1];
  return inside === undefined ? text : inside.replaceAll(/\\([^])/g, '$1').replaceAll(/\r?\n/g, '');
}

/**
 * Comments and the like: what is not ASCII becomes encoded words, everything else stays. Foreign words side by side are
 * one run: white space between encoded words is not the text's.
 */
export function encodeForeign(text: string, charset: Charset): string {
  if (charset.international) return text;
  return text.replaceAll(foreignWords, (run) => encodedWords(run, charset.charset).join('\r\n '));
}

const foreignWord = String.raw`[^\s()<>,:;"]*[\u0080-\u{10ffff}][^\s()<>,:;"]*`;
const foreignWords = new RegExp(`${foreignWord}(?: ${foreignWord})*`, 'gu');
