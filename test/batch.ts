/**
 * `node test/batch.ts FILE…`, as test/batches.ts starts it: runs test files in this one process, one after the other, and
 * tells its parent what comes of each test. It ends by itself once nothing that a test opened is open.
 */
import { run } from 'node:test';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';

/** What the parent is told. */
export type Told =
  | { readonly type: 'begun' | 'over'; readonly name: string }
  | {
      readonly type: 'passed';
      readonly name: string;
      readonly file: string;
      /** Why it was left out; absent: it was not. */
      readonly left?: string | true;
    }
  | { readonly type: 'failed'; readonly name: string; readonly failure: string }
  /** Every test has been told. */
  | { readonly type: 'end' };

/** Longer than any test may take. */
const patienceMs = 180_000;
const files = process.argv.slice(2);
const failed = new Set<string>();

for await (const event of run({ files, isolation: 'none', timeout: patienceMs })) tell(event);
for (const file of files) if (!failed.has(file)) await tellImport(file);
send({ type: 'end' });
process.disconnect?.();

function send(message: Told): void {
  process.send?.(message);
}

/** The runner passes a file that has no test; a parent fails with its subtests, and only the subtest says something. */
function tell({ type, data }: { type: string; data: unknown }): void {
  const { name, nesting, file = '', line, entryFile = file, skip, todo, details } = data as Outcome;
  const left = skip ?? todo;
  if (type === 'test:dequeue') send({ type: 'begun', name: `${entryFile} › ${name}` });
  if (type === 'test:complete') send({ type: 'over', name: `${entryFile} › ${name}` });
  if (type === 'test:pass' && nesting === 0 && files.includes(name))
    send({ type: 'failed', name, failure: 'It declares no test.' });
  else if (type === 'test:pass' && details.type !== 'suite')
    send({ type: 'passed', name, file: entryFile, ...(left !== undefined && { left }) });
  if (type === 'test:fail') failed.add(name);
  if (type === 'test:fail' && details.error?.failureType !== 'subtestsFailed')
    send({
      type: 'failed',
      name: `${entryFile}:${line} › ${name}`,
      failure: readable(details.error?.cause ?? details.error),
    });
}

interface Outcome {
  readonly name: string;
  readonly nesting: number;
  readonly file?: string;
  readonly entryFile?: string;
  readonly line?: number;
  readonly skip?: string | true;
  readonly todo?: string | true;
  readonly details: { readonly type?: string; readonly error?: { failureType?: string; cause?: unknown } };
}

/** An assertion's stack has its difference; of other errors the cause matters too. The runner's own frames do not. */
function readable(error: unknown): string {
  const asserted = error instanceof Error && 'code' in error && error.code === 'ERR_ASSERTION';
  const text = asserted ? (error.stack ?? error.message) : inspect(error);
  return text.replace(/^ *at .*node:internal.*\n?/gm, '');
}

/** The runner keeps to itself that a file threw once it had declared a test; a second import throws the same again. */
async function tellImport(file: string): Promise<void> {
  try {
    await import(pathToFileURL(file).href);
  } catch (error) {
    send({ type: 'failed', name: file, failure: readable(error) });
  }
}
