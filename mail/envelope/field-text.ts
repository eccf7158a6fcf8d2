/**
 * Builds header fields that cannot break out of themselves: no CR, LF or other control survives, and lines fold
 * before 78 columns where the text allows it (RFC 5322 section 2.1.1; the hard limit there is 998).
 */
import { isPlain } from '../address/address.ts';
import { canonicalDomain } from '../address/domain.ts';

const softLimit = 78;

/** `Name: word word …`, folded between words; give no word the text of a stranger without `fieldWord`. */
export function foldField(name: string, words: readonly string[]): string {
  let lines = `${name}:`;
  let column = lines.length;
  for (const word of words) {
    const fold = column + 1 + word.length > softLimit && column > name.length + 1;
    lines += fold ? `\r\n ${word}` : ` ${word}`;
    column = fold ? 1 + word.length : column + 1 + word.length;
  }
  return lines;
}

/** A stranger's text as one word of a field: what could end a line, comment, quote or clause becomes `?`. */
export function fieldWord(text: string, limit = 255): string {
  if (text !== '' && text.length <= limit && /^[\w.:@[\]-]*$/.test(text)) return text;
  return text.slice(0, limit).replaceAll(/[\p{C}\p{Z}()<>"\\;,]/gu, '?') || '?';
}

/** What a stranger calls itself, in ASCII: replies and fields hold no other text without SMTPUTF8. */
export function hostWord(name: string): string {
  if (isPlain(name)) return fieldWord(name);
  return fieldWord(canonicalDomain(name) ?? name.replaceAll(/[^ -~]/gu, '?'));
}
