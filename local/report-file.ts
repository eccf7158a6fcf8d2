/** A file that tells people what happened. It is replaced whole; where it cannot be written, the gateway goes on. */
import { renameSync, writeFileSync } from 'node:fs';

export function replaceFile(path: string, text: string): void {
  try {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  } catch {
    // The next change tries again.
  }
}
