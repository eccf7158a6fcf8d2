/**
 * Bodies of S3 objects as files, streamed in and out so that no body is ever whole in memory. A body is a list
 * of segments (one per part of a multipart upload), each in a file of its own that is never written again; it
 * counts only once the catalog names it, and what the catalog does not name is deleted at the next start.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { constants, copyFile, open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

export interface Segment {
  readonly file: string;
  readonly size: number;
}

export interface Received extends Segment {
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64 of the big-endian value, as S3 writes it. */
  readonly crc32: string;
}

export class ObjectFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  async receive(source: AsyncIterable<Buffer>): Promise<Received> {
    const file = randomUUID();
    const md5 = createHash('md5');
    let size = 0;
    let crc = 0;
    async function* measured(): AsyncGenerator<Buffer> {
      for await (const piece of source) {
        size += piece.length;
        crc = crc32(piece, crc);
        md5.update(piece);
        yield piece;
      }
    }
    try {
      await pipeline(measured(), createWriteStream(this.#path(file), { flags: 'wx', mode: 0o600 }));
    } catch (error) {
      this.remove([{ file, size }]);
      throw error;
    }
    const value = Buffer.alloc(4);
    value.writeUInt32BE(crc);
    return { file, size, md5: md5.digest('hex'), crc32: value.toString('base64') };
  }

  /** The bytes from `start` to before `end`. Its files are open before it returns: a deletion does not cut it. */
  async read(segments: readonly Segment[], start: number, end: number): Promise<AsyncGenerator<Buffer>> {
    const slices = slicesOf(segments, start, end);
    const opened = await Promise.allSettled(slices.map(({ file }) => open(this.#path(file))));
    const handles = opened.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const failure = opened.find((result) => result.status === 'rejected');
    if (failure) await Promise.all(handles.map((handle) => handle.close()));
    if (failure) throw failure.reason;
    return (async function* () {
      try {
        for (const [i, { from, to }] of slices.entries())
          if (to > from)
            yield* handles[i]?.createReadStream({ start: from, end: to - 1, autoClose: false }) ?? [];
      } finally {
        await Promise.all(handles.map((handle) => handle.close()));
      }
    })();
  }

  copy(segments: readonly Segment[]): Promise<Segment[]> {
    return Promise.all(
      segments.map(async ({ file, size }) => {
        const copy = randomUUID();
        await copyFile(this.#path(file), this.#path(copy), constants.COPYFILE_FICLONE);
        return { file: copy, size };
      }),
    );
  }

  remove(segments: readonly Segment[]): void {
    for (const { file } of segments) rmSync(this.#path(file), { force: true });
  }

  removeAllBut(named: ReadonlySet<string>): void {
    for (const file of readdirSync(this.#folder)) if (!named.has(file)) unlinkSync(this.#path(file));
  }

  #path(file: string): string {
    return join(this.#folder, file);
  }
}

interface Slice {
  readonly file: string;
  readonly from: number;
  readonly to: number;
}

export function slicesOf(segments: readonly Segment[], start: number, end: number): Slice[] {
  let before = 0;
  return segments.flatMap(({ file, size }) => {
    const from = Math.max(start - before, 0);
    const to = Math.min(end - before, size);
    before += size;
    return from < to ? [{ file, from, to }] : [];
  });
}
