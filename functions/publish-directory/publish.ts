/**
 * Publishes documents: reads each again, validates it alone and against the others, writes kept versions, views and
 * settings, then marks the items. Documents that wait for what changed are done in the same run. What fails is
 * told by document, so that the rest of a batch is not held up; settings that cannot be written fail them all.
 */
import type { MailLog } from '../../aws/mail-log.ts';
import type { SettingsStore } from '../../aws/settings-store.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { viewsOf } from '../../mail/directory/document-views.ts';
import { idOf, isSettingsForm, type SourceKey } from '../../mail/directory/kept.ts';
import { gather, isSettled, type Case, type Stores } from './cases.ts';
import { finish, type Outcome } from './finish.ts';
import type { Outside } from './outside.ts';
import { publishSettings } from './publish-settings.ts';
import { publishValid, touchedBy } from './publish-entry.ts';
import { anySettings, settleSettings } from './settings-stage.ts';
import { several } from './several.ts';

export interface Publisher extends Stores {
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
  const failures = new Map<string, unknown>();
  const first = { sources, forced: new Set(forced === undefined ? [] : sources.map(idOf)) };
  await publishAll(publisher, first, failures);
  return failures;
}

/**
 * Judges what is in force, and what waits, against each other once more, for the full pass: two publishers at once
 * may each have seen the world before the other changed it.
 */
export async function judgeTogether(publisher: Publisher): Promise<Failures> {
  const failures = new Map<string, unknown>();
  await publishAll(publisher, await judged(publisher, [], { failures, outcomes: new Map() }), failures);
  return failures;
}

async function publishAll(publisher: Publisher, work: Work, failures: Map<string, unknown>): Promise<void> {
  let next = work;
  for (let round = 1; next.sources.length > 0; round += 1) {
    if (round > mostRounds) throw new Error('Documents kept changing while they were published.');
    next = await publishRound(publisher, next, failures);
  }
}

interface Work {
  readonly sources: readonly SourceKey[];
  /** Ids of those to look at although nothing about themselves has changed. */
  readonly forced: ReadonlySet<string>;
}
type Outcomes = Map<Case, Outcome>;

/** What is left to do afterwards: cases that somebody else changed meanwhile, and those that waited for these. */
async function publishRound(publisher: Publisher, work: Work, failures: Map<string, unknown>): Promise<Work> {
  const gathered = await gather(publisher, work.sources);
  const cases = gathered.filter((one) => work.forced.has(idOf(one.source)) || !isSettled(one));
  if (cases.length === 0) return { sources: [], forced: new Set() };
  const outcomes: Outcomes = new Map();
  await several(cases.filter(isEntry), atOnce, (one) =>
    guarded(
      publisher,
      { one, failures },
      async () => void outcomes.set(one, await publishEntry(publisher, one)),
    ),
  );
  const rest = cases.filter((one) => !isEntry(one));
  return judged(publisher, rest, { failures, outcomes });
}

/** The others are judged together; then all cases end. */
async function judged(
  publisher: Publisher,
  rest: readonly Case[],
  { failures, outcomes }: { failures: Map<string, unknown>; outcomes: Outcomes },
): Promise<Work> {
  const touched = await publishRest(publisher, rest, outcomes);
  const again: SourceKey[] = [];
  const forced: SourceKey[] = [];
  await several([...outcomes], atOnce, ([one, outcome]) =>
    guarded(publisher, { one, failures }, async () => {
      const finished = await finish(publisher, one, outcome);
      if (finished === 'again') again.push(one.source);
      if (finished === 'judge again') forced.push(one.source);
    }),
  );
  forced.push(...(await publisher.views.waiting(touched)));
  return { sources: [...again, ...forced], forced: new Set(forced.map(idOf)) };
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
  { log }: Publisher,
  { one, failures }: { one: Case; failures: Map<string, unknown> },
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
    failures.delete(idOf(one.source));
  } catch (cause) {
    failures.set(idOf(one.source), cause);
    log.fault('A document could not be published.', cause, { form: one.source.form, name: one.source.name });
  }
}

/** Settings forms and deletions, then the settings themselves; answers the ids whose waiters may come next. */
async function publishRest(
  publisher: Publisher,
  cases: readonly Case[],
  outcomes: Outcomes,
): Promise<string[]> {
  const stage = await settleSettings(publisher, cases);
  for (const [one, outcome] of stage.outcomes) outcomes.set(one, outcome);
  const changed = [...outcomes].filter(([, { kind }]) => kind === 'published' || kind === 'deleted');
  const touched = new Set(changed.flatMap(([one, outcome]) => touchedBy(one, claimsAfter(one, outcome))));
  const matters = ([{ key }]: [Case, Outcome]): boolean =>
    key !== undefined && (isSettingsForm(key.form) || stage.interest.has(idOf(key)));
  if (!changed.some(matters)) return [...touched];
  const gone = changed.flatMap(([{ key }, { kind }]) =>
    key?.form === 'Server' && kind === 'deleted' ? [key.name] : [],
  );
  await publishSettings(publisher, gone);
  return [...touched, anySettings];
}

function claimsAfter({ key, valid }: Case, { kind }: Outcome): string[] {
  if (kind !== 'published' || key === undefined || valid === undefined) return [];
  return viewsOf(key.form, key.name, valid.document).flatMap(({ key: claim, sort }) =>
    sort === '-' ? [claim] : [],
  );
}
