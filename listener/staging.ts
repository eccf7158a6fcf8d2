/**
 * Where a message waits for its verdict: up to 256 KB in memory, more in a file on the staging volume. The hash is
 * made as octets pass. Over a limit nothing more is kept, while the rest is read and thrown away. `discard` leaves
 * nothing behind; a file that cannot be written makes the message one there is no room for.
 */
import { createHash, hash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { splitHeader, valueOf } from '../mail/envelope/header.ts';
import { MimeShape } from '../mail/envelope/mime-shape.ts';
import type { Scan } from './mail-authentication.ts';
import type { Room } from './room.ts';

export const inMemory = 256 * 1024;
/** documents.md: header block over 256 KB, its empty line included. */
export const largestHeader = 256 * 1024;
/** Writes to the file are gathered to about this; while there is much memory, to twice as much, which costs less. */
const gathered = 256 * 1024;

const blockSize = 8 * 1024;
const smallPiece = 2 * 1024;

export type Trouble = 'too-large' | 'header-too-large' | 'too-many-parts' | 'no-room';

/** Room ran out after the last octet. */
export class NoRoom extends Error {
  override readonly name = 'NoRoom';
}

export interface StagedBody {
  readonly size: number;
  readonly sha256: string;
  /** The header block, its empty line included. */
  readonly header: Buffer;
  /** Opened anew at each call. */
  readonly body: () => Uint8Array | Readable;
  readonly onDisk: boolean;
  /** What reads the message as it came in; its end is still to be told. */
  readonly scan?: Scan;
}

export interface StagingOptions {
  readonly directory: string;
  readonly id: string;
  /** Octets; Infinity: no limit. */
  readonly limit: number;
  readonly room: Room;
  /** Asked once, where the message goes to a file: who reads it while it comes in. */
  readonly scan?: (header: Buffer) => Promise<Scan | undefined>;
}

export class Staging {
  trouble: Trouble | undefined;
  /** Octets of the message so far, thrown away ones included. */
  size = 0;
  /** Octets thrown away since there was trouble. */
  discarded = 0;
  #pieces: Buffer[] = [];
  #block: { readonly memory: Buffer; used: number } | undefined;
  #held = 0;
  #header: Buffer | undefined;
  #tail: Buffer = none;
  #file: FileHandle | undefined;
  #hash: Hash | undefined;
  /** The write to the file that is under way. */
  #writing: Promise<void> | undefined;
  #gone = false;
  #scan: Scan | undefined;
  #shape: MimeShape | undefined;
  readonly #options: StagingOptions;

  constructor(options: StagingOptions) {
    this.#options = options;
  }

  get #path(): string {
    return join(this.#options.directory, `${this.#options.id}.eml`);
  }

  get #mostHeld(): number {
    if (this.#hash === undefined) return inMemory;
    return this.#options.room.isAmple ? gathered * 2 : gathered;
  }

  write(octets: Buffer): Promise<void> | undefined {
    this.size += octets.length;
    if (this.trouble !== undefined) this.discarded += octets.length;
    if (this.trouble !== undefined || this.#gone || octets.length === 0) return undefined;
    if (this.size > this.#options.limit) return this.#fail('too-large');
    if (!this.#options.room.hold(octets.length)) return this.#fail('no-room');
    this.#held += octets.length;
    this.#keep(octets);
    if (this.#header === undefined) this.#findHeader(octets);
    else this.#shape?.write(octets);
    if (this.size > largestHeader && this.#header === undefined) return this.#fail('header-too-large');
    if (this.#shape?.isTooMuch) return this.#fail('too-many-parts');
    return this.#held > this.#mostHeld ? this.#spill() : undefined;
  }

  /** Called once, after the last octet and where there was no trouble. Throws where nothing is left of the message. */
  async finish(): Promise<StagedBody> {
    if (this.#gone) throw new Error('The message was discarded before its end was worked on.');
    if (this.#hash !== undefined) return this.#finishFile(this.#hash);
    const whole = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    return {
      size: this.size,
      sha256: hash('sha256', whole),
      header: this.#header ?? whole,
      body: () => whole,
      onDisk: false,
    };
  }

  /** Waits for a write that is under way, which would bring the file back. */
  discard(): Promise<void> {
    this.#gone = true;
    return this.#writing?.then(() => this.#remove()) ?? this.#remove();
  }

  async #remove(): Promise<void> {
    this.#release();
    this.#scan?.abandon();
    if (this.#hash === undefined) return;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
    await rm(this.#path, { force: true });
  }

  async #finishFile(sum: Hash): Promise<StagedBody> {
    await this.#spill();
    if (this.trouble !== undefined)
      throw new NoRoom('The message could not be written to the staging folder.');
    await this.#file?.close();
    this.#file = undefined;
    const path = this.#path;
    return {
      size: this.size,
      sha256: sum.digest('hex'),
      header: this.#header ?? none,
      body: () => createReadStream(path, { highWaterMark: gathered }),
      onDisk: true,
      ...(this.#scan && { scan: this.#scan }),
    };
  }

  /** Small pieces share blocks: a client that sends octet by octet costs no more than its message. */
  #keep(octets: Buffer): void {
    if (this.#pieces.length === 0 || octets.length >= smallPiece) {
      this.#pieces.push(octets);
      this.#block = undefined;
      return;
    }
    if (this.#block === undefined || this.#block.used + octets.length > blockSize) {
      this.#block = { memory: Buffer.allocUnsafeSlow(blockSize), used: 0 };
      this.#pieces.push(this.#block.memory);
    }
    octets.copy(this.#block.memory, this.#block.used);
    this.#block.used += octets.length;
    this.#pieces[this.#pieces.length - 1] = this.#block.memory.subarray(0, this.#block.used);
  }

  /** The block ends with the first empty line; a message may begin with it. */
  #findHeader(octets: Buffer): void {
    const window = this.#tail.length === 0 ? octets : Buffer.concat([this.#tail, octets]);
    const before = this.size - window.length;
    const empty = before === 0 && window[0] === 0x0d && window[1] === 0x0a ? -2 : window.indexOf(emptyLine);
    this.#tail = empty === -1 ? window.subarray(-3) : none;
    if (empty === -1) return;
    const all = this.#pieces.length === 1 ? this.#pieces[0]! : Buffer.concat(this.#pieces);
    const header = all.subarray(0, before + empty + 4);
    if (header.length > largestHeader) return;
    this.#header = header;
    this.#shape = shapeOf(header);
    this.#shape?.write(all.subarray(header.length));
  }

  #spill(): Promise<void> {
    return (this.#writing = this.#write());
  }

  async #write(): Promise<void> {
    const pieces = this.#pieces;
    try {
      if (this.#hash === undefined) this.#scan = await this.#openScan();
      this.#hash ??= createHash('sha256');
      this.#file ??= await open(this.#path, 'wx', 0o600);
      for (const piece of pieces) this.#hash.update(piece);
      if (pieces.length > 0) await writeAll(this.#file, pieces);
      for (const piece of pieces) await this.#scan?.write(piece);
    } catch (cause) {
      this.#options.room.trouble(cause);
      await this.#fail('no-room');
      return;
    }
    this.#release();
  }

  /** Where it cannot be known now who reads along, the message is read from its file. */
  async #openScan(): Promise<Scan | undefined> {
    if (this.#header === undefined) return undefined;
    return this.#options.scan?.(this.#header).catch(() => undefined);
  }

  #release(): void {
    this.#options.room.release(this.#held);
    this.#held = 0;
    this.#pieces = [];
    this.#block = undefined;
  }

  #fail(trouble: Trouble): Promise<void> {
    this.trouble = trouble;
    return this.#remove();
  }
}

const none = Buffer.alloc(0);
const emptyLine = Buffer.from('\r\n\r\n');
/** Most mail has no parts: the header is split for those that may have some. */
const mayHaveParts = /^content-type[ \t]*:\s*(?:multipart|message)/im;

function shapeOf(header: Buffer): MimeShape | undefined {
  if (!mayHaveParts.test(header.toString('latin1'))) return undefined;
  return new MimeShape(valueOf(splitHeader(header), 'Content-Type') ?? '');
}

/** A disk that is nearly full takes a part and says so by a number only. */
async function writeAll(file: FileHandle, pieces: readonly Buffer[]): Promise<void> {
  const octets = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const { bytesWritten } = await file.writev(pieces);
  if (bytesWritten !== octets)
    throw new Error(`The staging volume took ${bytesWritten} of ${octets} octets; it is full.`);
}
