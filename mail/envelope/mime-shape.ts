/**
 * How many parts a message has and how deep they lie in each other (RFC 2046 sections 5.1 and 5.2.1), counted while it
 * comes in: who reads mail later pays for both. Only delimiter lines and the headers of parts are looked at. Takes
 * CRLF lines, cut anywhere; keeps no more than one unfinished line and the Content-Type it is reading.
 *
 * Every line that is a delimiter of an open multipart begins a part, wherever it stands. The parts of a digest are
 * counted, not entered: without a Content-Type nobody here reads them as messages.
 */

/** Exchange Online stops at 250; mailing list digests are the largest honest ones. */
export const mostParts = 1000;
/** As Postfix's mime_nesting_limit. */
export const deepest = 100;

/** RFC 2046 section 5.1.1 allows a boundary 70 characters; some use more. */
const longestDelimiter = 256;
/** Of a Content-Type; what follows names no boundary that anybody would find. */
const longestType = 4096;
const crlf = '\r\n';
const nextDelimiter = Buffer.from('\r\n--');

type Inside = 'header' | 'body';

export class MimeShape {
  parts = 0;
  /** Open multiparts and messages; a message within a message has no boundary of its own. */
  #open: (string | undefined)[] = [];
  #levels = new Map<string, number>();
  #inside: Inside = 'body';
  #type = '';
  #inType = false;
  #line: Buffer = Buffer.alloc(0);
  #skipping = false;

  /** `contentType`: the unfolded field of the message. */
  constructor(contentType: string) {
    this.#enter(contentType);
  }

  get isTooMuch(): boolean {
    return this.parts > mostParts || this.#open.length > deepest;
  }

  /** Octets of the body, in order. */
  write(octets: Buffer): void {
    const input = this.#line.length === 0 ? octets : Buffer.concat([this.#line, octets]);
    this.#line = Buffer.alloc(0);
    let at = 0;
    while (at < input.length && !this.isTooMuch) {
      const end = input.indexOf(crlf, at);
      if (end === -1) return this.#keep(input.subarray(at));
      if (!this.#skipping) this.#take(input, at, end);
      this.#skipping = false;
      at = this.#inside === 'header' ? end + 2 : lineToLookAt(input, end);
    }
  }

  /** The line goes on in the next octets. One that cannot be a delimiter any more is not kept. */
  #keep(rest: Buffer): void {
    const isLong = rest.length > (this.#inside === 'header' ? longestType : longestDelimiter);
    this.#skipping ||= isLong;
    this.#line = this.#skipping ? Buffer.from(rest.subarray(-1)) : Buffer.from(rest);
  }

  #take(input: Buffer, start: number, end: number): void {
    if (input[start] === 0x2d && input[start + 1] === 0x2d && this.#delimits(input, start, end)) return;
    if (this.#inside === 'header') this.#readField(input.toString('latin1', start, end));
  }

  /** A delimiter of the multipart it names ends everything within that; with `--` behind it, that itself. */
  #delimits(input: Buffer, start: number, end: number): boolean {
    if (end - start > longestDelimiter) return false;
    const text = input.toString('latin1', start + 2, end).trimEnd();
    const opened = this.#levels.get(text);
    if (opened !== undefined) {
      this.#leave(opened + 1);
      this.parts += 1;
      this.#startHeader();
      return true;
    }
    const closed = text.endsWith('--') ? this.#levels.get(text.slice(0, -2)) : undefined;
    if (closed === undefined) return false;
    this.#leave(closed);
    this.#inside = 'body';
    return true;
  }

  #leave(level: number): void {
    for (const boundary of this.#open.splice(level))
      if (boundary !== undefined) this.#levels.delete(boundary);
  }

  #startHeader(): void {
    this.#inside = 'header';
    this.#type = '';
    this.#inType = false;
  }

  #readField(line: string): void {
    if (line === '') return this.#enter(this.#type);
    const type = /^content-type[ \t]*:(.*)$/i.exec(line)?.[1];
    if (type !== undefined) this.#type = type;
    else if (this.#inType && /^[ \t]/.test(line)) this.#type += line.slice(0, longestType);
    this.#inType = type !== undefined || (this.#inType && /^[ \t]/.test(line));
    if (this.#type.length > longestType) this.#inType = false;
  }

  /** Behind a header: the body it announces. */
  #enter(contentType: string): void {
    this.#inside = 'body';
    if (/^\s*message\/(?:rfc822|global)\b/i.test(contentType)) {
      this.#open.push(undefined);
      return this.#startHeader();
    }
    const boundary = boundaryOf(contentType);
    if (boundary === undefined || this.#levels.has(boundary)) return;
    this.#levels.set(boundary, this.#open.length);
    this.#open.push(boundary);
  }
}

function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\//i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s";]+))/i.exec(contentType) ?? [];
  return (quoted?.replaceAll(/\\(.)/g, '$1') ?? plain)?.trimEnd();
}

/** In a body only lines that begin with two hyphens matter, and the one that is not complete. */
function lineToLookAt(input: Buffer, end: number): number {
  const next = input.indexOf(nextDelimiter, end);
  if (next !== -1) return next + 2;
  return Math.max(end + 2, input.lastIndexOf(crlf) + 2);
}
