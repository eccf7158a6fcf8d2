/**
 * Runs the command: with text on standard input as a person does, in a process of its own; otherwise one after another
 * in a process that has the program loaded.
 */
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('../../cli/postern.mjs', import.meta.url));
const loaded = fileURLToPath(new URL('command-child.ts', import.meta.url));

export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface Postern {
  (...words: string[]): Promise<Said>;
  /** With text on standard input, in a process of its own. */
  fed(input: string, ...words: string[]): Promise<Said>;
  /** With `--json`, parsed; rejects where it fails or says more than JSON. */
  json<T>(...words: string[]): Promise<T>;
}

export function postern(data: string, variables: Readonly<Record<string, string>> = {}): Postern {
  const env = { ...variables, POSTERN_DATA: data };
  let child: ChildProcess | undefined;
  const run = (...words: string[]): Promise<Said> => {
    child ??= startLoaded(env);
    return ask(child, words);
  };
  return Object.assign(run, {
    fed: (input: string, ...words: string[]) => runAlone(env, words, input),
    async json<T>(...words: string[]): Promise<T> {
      const { out, err } = await run(...words, '--json');
      if (out === '') throw new Error(err);
      return JSON.parse(out) as T;
    },
  });
}

function startLoaded(variables: Variables): ChildProcess {
  const child = fork(loaded, { env: surroundings(variables) });
  // A test that is done ends, and its children with it.
  child.unref();
  child.channel?.unref();
  return child;
}

function ask(child: ChildProcess, words: readonly string[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const died = (): void => reject(new Error(`"${words.join(' ')}" ended its process.`));
    child.channel?.ref();
    child.once('exit', died);
    child.once('message', (said: Said) => {
      child.off('exit', died);
      child.channel?.unref();
      resolve(said);
    });
    child.send(words);
  });
}

type Variables = Readonly<Record<string, string>>;

function surroundings(variables: Variables): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return { ...env, ...variables };
}

async function runAlone(variables: Variables, words: readonly string[], input: string): Promise<Said> {
  const child = spawn(process.execPath, [program, ...words], { env: surroundings(variables) });
  child.stdin.on('error', () => undefined).end(input);
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  const [out, err] = await said;
  return { code, out, err };
}
