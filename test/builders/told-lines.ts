/** What components write to standard output, kept from it: lines of the log, and metrics in CloudWatch's embedded format. */
import type { TestContext } from 'node:test';

export interface Metrics {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

export interface ToldLine {
  readonly [field: string]: unknown;
  readonly message?: string;
  readonly _aws?: { readonly CloudWatchMetrics: readonly Metrics[] };
}

export interface Told {
  /** One entry a write. */
  readonly writes: readonly string[];
  lines(): ToldLine[];
}

/** From here to the end of the test; the test runner's own octets go their way. */
export function toldLines(t: TestContext): Told {
  const writes: string[] = [];
  for (const stream of [process.stdout, process.stderr]) {
    const write = stream.write.bind(stream);
    t.mock.method(stream, 'write', (text: string | Uint8Array) =>
      typeof text === 'string' && text.startsWith('{') ? writes.push(text) > 0 : write(text),
    );
  }
  for (const name of ['log', 'info', 'error'] as const)
    t.mock.method(console, name, (text: string) => void writes.push(text));
  const lines = (): ToldLine[] =>
    writes
      .flatMap((text) => text.split('\n'))
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as ToldLine);
  return { writes, lines };
}
