/**
 * Publishes documents: reads each again, validates it alone and against the others, writes kept versions, views and
 * settings. Documents that wait for what changed are done in the next round, those that wait for these in the one
 * after. Items are marked at the end, those of the last round first, so that a document is settled only when all that
 * follows from it is: whoever is given it again after a crash does the rest.
 *
 * What fails is told by document, so that the rest of a batch is not held up; a document fails with what follows
 * from it, and settings that cannot be written fail them all.
 */
import type { MailLog } from '../../aws/mail-log.ts';
import type { SettingsStore } from '../../aws/settings-store.ts';
import type { StandingViews } from '../../aws/standing-views.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { idOf, isSettingsForm, type SourceKey } from '../../mail/directory/kept.ts';
import { gather, isSettled, type Case, type Stores } from './cases.ts';
import { finish, recordRejection, type Final, type Outcome } from './finish.ts';
import type { Outside } from './outside.ts';
import { publishSettings } from './publish-settings.ts';
import { publishValid } from './publish-entry.ts';
import { anySettings, settleSettings } from './settings-stage.ts';
import { several } from './several.ts';

export interface Publisher extends Stores {
  readonly standing: StandingViews;
  readonly settings: SettingsStore;
  readonly clock: Clock;
  /** The server that this deployment runs. */
  readonly ownServer: string;
  readonly outside: Outside;
  readonly log: Pick<MailLog, 'published' | 'fault'>;
}

/** Documents that failed, by id; they are to be published again. */
export type Failures = ReadonlyMap<string, unknown>;

/** Writes at once; DynamoDB takes more, a small Lambda does not. */
const atOnce = 12;
const mostRounds = 50;

export async function publish(
  publisher: Publisher,
  sources: readonly SourceKey[],
  forced?: 'forced',
): Promise<Failures> {
  const run = newRun(publisher);
  await publishAll(run, { sources, forced: new Set(forced === undefined ? [] : sources.map(idOf)) });
  return causes(run);
}

/**
 * Judges what is in force, and what waits, against each other once more, for the full pass: two publishers at once
 * may each have seen the world before the other changed it.
 */
export async function judgeTogether(publisher: Publisher): Promise<Failures> {
  const run = newRun(publisher);
  const first = await judged(run, [], new Map());
  run.round += 2;
  await publishAll(run, first.sources.length > 0 ? first : await finishAll(run));
  return causes(run);
}

interface Run {
  readonly publisher: Publisher;
  /** Counts by two: what a round finds besides the cases that it was to look at follows from them, half a round later. */
  round: number;
  /** By id. */
  readonly failures: Map<string, { readonly cause: unknown; readonly round: number }>;
  /** Ids of what this run rejected first, or otherwise than before. */
  readonly news: Set<string>;
  /** Cases that are done but for the mark, by id, with the round that they belong to. */
  readonly ended: Map<string, Ended>;
}
interface Ended {
  readonly one: Case;
  readonly outcome: Final;
  readonly round: number;
}

function newRun(publisher: Publisher): Run {
  return { publisher, round: 2, failures: new Map(), news: new Set(), ended: new Map() };
}

function causes({ failures }: Run): Failures {
  return new Map([...failures].map(([id, { cause }]) => [id, cause]));
}

interface Work {
  readonly sources: readonly SourceKey[];
  /** Ids of those to look at although nothing about themselves has changed. */
  readonly forced: ReadonlySet<string>;
}
const nothing: Work = { sources: [], forced: new Set() };
type Outcomes = Map<Case, Outcome>;

async function publishAll(run: Run, work: Work): Promise<void> {
  for (let next = work; next.sources.length > 0; run.round += 2) {
    if (run.round > 2 * mostRounds) throw new Error('Documents kept changing while they were published.');
    next = await publishRound(run, next);
    if (next.sources.length === 0) next = await finishAll(run);
  }
}

/** What is left to do afterwards: cases that somebody else changed meanwhile, and those that waited for these. */
async function publishRound(run: Run, work: Work): Promise<Work> {
  const gathered = await gather(run.publisher, work.sources);
  const cases = gathered.filter((one) => work.forced.has(idOf(one.source)) || !isSettled(one));
  if (cases.length === 0) return nothing;
  const outcomes: Outcomes = new Map();
  await several(cases.filter(isEntry), atOnce, (one) =>
    guarded(run, { one }, async () => void outcomes.set(one, await publishEntry(run.publisher, one))),
  );
  return judged(
    run,
    cases.filter((one) => !isEntry(one)),
    outcomes,
  );
}

/** The others are judged together; then all cases end, but for their marks. */
async function judged(run: Run, rest: readonly Case[], outcomes: Outcomes): Promise<Work> {
  const asked = new Set([...outcomes.keys(), ...rest]);
  const touched = await publishRest(run, rest, outcomes);
  const again: SourceKey[] = [];
  const forced: SourceKey[] = [];
  await several([...outcomes], atOnce, ([one, outcome]) => {
    const round = run.round + (asked.has(one) ? 0 : 1);
    return guarded(run, { one, round }, async () => {
      if (outcome.kind === 'again') again.push(one.source);
      else if (outcome.kind === 'rejected' && (await recordRejection(run.publisher, one, outcome))) {
        run.news.add(idOf(one.source));
        forced.push(one.source);
      } else end(run, { one, outcome, round });
    });
  });
  const done = inForce(run);
  const waiting = await run.publisher.views.waiting(touched);
  forced.push(...waiting.filter((source) => !done.has(idOf(source))));
  return { sources: [...again, ...forced], forced: new Set(forced.map(idOf)) };
}

/** A case that ends once more stays in the round where it came first: what followed from it came later. */
function end({ ended }: Run, { one, outcome, round }: Ended): void {
  const id = idOf(one.source);
  ended.set(id, { one, outcome, round: ended.get(id)?.round ?? round });
}

/** What waits no more, although its rejection is there until the end. */
function inForce({ ended }: Run): Set<string> {
  return new Set([...ended].flatMap(([id, { outcome }]) => (outcome.kind === 'rejected' ? [] : [id])));
}

/** Marks the items, the last round first; answers those that say something else by now. */
async function finishAll(run: Run): Promise<Work> {
  const again: SourceKey[] = [];
  for (let round = run.round + 1; round > 0; round -= 1) {
    const those = [...run.ended.values()].filter((one) => one.round === round);
    const failed = [...run.failures.values()].find((failure) => failure.round > round);
    await several(those, atOnce, ({ one, outcome }) => {
      // What was rejected before follows from nothing of this run: its mark holds nobody up.
      const isOld = outcome.kind === 'rejected' && !run.news.has(idOf(one.source));
      return guarded(run, { one, round: isOld ? 0 : round }, async () => {
        if (failed !== undefined) throw new Error('What follows from it failed.', { cause: failed.cause });
        if (!(await finish(run.publisher, one, outcome))) again.push(one.source);
      });
    });
  }
  run.ended.clear();
  return { sources: again, forced: new Set() };
}

/** People, groups and databases that are there; what settings are made of, and deletions, others may need. */
function isEntry({ item, key }: Case): boolean {
  return item !== undefined && !(key !== undefined && isSettingsForm(key.form));
}

async function publishEntry(publisher: Publisher, one: Case): Promise<Outcome> {
  if (one.valid === undefined) return { kind: 'rejected', problems: one.problems, waitsFor: [] };
  return publishValid(publisher, one, one.valid);
}

async function guarded(
  run: Run,
  { one: { source }, round = run.round }: { one: Case; round?: number },
  act: () => Promise<void>,
): Promise<void> {
  const { form, name } = source;
  try {
    await act();
    run.failures.delete(idOf(source));
  } catch (cause) {
    run.failures.set(idOf(source), { cause, round });
    run.publisher.log.fault('A document could not be published.', cause, { form, name });
  }
}

/** Settings forms and deletions, then the settings themselves; answers the ids whose waiters may come next. */
async function publishRest(run: Run, cases: readonly Case[], outcomes: Outcomes): Promise<string[]> {
  const stage = await settleSettings(run.publisher, cases, inForce(run));
  for (const [one, outcome] of stage.outcomes) outcomes.set(one, outcome);
  const changed = [...outcomes].flatMap(([{ key }, outcome]) =>
    outcome.kind === 'published' || outcome.kind === 'deleted' ? [{ key, outcome }] : [],
  );
  const touched = new Set(
    changed.flatMap(({ key, outcome }) => [...(key === undefined ? [] : [idOf(key)]), ...outcome.letGo]),
  );
  const matters = changed.some(
    ({ key }) => key !== undefined && (isSettingsForm(key.form) || stage.interest.has(idOf(key))),
  );
  if (!matters) return [...touched];
  await publishSettings(run.publisher);
  return [...touched, anySettings];
}
