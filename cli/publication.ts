/**
 * Waits until documents just written are judged by publishing: each gets `publishedAt` or `problems`. Gives up where
 * nothing more is judged for a minute: then publishing does not run, or has much else to do. A problem counts when it
 * lasts: a document judged before the one it names, which was written with it, is judged again a moment later.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { idOf, type SourceKey } from '../mail/directory/kept.ts';
import type { DirectoryTable } from '../aws/directory-table.ts';
import { inTurns } from './directory.ts';

const readAtOnce = 100;
const pauseMs = 250;
const patienceMs = 60_000;

export interface Publication {
  /** By id; empty where it is published. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
  /** Not judged while we waited. */
  readonly unjudged: ReadonlySet<string>;
}

interface Room {
  readonly table: Pick<DirectoryTable, 'read'>;
}

interface Watching {
  readonly onJudged?: (count: number) => void;
  /** How long a problem must last. */
  readonly secondLookMs?: number;
}

export async function awaitPublication(
  room: Room,
  keys: readonly SourceKey[],
  { onJudged = () => undefined, secondLookMs = 5_000 }: Watching = {},
): Promise<Publication> {
  const first = await firstJudgement(room, keys, onJudged);
  const problems = new Map(first.problems);
  const end = Date.now() + secondLookMs;
  while (keys.some((key) => hasProblems(problems, key)) && Date.now() < end) {
    await pause(pauseMs);
    await lookAgain(
      room,
      keys.filter((key) => hasProblems(problems, key)),
      problems,
    );
  }
  return { ...first, problems };
}

function hasProblems(problems: Publication['problems'], key: SourceKey): boolean {
  return (problems.get(idOf(key)) ?? []).length > 0;
}

async function lookAgain(
  { table }: Room,
  wrong: readonly SourceKey[],
  problems: Map<string, readonly string[]>,
): Promise<void> {
  const items = await inTurns(wrong, (some) => table.read(some));
  for (const key of wrong) problems.set(idOf(key), items.get(idOf(key))?.marks.problems ?? []);
}

async function firstJudgement(
  { table }: Room,
  keys: readonly SourceKey[],
  onJudged: (count: number) => void,
): Promise<Publication> {
  const problems = new Map<string, readonly string[]>();
  const waiting = new Map(keys.map((key) => [idOf(key), { form: key.form, name: key.name }]));
  let last = Date.now();
  while (waiting.size > 0 && Date.now() - last < patienceMs) {
    const some = [...waiting.values()].slice(0, readAtOnce);
    const before = waiting.size;
    const items = await table.read(some);
    for (const key of some) {
      const item = items.get(idOf(key));
      if (item !== undefined && item.marks.publishedAt === undefined && item.marks.problems === undefined)
        continue;
      problems.set(idOf(key), item?.marks.problems ?? []);
      waiting.delete(idOf(key));
    }
    onJudged(problems.size);
    if (waiting.size < before) last = Date.now();
    if (waiting.size > 0 && before - waiting.size < some.length) await pause(pauseMs);
  }
  return { problems, unjudged: new Set(waiting.keys()) };
}
