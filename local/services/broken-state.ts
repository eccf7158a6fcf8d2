/** Checks the data folder before anything starts, and says in one sentence why the services cannot use it. */
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

export interface Folders {
  readonly tables: string;
  readonly queues: string;
  readonly objects: string;
  readonly secrets: string;
}

/** A reason that a person can act on, as opposed to a fault of ours. */
export class BrokenState extends Error {}

export function prepareFolders(dataDir: string): Folders {
  const top = resolve(dataDir);
  const folders = {
    tables: join(top, 'dynamodb'),
    queues: join(top, 'sqs'),
    objects: join(top, 's3'),
    secrets: join(top, 'secrets'),
  };
  for (const folder of [top, ...Object.values(folders)]) prepare(folder);
  return folders;
}

function prepare(folder: string): void {
  try {
    make(folder);
    if (!statSync(folder).isDirectory()) throw new Error('It is not a folder.');
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new BrokenState(
      `The folder ${folder} cannot be written: make it writable for this user, or name another with POSTERN_DATA.`,
      { cause: error },
    );
  }
}

/** Not `recursive`, which never returns where a folder like /proc answers ENOENT to what it will not create. */
function make(folder: string): void {
  if (existsSync(folder)) return;
  make(dirname(folder));
  // Mail and secrets lie in it: nobody else's business.
  mkdirSync(folder, { mode: 0o700 });
}

const kinds = { tables: 'tables', queues: 'queues', objects: 'stored messages' } as const;

/** Runs what opens one part of the state; a failure becomes the sentence about that part. */
export function opening<T>(kind: keyof typeof kinds, folder: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw sentenceAbout(kind, folder, error);
  }
}

export function sentenceAbout(kind: keyof typeof kinds, folder: string, error: unknown): BrokenState {
  const sentence = inUse(error)
    ? `The data in ${folder} is in use by another process: stop the gateway that runs on it, or name another folder with POSTERN_DATA.`
    : `The ${kinds[kind]} in ${folder} cannot be opened (${reasonOf(error)}): put back a copy of the folder, or move it away to start with an empty one.`;
  return new BrokenState(sentence, { cause: error });
}

const inUse = (error: unknown): boolean => chain(error).some(({ code }) => code === 'LEVEL_LOCKED');

const reasonOf = (error: unknown): string =>
  (chain(error).at(-1)?.message ?? String(error)).split('\n')[0]?.replace(/\.$/, '') ?? '';

function chain(error: unknown): (Error & { code?: string })[] {
  return error instanceof Error ? [error, ...chain(error.cause)] : [];
}
