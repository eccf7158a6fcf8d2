/** What a command returns, and how it is printed: as JSON, as bytes, or for a person. */
import { once } from 'node:events';

export interface Result {
  /** Printed with `--json`: a list or an object. */
  readonly json: unknown;
  /** Printed otherwise: lines of text, or bytes exactly as they are, or as they come. */
  readonly text: string | Buffer | AsyncIterable<Buffer>;
  readonly exitCode?: number;
  /** What went wrong besides, for standard error; the exit code is 1. */
  readonly error?: string;
}

export async function print({ json, text }: Result, asJson: boolean): Promise<void> {
  if (asJson) process.stdout.write(`${JSON.stringify(json, undefined, 2)}\n`);
  else if (Buffer.isBuffer(text)) process.stdout.write(text);
  else if (typeof text !== 'string') await printAll(text);
  else if (text !== '') process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

async function printAll(chunks: AsyncIterable<Buffer>): Promise<void> {
  for await (const chunk of chunks) if (!process.stdout.write(chunk)) await once(process.stdout, 'drain');
}

/** What is longer pushes its own row apart, not all of them. */
const widest = 80;

/** Rows under headings, each column as wide as its longest cell. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, n) =>
    Math.min(widest, Math.max(...all.map((row) => (row[n] ?? '').length))),
  );
  return all
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
