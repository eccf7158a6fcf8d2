/**
 * What smtp-server calls its stream: cuts the socket's octets into command lines and message data. In place of
 * its own, which lets LF alone end a line and goes through data octet by octet. Only CRLF ends a command line
 * (RFC 5321 section 2.3.8); a line over 4,096 octets is thrown away up to its CRLF and told as too long.
 * One chunk is worked on at a time: the next is read when commands are answered and the sink has taken its data.
 * As much of a Writable as `pipe` needs and no more, which spares each chunk a turn and each idle session memory.
 */
import { EventEmitter } from 'node:events';
import { DataScanner } from './data-scanner.ts';

/** RFC 5321 section 4.5.3.1.4 asks for 512; AUTH and long paths need more. The CRLF counts. */
export const longestLine = 4096;
const lf = 0x0a;
const cr = 0x0d;
const none = Buffer.alloc(0);
/** Commands sent ahead that are worked on before other sessions get their turn. */
const mostAtOnce = 100;
/** Octets taken and not yet worked on, beyond which the socket is not read. */
const mostHeld = 16 * 1024;

export interface Commands {
  command(line: Buffer, done: () => void): void;
  tooLong(done: () => void): void;
}

/** Takes the octets of one message, dots unstuffed. */
export interface DataSink {
  /** A promise where the sender has to wait until the octets have a place. */
  write(octets: Buffer): Promise<void> | undefined;
  /** The real end was read; input goes on when `done` is called. */
  end(unclean: boolean, done: () => void): void;
}

interface Incoming {
  readonly sink: DataSink;
  readonly scanner: DataScanner;
}

export class InputParser extends EventEmitter {
  /** smtp-server has done with it: what still comes is thrown away. */
  isClosed = false;
  readonly #commands: Commands;
  #input: Buffer = none;
  #skipping = false;
  #data: Incoming | undefined;
  #busy = false;
  #later: Buffer[] = [];
  #held = 0;
  #full = false;
  #ended = false;

  constructor(commands: Commands) {
    super();
    this.#commands = commands;
  }

  get inData(): boolean {
    return this.#data !== undefined;
  }

  /** From the next octet on everything is the message, up to CRLF.CRLF. */
  startData(sink: DataSink): void {
    this.#data = { sink, scanner: new DataScanner() };
  }

  /** False: nothing more until `drain`. */
  write(chunk: Buffer): boolean {
    this.#held += chunk.length;
    if (this.#busy) this.#later.push(chunk);
    else this.#begin(chunk);
    this.#full ||= this.#busy && this.#held >= mostHeld;
    return !this.#full;
  }

  end(): void {
    this.#ended = true;
    if (!this.#busy) this.emit('finish');
  }

  #begin(chunk: Buffer): void {
    this.#busy = true;
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#proceed();
  }

  /** The chunk is done with; what came meanwhile is the next one. */
  #next(): void {
    this.#busy = false;
    const later = this.#later;
    this.#held = 0;
    if (later.length > 0) {
      this.#later = [];
      const chunk = later.length === 1 ? later[0]! : Buffer.concat(later);
      this.#held = chunk.length;
      return this.#begin(chunk);
    }
    if (this.#full) {
      this.#full = false;
      this.emit('drain');
    }
    if (this.#ended) this.emit('finish');
  }

  #proceed(): void {
    for (let turns = 0; ; turns++) {
      if (this.isClosed) {
        this.#input = none;
        return this.#next();
      }
      if (this.#data !== undefined) return this.#feed(this.#data);
      const line = this.#takeLine();
      if (line === undefined) return this.#next();
      if (!this.#answeredAtOnce(line)) return;
      if (turns === mostAtOnce) return void setImmediate(() => this.#proceed());
    }
  }

  /** Whether the command is done on return; if not, its end carries on from here. */
  #answeredAtOnce(line: Buffer | 'too-long'): boolean {
    let returned = false;
    let answered = false;
    const done = (): void => {
      if (answered) return;
      answered = true;
      if (returned) this.#proceed();
    };
    if (line === 'too-long') this.#commands.tooLong(done);
    else this.#commands.command(line, done);
    returned = true;
    return answered;
  }

  #takeLine(): Buffer | 'too-long' | undefined {
    const input = this.#input;
    if (input.length === 0) return undefined;
    const end = endOfLine(input);
    if (end === -1) {
      this.#skipping ||= input.length >= longestLine;
      // A CR at the very end may be half of a CRLF.
      const begun = this.#skipping ? input.subarray(input.at(-1) === cr ? -1 : input.length) : input;
      this.#input = apart(begun);
      return undefined;
    }
    this.#input = rest(input, end + 2);
    const tooLong = this.#skipping || end + 2 > longestLine;
    this.#skipping = false;
    return tooLong ? 'too-long' : input.subarray(0, end);
  }

  #feed({ sink, scanner }: Incoming): void {
    const { kept, end } = scanner.scan(this.#input);
    this.#input = end === -1 ? none : rest(this.#input, end);
    const wait = sink.write(kept);
    const go = (): void => {
      if (end === -1) return this.#next();
      this.#data = undefined;
      sink.end(scanner.unclean, () => this.#proceed());
    };
    if (wait === undefined) go();
    else void wait.then(go, go);
  }
}

function rest(input: Buffer, from: number): Buffer {
  return from === input.length ? none : input.subarray(from);
}

/** A few octets that have to wait must not keep the memory of the chunk they came in. */
function apart(octets: Buffer): Buffer {
  if (octets.length === 0) return none;
  if (octets.length * 4 > octets.buffer.byteLength) return octets;
  const own = Buffer.allocUnsafeSlow(octets.length);
  octets.copy(own);
  return own;
}

/** Where the first CRLF begins, or -1. */
function endOfLine(input: Buffer): number {
  let at = input.indexOf(lf);
  while (at !== -1 && (at === 0 || input[at - 1] !== cr)) at = input.indexOf(lf, at + 1);
  return at === -1 ? -1 : at - 1;
}
