/**
 * The end of a case, once views and settings are written: the item is marked (`publishedAt`, or `problems`), and
 * what is rejected is remembered with what it waits for. A mark that finds other content says so: the case is
 * looked at again. So is one that has just begun to wait: what it waits for may have come between judging it and
 * writing down that it waits, when nobody could see it waiting.
 */
import { fitting } from '../../aws/directory-table.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import { storedProblems } from '../../mail/document/problems.ts';
import type { Rejected } from '../../mail/directory/kept.ts';
import type { Case, Stores } from './cases.ts';

export type Outcome =
  | { readonly kind: 'published'; readonly publishedAt: string; readonly warnings: readonly string[] }
  | { readonly kind: 'deleted' }
  | Rejection
  /** Somebody else wrote first: look again. */
  | { readonly kind: 'again' };

export interface Rejection {
  readonly kind: 'rejected';
  readonly problems: readonly string[];
  readonly waitsFor: readonly string[];
}

/** `judge again`: although nothing about itself has changed. */
export type Finished = 'done' | 'again' | 'judge again';

export async function finish(
  stores: Stores & { readonly log: Pick<MailLog, 'published'> },
  one: Case,
  outcome: Outcome,
): Promise<Finished> {
  if (outcome.kind === 'again') return 'again';
  const fields = { form: one.source.form, name: one.source.name };
  if (outcome.kind === 'rejected') return finishRejected(stores, one, outcome);
  if (outcome.kind === 'published') {
    const { publishedAt, warnings } = outcome;
    const marked = await stores.table.mark(one.item!, { publishedAt, warnings });
    if (!marked) return 'again';
  }
  if (one.rejected !== undefined) await stores.views.reject(one.rejected, undefined);
  stores.log.published({ ...fields, outcome: outcome.kind });
  return 'done';
}

async function finishRejected(
  { table, views, log }: Stores & { readonly log: Pick<MailLog, 'published'> },
  one: Case,
  outcome: Rejection,
): Promise<Finished> {
  const rejected: Rejected = {
    form: one.source.form,
    source: one.source.name,
    state: one.item === undefined ? 'deleted' : 'invalid',
    hash: one.item?.hash ?? '',
    problems: one.item === undefined ? outcome.problems : fitting(storedProblems(outcome.problems), one.item),
    waitsFor: outcome.waitsFor,
  };
  if (!isNews(one, rejected)) return 'done';
  await views.reject(one.rejected, rejected);
  log.published({
    form: rejected.form,
    name: rejected.source,
    outcome: 'invalid',
    problems: rejected.problems.length,
  });
  const marked = one.item === undefined || (await table.mark(one.item, { problems: rejected.problems }));
  if (!marked) return 'again';
  return rejected.waitsFor.length > 0 ? 'judge again' : 'done';
}

function isNews({ item, rejected }: Case, next: Rejected): boolean {
  const marked = item === undefined || JSON.stringify(item.marks.problems) === JSON.stringify(next.problems);
  const unmarked = item?.marks.publishedAt === undefined;
  return !marked || !unmarked || JSON.stringify(order(rejected)) !== JSON.stringify(order(next));
}

function order(rejected: Rejected | undefined): unknown[] {
  if (rejected === undefined) return [];
  const { state, hash, problems, waitsFor } = rejected;
  return [state, hash, problems, waitsFor];
}
