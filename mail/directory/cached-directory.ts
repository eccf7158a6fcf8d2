/**
 * Look-ups kept in memory for seconds, positive and negative ones alike; those who ask the same at once share one
 * read. Failures are not kept. Bounded: the oldest answers make room.
 */
import { foldName, lookupKey } from '../document/names.ts';
import { DirectoryUnavailable, type Directory } from './directory.ts';

const mostAnswers = 10_000;

export function cachedDirectory(
  directory: Directory,
  { seconds, now }: { readonly seconds: number; readonly now: () => number },
): Directory {
  const answers = new Map<string, { until: number; answer: Promise<unknown> }>();

  function remember<T>(question: string, ask: () => Promise<T>): Promise<T> {
    const known = answers.get(question);
    if (known !== undefined && known.until > now()) return known.answer as Promise<T>;
    const answer = ask().catch((cause: unknown) => {
      if (answers.get(question)?.answer === answer) answers.delete(question);
      throw unavailable(cause);
    });
    // Written again, it becomes the newest: a Map keeps the order of writing.
    answers.delete(question);
    answers.set(question, { until: now() + seconds * 1_000, answer });
    if (answers.size > mostAnswers) answers.delete(answers.keys().next().value!);
    return answer;
  }

  return {
    findAddress: (text) => remember(`address#${lookupKey(text)}`, () => directory.findAddress(text)),
    findName: (text) => remember(`name#${lookupKey(text)}`, () => directory.findName(text)),
    ...(directory.fullName === undefined
      ? {}
      : { fullName: (name) => remember(`full#${foldName(name)}`, () => directory.fullName!(name)) }),
    group: (name) => remember(`group#${lookupKey(name)}`, () => directory.group(name)),
  };
}

function unavailable(cause: unknown): DirectoryUnavailable {
  if (cause instanceof DirectoryUnavailable) return cause;
  return new DirectoryUnavailable('The directory could not be read.', { cause });
}
