/** Runs the command as a person does: its own process, what it prints, its exit code. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/postern.mjs', import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Postern {
  (...words: string[]): Promise<Said>;
  /** With text on standard input. */
  fed(input: string, ...words: string[]): Promise<Said>;
  /** With `--json`, parsed; rejects where it fails or says more than JSON. */
  json<T>(...words: string[]): Promise<T>;
}

export function postern(data: string, variables: Readonly<Record<string, string>> = {}): Postern {
  const env = { ...variables, POSTERN_DATA: data };
  const run = (...words: string[]): Promise<Said> => runCommand(env, words, '');
  return Object.assign(run, {
    fed: (input: string, ...words: string[]) => runCommand(env, words, input),
    async json<T>(...words: string[]): Promise<T> {
      const { out, err } = await runCommand(env, [...words, '--json'], '');
      if (out === '') throw new Error(err);
      return JSON.parse(out) as T;
    },
  });
}

type Variables = Readonly<Record<string, string>>;

async function runCommand(variables: Variables, words: readonly string[], input: string): Promise<Said> {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(process.execPath, [program, ...words], { env: { ...env, ...variables } });
  child.stdin.on('error', () => undefined).end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  const [out, err] = await said;
  return { code, out, err };
}
