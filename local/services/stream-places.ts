/**
 * How far each consumer has read each stream, in one small file that is replaced whole. Written after a record
 * was dealt with, so that a killed process reads on with the first one that was not.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { BrokenState } from './broken-state.ts';

export class StreamPlaces {
  readonly #file: string;
  readonly #places: Map<string, string>;

  constructor(file: string) {
    this.#file = file;
    this.#places = new Map(Object.entries(read(file)));
  }

  of(consumer: string, streamArn: string): string | undefined {
    return this.#places.get(`${consumer} ${streamArn}`);
  }

  keep(consumer: string, streamArn: string, sequenceNumber: string): void {
    this.#places.set(`${consumer} ${streamArn}`, sequenceNumber);
    writeFileSync(`${this.#file}.new`, JSON.stringify(Object.fromEntries(this.#places)), { mode: 0o600 });
    renameSync(`${this.#file}.new`, this.#file);
  }
}

function read(file: string): Record<string, string> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new BrokenState(
      `The file ${file} cannot be read: delete it, and the streams are read from their start.`,
      {
        cause: error,
      },
    );
  }
}
