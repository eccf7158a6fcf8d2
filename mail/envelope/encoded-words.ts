/**
 * Reads encoded words (RFC 2047) as people see them, for comparisons only: nothing that is decoded here is ever sent
 * on. What cannot be decoded stays as it was written. Never throws.
 */
const encodedWord = /=\?([^?\s]{1,80})\?([bq])\?([^?\s]*)\?=/gi;

export function decodeWords(text: string): string {
  // White space between encoded words is theirs, not the text's (RFC 2047 section 6.2).
  const joined = text.replaceAll(/(=\?[^?\s]+\?[bq]\?[^?\s]*\?=)\s+(?==\?[^?\s]+\?[bq]\?)/gi, '$1');
  return joined.replaceAll(encodedWord, (word, charset: string, encoding: string, content: string) => {
    const bytes = encoding.toLowerCase() === 'b' ? Buffer.from(content, 'base64') : fromQ(content);
    return decode(bytes, charset.replace(/\*.*$/, '')) ?? word;
  });
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
