/**
 * A body as DATA carries it (RFC 5321 section 4.5.2): a dot more where a line begins with one, and nothing but CRLF
 * as a line's end. Stored bodies have CRLF throughout; a bare CR or LF that got in is completed all the same, so that
 * nobody can hide an end of data in one (SMTP smuggling).
 */
const CR = 13;
const LF = 10;
const DOT = 46;

export class DotStuffer {
  /** A body begins as after a line end. */
  #last = LF;

  stuff(chunk: Uint8Array): Buffer {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const last = this.#last;
    if (bytes.length > 0) this.#last = bytes[bytes.length - 1]!;
    const clean = cleanLength(bytes, last);
    return clean === bytes.length ? bytes : complete(bytes, clean, clean === 0 ? last : bytes[clean - 1]!);
  }

  /** The line end that is missing, and the final dot. */
  end(): string {
    if (this.#last === CR) return '\n.\r\n';
    return this.#last === LF ? '.\r\n' : '\r\n.\r\n';
  }
}

/** How many bytes may stay as they are: most bodies as a whole, found line by line. */
function cleanLength(bytes: Buffer, last: number): number {
  if (bytes.length === 0 || missingBetween(last, bytes[0]!) !== none) return 0;
  for (let at = bytes[0] === LF ? 1 : 0; ;) {
    if (at > 0 && bytes[at] === DOT) return at;
    const cr = bytes.indexOf(CR, at);
    const lf = bytes.indexOf(LF, at);
    if (cr === -1 && lf === -1) return bytes.length;
    if (cr === -1 || (lf !== -1 && lf < cr)) return lf;
    if (cr + 1 === bytes.length) return bytes.length;
    if (lf !== cr + 1) return cr + 1;
    at = lf + 1;
  }
}

/** The bytes from `from` on one by one, with what is missing between them; at most each is preceded by one more. */
function complete(bytes: Buffer, from: number, last: number): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 2 + 1);
  let length = bytes.copy(out, 0, 0, from);
  let before = last;
  for (let at = from; at < bytes.length; at++) {
    const here = bytes[at]!;
    const missing = missingBetween(before, here);
    if (missing !== none) out[length++] = missing;
    // A bare CR in front of a dot: the LF ends the line that the dot begins.
    if (missing === LF && here === DOT) out[length++] = DOT;
    out[length++] = before = here;
  }
  return out.subarray(0, length);
}

const none = 0;

function missingBetween(before: number, here: number): number {
  if (before === CR) return here === LF ? none : LF;
  if (here === LF) return CR;
  return here === DOT && before === LF ? DOT : none;
}
