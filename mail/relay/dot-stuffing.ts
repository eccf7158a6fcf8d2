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
    const parts: Buffer[] = [];
    let from = 0;
    const insert = (at: number, text: string): void => {
      parts.push(bytes.subarray(from, at), Buffer.from(text));
      from = at;
    };
    for (const at of this.#breaks(bytes)) {
      const before = at === 0 ? this.#last : bytes[at - 1]!;
      const here = bytes[at]!;
      if (before === CR && here !== LF) insert(at, here === DOT ? '\n.' : '\n');
      else if (here === LF && before !== CR) insert(at, '\r');
      else if (here === DOT && before === LF) insert(at, '.');
    }
    if (bytes.length > 0) this.#last = bytes[bytes.length - 1]!;
    return parts.length === 0 ? bytes : Buffer.concat([...parts, bytes.subarray(from)]);
  }

  /** The line end that is missing, and the final dot. */
  end(): string {
    if (this.#last === CR) return '\n.\r\n';
    return this.#last === LF ? '.\r\n' : '\r\n.\r\n';
  }

  /** Positions where something may have to be inserted: line ends and what follows them, in order. */
  *#breaks(bytes: Buffer): Generator<number> {
    if (bytes.length > 0) yield 0;
    let lf = bytes.indexOf(LF);
    let cr = bytes.indexOf(CR);
    while (lf !== -1 || cr !== -1) {
      const at = cr !== -1 && (lf === -1 || cr < lf) ? cr : lf;
      if (at === lf) {
        if (at > 0) yield at;
        lf = bytes.indexOf(LF, at + 1);
      } else cr = bytes.indexOf(CR, at + 1);
      // The byte after a break; an LF there is yielded by its own turn.
      if (at + 1 < bytes.length && bytes[at + 1] !== LF) yield at + 1;
    }
  }
}
