/**
 * The hash of a body in "relaxed" form (RFC 6376 section 3.4.4), taken while it streams by: runs of blanks are one
 * space, none at the end of a line, no empty lines at the end. A body of any size and any line length takes the
 * memory of one chunk.
 */
import { createHash } from 'node:crypto';

const [CR, LF, SPACE, TAB] = [13, 10, 32, 9];

export class RelaxedBodyHash {
  readonly #hash = createHash('sha256');
  /** Line ends and a blank that count only if something follows. */
  #lineEnds = 0;
  #blank = false;
  #something = false;
  #carriage = false;

  update(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = this.#step(chunk, at);
  }

  digest(): string {
    if (this.#carriage) this.#text(Buffer.from([CR]));
    if (this.#something) this.#hash.update('\r\n');
    return this.#hash.digest('base64');
  }

  /** Takes one blank or line end, or the run of text up to the next; returns where it ended. */
  #step(chunk: Uint8Array, at: number): number {
    const byte = chunk[at]!;
    if (this.#carriage && byte !== LF) this.#text(Buffer.from([CR]));
    this.#carriage = byte === CR;
    if (byte === CR) return at + 1;
    if (byte === LF) this.#endLine();
    if (byte === SPACE || byte === TAB) this.#blank = true;
    if (byte === LF || byte === SPACE || byte === TAB) return at + 1;
    let end = at + 1;
    while (end < chunk.length && !isBreak(chunk[end]!)) end += 1;
    this.#text(chunk.subarray(at, end));
    return end;
  }

  #endLine(): void {
    this.#lineEnds += 1;
    this.#blank = false;
  }

  #text(bytes: Uint8Array): void {
    for (; this.#lineEnds > 0; this.#lineEnds--) this.#hash.update('\r\n');
    if (this.#blank) this.#hash.update(' ');
    this.#blank = false;
    this.#something = true;
    this.#hash.update(bytes);
  }
}

function isBreak(byte: number): boolean {
  return byte === CR || byte === LF || byte === SPACE || byte === TAB;
}
