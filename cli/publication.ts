/**
 * Waits until documents just written are judged by publishing: each gets `publishedAt` or `problems`. Gives up where
 * nothing more is judged for a minute: then publishing does not run, or has much else to do.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { idOf, type SourceKey } from '../mail/directory/kept.ts';
import type { DirectoryRoom } from './directory.ts';

const readAtOnce = 100;
const pauseMs = 250;
const patienceMs = 60_000;

export interface Publication {
  /** By id; empty where it is published. */
  readonly problems: ReadonlyMap<string, readonly string[]>;
  /** Not judged while we waited. */
  readonly unjudged: ReadonlySet<string>;
}

export async function awaitPublication(
  { table }: Pick<DirectoryRoom, 'table'>,
  keys: readonly SourceKey[],
  onJudged: (count: number) => void = () => undefined,
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
