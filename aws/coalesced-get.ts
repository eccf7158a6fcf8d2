/**
 * Items by key, asked for one by one and read together: what is asked in the same turn of the event loop goes into one
 * BatchGetItem, so that a group of thousands costs a hundredth of the calls. Keys asked twice at once are read once.
 */
import { batchGet, type TableOf } from './batch-get.ts';
import type { Item } from './items.ts';

export type TableKey = { readonly key: string; readonly sort: string };

interface Question {
  readonly asked: TableKey;
  readonly answer: (item: Item | undefined) => void;
  readonly fail: (cause: unknown) => void;
}

export function coalescedGet(from: TableOf, timeoutMs: number): (key: TableKey) => Promise<Item | undefined> {
  let waiting: Question[] = [];
  const ask = async (): Promise<void> => {
    const questions = waiting;
    waiting = [];
    const keys = new Map(questions.map(({ asked }) => [textOf(asked), asked]));
    try {
      const items = await batchGet(from, [...keys.values()], { consistent: false, timeoutMs });
      const found = new Map(items.map((item) => [`${item['key']?.S}\n${item['sort']?.S}`, item]));
      for (const { asked, answer } of questions) answer(found.get(textOf(asked)));
    } catch (cause) {
      for (const { fail } of questions) fail(cause);
    }
  };
  return (asked) =>
    new Promise((answer, fail) => {
      if (waiting.length === 0) setImmediate(() => void ask());
      waiting.push({ asked, answer, fail });
    });
}

function textOf({ key, sort }: TableKey): string {
  return `${key}\n${sort}`;
}
