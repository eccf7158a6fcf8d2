/**
 * Publishes the documents that settings are made of, and deletions, which others may need: again and again over
 * those that wait, until nothing changes any more, so that the order in which they were written does not matter.
 * What is in force already is checked against the changed world, too: it keeps its published form and gets the
 * problem.
 */
import { crossCheck, needFor } from '../../mail/directory/cross-check.ts';
import { idOf, settingsForms, type SourceKey } from '../../mail/directory/kept.ts';
import { withDocument, type World } from '../../mail/directory/world.ts';
import { warningsOf } from '../../mail/document/warnings.ts';
import { contentHash } from '../../mail/directory/content.ts';
import type { SettingsStore } from '../../aws/settings-store.ts';
import { gather, keepsThis, type Case, type Stores } from './cases.ts';
import type { Outcome } from './finish.ts';
import type { Outside } from './outside.ts';
import { publishValid, withdraw, type Publishing } from './publish-entry.ts';
import { loadWorld, withInForce, type Candidate, type LoadedWorld } from './world.ts';

export interface Stage {
  readonly outcomes: ReadonlyMap<Case, Outcome>;
  /** What settings depend on; a change of anything else leaves them as they are. */
  readonly interest: ReadonlySet<string>;
}

export interface StageNeeds extends Publishing, Stores {
  readonly table: Stores['table'];
  readonly settings: Pick<SettingsStore, 'pointer'>;
  readonly ownServer: string;
  readonly outside: Outside;
}

/** Blocked deletions wait for any change of what settings are made of. */
export const anySettings = 'settings';

/** `ended`: ids of what this run has published, or ended, already. */
export async function settleSettings(
  needs: StageNeeds,
  cases: readonly Case[],
  ended: ReadonlySet<string>,
): Promise<Stage> {
  const pending = await withRejected(needs, cases, ended);
  const loaded = await loadWorld(needs.views, pending.flatMap(candidateOf));
  const outcomes = new Map<Case, Outcome>();
  const settled = { needs, interest: loaded.interest, outcomes };
  const before = await withInForce(needs.settings, loaded.world);
  const world = await settleAll(settled, pending, before);
  await settleAll(settled, await newlyWrong(needs, loaded, { world, known: [...outcomes.keys()] }), world);
  return { outcomes, interest: loaded.interest };
}

interface Settling {
  readonly needs: StageNeeds;
  readonly interest: ReadonlySet<string>;
  readonly outcomes: Map<Case, Outcome>;
}

async function settleAll(settling: Settling, cases: readonly Case[], from: World): Promise<World> {
  let world = from;
  for (let waiting = [...cases]; waiting.length > 0;) {
    const before = world;
    for (const one of waiting) world = await settleOne(settling, one, world);
    waiting =
      world === before ? [] : waiting.filter((one) => settling.outcomes.get(one)?.kind === 'rejected');
  }
  return world;
}

/** The world afterwards: another one where this document came into force or went. */
async function settleOne(settling: Settling, one: Case, world: World): Promise<World> {
  const outcome =
    one.item === undefined ? await settleGone(settling, one, world) : await settlePut(settling, one, world);
  settling.outcomes.set(one, outcome);
  if (outcome.kind === 'published') return withDocument(world, one.key!, one.valid!.document);
  return outcome.kind === 'deleted' && keepsThis(one) ? withDocument(world, one.key!, undefined) : world;
}

async function settlePut({ needs }: Settling, one: Case, world: World): Promise<Outcome> {
  if (one.valid === undefined || one.key === undefined)
    return { kind: 'rejected', problems: one.problems, waitsFor: [] };
  const { document } = one.valid;
  const checked = crossCheck(one.key.form, document, withDocument(world, one.key, document));
  const { problems, waitsFor } = checked;
  if (problems.length > 0) return { kind: 'rejected', problems, waitsFor };
  const inside = [...one.valid.warnings, ...checked.warnings];
  const outside = await needs.outside.warnings(one.key.form, document);
  return publishValid(needs, one, {
    document,
    warnings: [...inside, ...outside],
    warned: { inside: contentHash(inside), outside: contentHash(outside) },
  });
}

async function settleGone({ needs, interest }: Settling, one: Case, world: World): Promise<Outcome> {
  const { key } = one;
  if (key === undefined || !keepsThis(one)) return { kind: 'deleted', letGo: [] };
  const matters = interest.has(idOf(key)) || (settingsForms as readonly string[]).includes(key.form);
  const need = matters
    ? needFor(key, world, withDocument(world, key, undefined), needs.ownServer)
    : undefined;
  if (need === undefined) return withdraw(needs, one);
  return { kind: 'rejected', problems: [need.reason], waitsFor: [anySettings, ...need.waitsFor] };
}

/** Rejected settings forms are few, and any change may be what they waited for. Puts come before deletions. */
async function withRejected(
  { table, views }: StageNeeds,
  cases: readonly Case[],
  ended: ReadonlySet<string>,
): Promise<Case[]> {
  const known = new Set([...ended, ...cases.map(({ source }) => idOf(source))]);
  const rejected = (await Promise.all(settingsForms.map((form) => views.rejectedOfForm(form)))).flat();
  const more = rejected
    .map(({ form, source }) => ({ form, name: source }))
    .filter((source) => !known.has(idOf(source)));
  return [...cases, ...(await gather({ table, views }, more))].sort((one, other) => rank(one) - rank(other));
}

function rank({ item, source }: Case): number {
  return (
    (item === undefined ? settingsForms.length : 0) +
    (settingsForms as readonly string[]).indexOf(source.form)
  );
}

function candidateOf({ key, valid }: Case): Candidate[] {
  return key === undefined || valid === undefined ? [] : [{ form: key.form, document: valid.document }];
}

/** Documents in force whose problems or warnings changed with the world. */
async function newlyWrong(
  needs: StageNeeds,
  { kept }: LoadedWorld,
  { world, known }: { world: World; known: readonly Case[] },
): Promise<Case[]> {
  const handled = new Set(known.flatMap(({ key }) => (key === undefined ? [] : [idOf(key)])));
  const sources: SourceKey[] = [];
  for (const [id, { form, document, source, warned }] of kept) {
    if (document === undefined || handled.has(id)) continue;
    const checked = crossCheck(form, document, world);
    const inside = contentHash([...warningsOf(form, document), ...checked.warnings]);
    if (checked.problems.length > 0 || inside !== warned?.inside) sources.push({ form, name: source });
  }
  return gather(needs, sources);
}
