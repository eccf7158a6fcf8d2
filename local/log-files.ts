/**
 * Components' output in `<data>/log/<component>.log`; lines are handed on to whoever counts them. A file that has
 * grown large makes room for a new one and is kept once.
 */
import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';

const largest = 32 * 1024 * 1024;

export type LineReader = (line: string) => void;

export function logFile(folder: string, component: string, onLine: LineReader): Writable {
  const path = join(folder, `${component}.log`);
  let file = openSync(path, 'a');
  let size = fstatSync(file).size;
  let rest = '';
  const rotate = (): void => {
    closeSync(file);
    renameSync(path, `${path}.1`);
    file = openSync(path, 'a');
    size = 0;
  };
  return new Writable({
    decodeStrings: true,
    write(chunk: Buffer, _encoding, done) {
      try {
        if (size > largest) rotate();
        size += writeSync(file, chunk);
      } catch {
        // A full disk costs log lines, not the gateway.
      }
      const lines = (rest + chunk.toString('utf8')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
      done();
    },
    final(done) {
      closeSync(file);
      done();
    },
  });
}
