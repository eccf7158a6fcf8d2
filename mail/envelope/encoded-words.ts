/**
 * Reads encoded words (RFC 2047) as people see them, for comparisons and for the words of reports; and writes them. What
 * cannot be decoded stays as it was written. Never throws.
 */
const encodedWord = /=\?([^?\s]{1,80})\?([bq])\?([^?\s]*)\?=/gi;
const run = /(?:=\?[^?\s]{1,80}\?[bq]\?[^?\s]*\?=)+/gi;

export function decodeWords(text: string): string {
  // White space between encoded words is theirs, not the text's (RFC 2047 section 6.2).
  const joined = text.replaceAll(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, '$1');
  return joined.replaceAll(run, decodeRun);
}

interface Piece {
  readonly charset: string;
  /** As they were written. */
  words: string;
  bytes: Buffer[];
}

/** Many programs cut a character in two, the halves in words of their own (against RFC 2047 section 5). */
function decodeRun(words: string): string {
  const pieces: Piece[] = [];
  for (const [word, name = '', encoding, content = ''] of words.matchAll(encodedWord)) {
    const charset = name.replace(/\*.*$/, '').toLowerCase();
    const bytes = encoding?.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : fromQ(content);
    const last = pieces.at(-1);
    if (last?.charset === charset) {
      last.words += word;
      last.bytes.push(bytes);
    } else pieces.push({ charset, words: word, bytes: [bytes] });
  }
  return pieces.map((piece) => decode(Buffer.concat(piece.bytes), piece.charset) ?? piece.words).join('');
}

function fromQ(content: string): Buffer {
  const latin1 = content
    .replaceAll('_', ' ')
    .replaceAll(/=([\da-f]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(latin1, 'latin1');
}

function decode(bytes: Buffer, charset: string): string | undefined {
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined;
  }
}

/** RFC 2047 section 2: at most 75 characters each; 45 bytes are 60 in base64. */
const mostBytes = 45;

/** The text as encoded words, to stand behind one another with only white space between. */
export function encodedWords(text: string, charset: 'utf-8' | 'unknown-8bit' = 'utf-8'): string[] {
  const pieces: Buffer[] = [];
  let piece: Buffer[] = [];
  let length = 0;
  for (const character of text) {
    const bytes = Buffer.from(character, charset === 'utf-8' ? 'utf8' : 'latin1');
    if (length + bytes.length > mostBytes) {
      pieces.push(Buffer.concat(piece));
      [piece, length] = [[], 0];
    }
    piece.push(bytes);
    length += bytes.length;
  }
  pieces.push(Buffer.concat(piece));
  return pieces.map((bytes) => `=?${charset}?b?${bytes.toString('base64')}?=`);
}
