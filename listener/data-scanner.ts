/**
 * Reads the octets after DATA: takes the stuffed dots away, in place, and finds the end, which is CRLF.CRLF and
 * nothing else (RFC 5321 sections 4.1.1.4 and 4.5.2). NUL, a bare CR or a bare LF anywhere makes the message
 * unclean: it is still read to its real end, so that nothing after a false end is taken for commands.
 * Holds no octets back between chunks that belong to a clean message.
 */
import { passLines } from './wide-scan.ts';

const nul = 0x00;
const lf = 0x0a;
const cr = 0x0d;
const dot = 0x2e;

/** Shorter chunks are looked through by hand. The others too, from where their first pass stopped: mostly at the end. */
const worthAPass = 256;

type State = 'line-start' | 'in-line' | 'cr' | 'dot' | 'dot-cr';

export interface Scanned {
  /** What of the chunk is the message; shares its memory. */
  readonly kept: Buffer;
  /** Where the octets after the end begin; -1: the data goes on. */
  readonly end: number;
}

export class DataScanner {
  /** The message has NUL, a bare CR or a bare LF (RFC 5321 section 2.3.8). */
  unclean = false;
  #state: State = 'line-start';

  scan(chunk: Buffer): Scanned {
    let kept = 0;
    let run = 0;
    let at = 0;
    let wide = chunk.length >= worthAPass;
    while (at < chunk.length) {
      switch (this.#state) {
        case 'in-line':
          if (wide && chunk[at] !== lf) {
            wide = false;
            const { end, next } = passLines(chunk, at);
            kept = move(chunk, kept, run, end);
            run = at = next;
          }
          at = endOfLines(chunk, at);
          if (isStuffedLine(chunk, at)) {
            kept = move(chunk, kept, run, at + 2);
            run = at += 3;
          } else if (at < chunk.length) this.#control(chunk[at++]!);
          break;
        case 'cr':
          this.#state = chunk[at] === lf ? 'line-start' : 'in-line';
          if (this.#state === 'line-start') at += 1;
          else this.unclean = true;
          break;
        case 'line-start':
          this.#state = chunk[at] === dot ? 'dot' : 'in-line';
          if (this.#state === 'in-line') break;
          kept = move(chunk, kept, run, at);
          run = ++at;
          break;
        case 'dot':
          this.#state = chunk[at] === cr ? 'dot-cr' : 'in-line';
          if (this.#state === 'dot-cr') run = ++at;
          break;
        case 'dot-cr':
          if (chunk[at] === lf) return { kept: chunk.subarray(0, kept), end: at + 1 };
          this.unclean = true;
          this.#state = 'cr';
          break;
      }
    }
    return { kept: chunk.subarray(0, move(chunk, kept, run, at)), end: -1 };
  }

  #control(octet: number): void {
    if (octet === cr) this.#state = 'cr';
    else this.unclean = true;
  }
}

/** Moves the run down over the dots that were taken out; short lines are quicker by hand. */
function move(chunk: Buffer, to: number, from: number, end: number): number {
  if (to === from) return end;
  if (end - from > 64) chunk.copyWithin(to, from, end);
  else for (let at = from, put = to; at < end; at++) chunk[put++] = chunk[at]!;
  return to + end - from;
}

/** Where the lines that end cleanly, and are not followed by a dot, stop: at the next control that needs a look. */
function endOfLines(chunk: Buffer, from: number): number {
  let at = nextControl(chunk, from);
  while (at + 2 < chunk.length && chunk[at] === cr && chunk[at + 1] === lf && chunk[at + 2] !== dot)
    at = nextControl(chunk, at + 2);
  return at;
}

/** A line ends at `at`, and the next one begins with a dot that is not alone: most dots of a message are such. */
function isStuffedLine(chunk: Buffer, at: number): boolean {
  if (at + 3 >= chunk.length || chunk[at + 2] !== dot || chunk[at + 3]! < 0x0e) return false;
  return chunk[at] === cr && chunk[at + 1] === lf;
}

/** The next NUL, CR or LF at or after `from`; the length where there is none. */
function nextControl(chunk: Buffer, from: number): number {
  for (let at = from; at < chunk.length; at++) if (isControl(chunk[at]!)) return at;
  return chunk.length;
}

function isControl(octet: number): boolean {
  return octet < 0x0e && (octet === cr || octet === lf || octet === nul);
}
