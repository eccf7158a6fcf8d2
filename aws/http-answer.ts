/**
 * One answer of HTTP/1.1 (RFC 9112) as octets: pure, for kept-connections.ts. Only a 200 whose length is told is
 * understood; all else throws, without a word of what the answer said.
 */

export interface HttpAnswer {
  readonly body: Buffer;
  /** The service closes the connection after it. */
  readonly closes: boolean;
}

/** Octets of an answer; those of S3 and SQS to our calls take 3 KB at most. */
const largest = 256 * 1024;
const emptyLine = '\r\n\r\n';
const ok = /^HTTP\/1\.1 200(?: |\r|$)/;
const lengthName = /\r\ncontent-length:/i;
const lengthValue = /^[ \t]*(\d{1,6})[ \t]*(?:\r|$)/;
const coding = /\r\ntransfer-encoding[ \t]*:[ \t]*([^\r]*)/i;
const closing = /\r\nconnection:[ \t]*close/i;

/** Undefined: it is not all there yet. Nothing may follow it: one request at a time was sent. */
export function readAnswer(octets: Buffer): HttpAnswer | undefined {
  if (octets.length > largest) throw new Error('The answer is larger than any that is expected.');
  const end = octets.indexOf(emptyLine);
  if (end === -1) return undefined;
  const head = octets.toString('latin1', 0, end);
  if (!ok.test(head)) throw new Error('The answer is not a plain 200.');
  const rest = octets.subarray(end + emptyLine.length);
  const body = coding.test(head) ? chunkedBody(head, rest) : countedBody(head, rest);
  return body && { body, closes: closing.test(head) };
}

function countedBody(head: string, rest: Buffer): Buffer | undefined {
  const [, value, another] = head.split(lengthName);
  const told = another === undefined ? lengthValue.exec(value ?? '')?.[1] : undefined;
  if (told === undefined) throw new Error('The answer does not tell its length.');
  const length = Number(told);
  if (rest.length > length) throw new Error('The answer is longer than it says.');
  return rest.length < length ? undefined : rest;
}

/** RFC 9112 section 7.1; extensions and trailers, which nobody sends us, are not understood. */
function chunkedBody(head: string, rest: Buffer): Buffer | undefined {
  if (coding.exec(head)?.[1]?.trim().toLowerCase() !== 'chunked' || lengthName.test(head))
    throw new Error('The answer is coded in a way that is not understood.');
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', at);
    if (lineEnd === -1) return undefined;
    const size = rest.toString('latin1', at, lineEnd);
    if (!/^[\da-f]{1,5}$/i.test(size)) throw new Error('A chunk of the answer has no size.');
    const begin = lineEnd + 2;
    at = begin + Number.parseInt(size, 16) + 2;
    if (rest.length < at) return undefined;
    if (rest.toString('latin1', at - 2, at) !== '\r\n') throw new Error('A chunk of the answer has no end.');
    if (at === begin + 2) return wholeOf(pieces, rest.length - at);
    pieces.push(rest.subarray(begin, at - 2));
  }
}

function wholeOf(pieces: readonly Buffer[], more: number): Buffer {
  if (more > 0) throw new Error('The answer is longer than it says.');
  return Buffer.concat(pieces);
}
