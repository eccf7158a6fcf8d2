/**
 * The end of a case. What is rejected is written down at once with what it waits for, and judged once more when it
 * has just begun to wait: what it waits for may have come in between, when nobody could see it waiting. The mark of
 * the item (`publishedAt`, or `problems`) comes last of all, when all that follows from the case is done: until then
 * the case is not settled, and who finds it again does what a killed run left undone. A mark that finds other content
 * says so: the case is looked at again.
 */
import { fitting } from '../../aws/directory-table.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import { storedProblems } from '../../mail/document/problems.ts';
import type { Rejected } from '../../mail/directory/kept.ts';
import { isMarkedBad, type Case, type Stores } from './cases.ts';

export type Outcome =
  | (Touching & {
      readonly kind: 'published';
      readonly publishedAt: string;
      readonly warnings: readonly string[];
    })
  /** `version` of what is kept to tell that it went; undefined: nothing was in force. */
  | (Touching & { readonly kind: 'deleted'; readonly version?: string })
  | Rejection
  /** Somebody else wrote first: look again. */
  | { readonly kind: 'again' };

interface Touching {
  /** Claims that it lets go of: whoever waits for one is looked at again. */
  readonly letGo: readonly string[];
}

export interface Rejection {
  readonly kind: 'rejected';
  readonly problems: readonly string[];
  readonly waitsFor: readonly string[];
}

export type Final = Exclude<Outcome, { kind: 'again' }>;
type Ends = Stores & { readonly log: Pick<MailLog, 'published'> };

/** True: it waits for something since now, and is to be judged again although nothing about itself has changed. */
export async function recordRejection({ views, log }: Ends, one: Case, outcome: Rejection): Promise<boolean> {
  const next = rejectedOf(one, outcome);
  if (JSON.stringify(order(one.rejected)) === JSON.stringify(order(next))) return false;
  await views.reject(one.rejected, next);
  const waits = next.waitsFor.length > 0;
  if (one.item === undefined || (!waits && isMarkedBad(one.item, next))) tellInvalid(log, next);
  return waits;
}

/** False: the item says something else by now. */
export async function finish(ends: Ends, one: Case, outcome: Final): Promise<boolean> {
  if (outcome.kind === 'rejected') return markRejected(ends, one, outcome);
  if (outcome.kind === 'published') {
    const { publishedAt, warnings } = outcome;
    if (!(await ends.table.mark(one.item!, { publishedAt, warnings }))) return false;
  } else if (outcome.version !== undefined && one.key !== undefined) {
    await ends.views.forget(one.key, outcome.version);
  }
  // Afterwards: by what it waits for, who repeats the work finds it.
  if (one.rejected !== undefined) await ends.views.reject(one.rejected, undefined);
  ends.log.published({ form: one.source.form, name: one.source.name, outcome: outcome.kind });
  return true;
}

async function markRejected({ table, log }: Ends, one: Case, outcome: Rejection): Promise<boolean> {
  const rejected = rejectedOf(one, outcome);
  if (one.item === undefined || isMarkedBad(one.item, rejected)) return true;
  tellInvalid(log, rejected);
  return table.mark(one.item, { problems: rejected.problems });
}

function tellInvalid(log: Ends['log'], { form, source, problems }: Rejected): void {
  log.published({ form, name: source, outcome: 'invalid', problems: problems.length });
}

function rejectedOf({ source, item }: Case, { problems, waitsFor }: Rejection): Rejected {
  return {
    form: source.form,
    source: source.name,
    state: item === undefined ? 'deleted' : 'invalid',
    hash: item?.hash ?? '',
    problems: item === undefined ? problems : fitting(storedProblems(problems), item),
    waitsFor: waitsFor.slice(0, mostWaits),
  };
}

/** Enough to tell one state from another; a document that waits for more is judged again all the same. */
const mostWaits = 100;

function order(rejected: Rejected | undefined): unknown[] {
  if (rejected === undefined) return [];
  const { state, hash, problems, waitsFor } = rejected;
  return [state, hash, problems, waitsFor];
}
