/**
 * An original with lines that no message may have (RFC 5322 section 2.1.1: 998 octets), as its report returns it: longer
 * ones are broken, and go on after a space. In a header that is folding; it is what Postfix does to all that it sends.
 */
const longest = 998;
/** Whole characters of UTF-8 stay together. */
const room = 4;

export function withoutLongLines(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  let start = 0;
  while (start < bytes.length) {
    const next = bytes.indexOf('\n', start) + 1 || bytes.length;
    parts.push(...cut(bytes.subarray(start, next)));
    start = next;
  }
  return Buffer.concat(parts);
}

function cut(line: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  let rest = line;
  while (rest.length > longest + '\r\n'.length) {
    let at = longest - room;
    while ((rest[at]! & 0xc0) === 0x80 && at > longest - 2 * room) at -= 1;
    pieces.push(rest.subarray(0, at), Buffer.from('\r\n '));
    rest = rest.subarray(at);
  }
  return [...pieces, rest];
}
