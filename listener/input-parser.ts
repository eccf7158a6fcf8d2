/**
 * What smtp-server calls its stream: cuts the socket's octets into command lines and message data. In place of
 * its own, which lets LF alone end a line and goes through data octet by octet. Only CRLF ends a command line
 * (RFC 5321 section 2.3.8); a line over 4,096 octets is thrown away up to its CRLF and told as too long.
 * One chunk is worked on at a time: the next is read when commands are answered and the sink has taken its data.
 */
import { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { DataScanner } from './data-scanner.ts';

/** RFC 5321 section 4.5.3.1.4 asks for 512; AUTH and long paths need more. The CRLF counts. */
export const longestLine = 4096;
const lf = 0x0a;
const cr = 0x0d;
const none = Buffer.alloc(0);
/** Commands sent ahead that are worked on before other sessions get their turn. */
const mostAtOnce = 100;

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

export class InputParser extends SMTPStream {
  readonly #commands: Commands;
  #input: Buffer = none;
  #skipping = false;
  #data: Incoming | undefined;

  constructor(commands: Commands) {
    super();
    this.#commands = commands;
  }

  /** From the next octet on everything is the message, up to CRLF.CRLF. */
  startData(sink: DataSink): void {
    this.#data = { sink, scanner: new DataScanner() };
    this._dataMode = true;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding | 'buffer', next: () => void): void {
    this.#input = this.#input.length === 0 ? chunk : Buffer.concat([this.#input, chunk]);
    this.#proceed(next);
  }

  /** What the peer left without a CRLF is no command. */
  override _flushData(): void {
    this.#input = none;
  }

  #proceed(next: () => void): void {
    for (let turns = 0; ; turns++) {
      if (this.isClosed) {
        this.#input = none;
        return next();
      }
      if (this.#data !== undefined) return this.#feed(this.#data, next);
      const line = this.#takeLine();
      if (line === undefined) return next();
      if (!this.#answeredAtOnce(line, next)) return;
      if (turns === mostAtOnce) return void setImmediate(() => this.#proceed(next));
    }
  }

  /** Whether the command is done on return; if not, its end carries on from here. */
  #answeredAtOnce(line: Buffer | 'too-long', next: () => void): boolean {
    let returned = false;
    let answered = false;
    const done = (): void => {
      if (answered) return;
      answered = true;
      if (returned) this.#proceed(next);
    };
    if (line === 'too-long') this.#commands.tooLong(done);
    else this.#commands.command(line, done);
    returned = true;
    return answered;
  }

  #takeLine(): Buffer | 'too-long' | undefined {
    const input = this.#input;
    const end = endOfLine(input);
    if (end === -1) {
      this.#skipping ||= input.length >= longestLine;
      // A CR at the very end may be half of a CRLF.
      if (this.#skipping) this.#input = input.at(-1) === cr ? input.subarray(-1) : none;
      return undefined;
    }
    this.#input = input.subarray(end + 2);
    const tooLong = this.#skipping || end + 2 > longestLine;
    this.#skipping = false;
    return tooLong ? 'too-long' : input.subarray(0, end);
  }

  #feed({ sink, scanner }: Incoming, next: () => void): void {
    const { kept, end } = scanner.scan(this.#input);
    this.#input = end === -1 ? none : this.#input.subarray(end);
    const wait = sink.write(kept);
    const go = (): void => {
      if (end === -1) return next();
      this.#data = undefined;
      this._dataMode = false;
      sink.end(scanner.unclean, () => this.#proceed(next));
    };
    if (wait === undefined) go();
    else void wait.then(go, go);
  }
}

/** Where the first CRLF begins, or -1. */
function endOfLine(input: Buffer): number {
  let at = input.indexOf(lf);
  while (at !== -1 && (at === 0 || input[at - 1] !== cr)) at = input.indexOf(lf, at + 1);
  return at === -1 ? -1 : at - 1;
}
