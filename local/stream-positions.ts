/** How far a stream was read, in the data folder: a change made just before a crash is read after it. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, Refusal } from './sentence.ts';

export interface StreamPositions {
  /** Sequence number of the last record that is done with; undefined: none yet. */
  read(shard: string): string | undefined;
  write(shard: string, sequenceNumber: string): void;
}

export function streamPositions(data: string): StreamPositions {
  const file = join(data, 'stream-positions.json');
  const positions = load(file);
  return {
    read: (shard) => positions[shard],
    write(shard, sequenceNumber) {
      positions[shard] = sequenceNumber;
      writeFileSync(`${file}.new`, JSON.stringify(positions));
      renameSync(`${file}.new`, file);
    },
  };
}

function load(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {};
    throw new Refusal(
      `The file ${file} cannot be read; delete it, and all documents are looked at again at the next start.`,
      { cause: error },
    );
  }
}
