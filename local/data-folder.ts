/**
 * The data folder: made where absent, tried for writing, and locked while a gateway lives. The lock is an
 * exclusive SQLite transaction: the system takes it back when the process dies, however it dies, so there is no
 * stale lock to judge.
 */
import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { codeOf, Refusal, textOf } from './sentence.ts';

export interface DataFolder {
  readonly path: string;
  readonly log: string;
  readonly staging: string;
  readonly certificates: string;
  release(): void;
}

const SQLITE_BUSY = 5;

export function openDataFolder(path: string): DataFolder {
  const folder = {
    path,
    log: join(path, 'log'),
    staging: join(path, 'staging'),
    certificates: join(path, 'certificates'),
  };
  for (const each of [path, folder.log, folder.staging, folder.certificates, join(path, 'secrets')])
    makeFolder(each);
  const lock = takeLock(path);
  return { ...folder, release: () => lock.close() };
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new Refusal(
      `The folder ${path} cannot be used: ${reason(path, error)}; choose another with POSTERN_DATA.`,
      {
        cause: error,
      },
    );
  }
}

function reason(path: string, error: unknown): string {
  const code = codeOf(error);
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'it may not be written by this user';
  if (code === 'EEXIST' || code === 'ENOTDIR') return 'there is a file where a folder should be';
  if (code === 'ENOSPC') return 'the disk is full';
  return statSync(path, { throwIfNoEntry: false })?.isFile() ? 'it is a file' : textOf(error);
}

function takeLock(path: string): DatabaseSync {
  const lock = new DatabaseSync(join(path, 'lock'));
  try {
    lock.exec('PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new Refusal(lockSentence(path, error), { cause: error });
  }
}

function lockSentence(path: string, error: unknown): string {
  const busy = error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
  if (busy)
    return `Another gateway is running on ${path}; stop it, or choose another folder with POSTERN_DATA.`;
  return `The file ${join(path, 'lock')} cannot be used (${textOf(error)}); delete it and start again.`;
}
