/** Standard input, read at once: from a file, a terminal, or a pipe whose other end may not have written yet. */
import { readSync } from 'node:fs';

/** Octets read into `into`; 0: there are no more. */
export function readInput(into: Buffer): number {
  for (;;) {
    try {
      return readSync(0, into, 0, into.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      // The other end of the pipe has not written yet.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}

export function readAllInput(): Buffer {
  const chunks: Buffer[] = [];
  const chunk = Buffer.alloc(65_536);
  for (let read = readInput(chunk); read > 0; read = readInput(chunk))
    chunks.push(Buffer.from(chunk.subarray(0, read)));
  return Buffer.concat(chunks);
}
