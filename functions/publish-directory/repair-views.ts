/**
 * Repairs look-up entries and claims that were lost, altered or made by hand: they are a function of the kept
 * versions. One scan finds what differs; each document that it concerns is then read again, strongly, and gets its
 * views in the transaction in which every publication writes them, conditional on the kept version, so that nothing
 * is written over a publication that came in between, and a killed run leaves a state from which the next one goes on.
 *
 * Views that are lacking come back before any item is published: else whoever waits for an address whose claim was
 * deleted would get it. What no kept version gives goes afterwards: if it is the kept version that was lost, its item
 * has been published again by then, and nobody is unknown in between.
 */
import type { StandingViews } from '../../aws/standing-views.ts';
import type { Views } from '../../aws/views.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import {
  isClaim,
  viewDigest,
  viewId,
  viewKey,
  viewsOf,
  type View,
} from '../../mail/directory/document-views.ts';
import type { DocumentKey, Kept, SourceKey } from '../../mail/directory/kept.ts';
import { standsAs, ViewLedger, wantedBy, type StandingView } from '../../mail/directory/view-ledger.ts';
import type { FormName } from '../../mail/document/forms.ts';
import { several } from './several.ts';

export interface RepairNeeds {
  readonly views: Views;
  readonly standing: StandingViews;
  readonly log: Pick<MailLog, 'fault'>;
}

export interface Repair {
  /** Documents whose address, or whose being the default, another one has by now: to be published again. */
  readonly contested: readonly SourceKey[];
  /** Removes what no kept version gives; answers the items that wait for what became free. */
  clear(): Promise<SourceKey[]>;
  /** Throws where a document could not be repaired. */
  end(): void;
}

/** Reads all views, and restores those that are lacking or altered. */
export async function restoreViews(needs: RepairNeeds): Promise<Repair> {
  const run: Run = { ...needs, mended: new Set(), contested: [], failures: [] };
  const ledger = new ViewLedger();
  for await (const { kept, views } of needs.standing.scan()) {
    for (const one of kept) ledger.keep(one);
    for (const view of views) ledger.stand(view);
  }
  await withdrawAll(run, ledger.usurped);
  await several(ledger.lacking, atOnce, (owner) => guarded(run, owner, () => mend(run, owner, 'restore')));
  tell(run);
  const { contested } = run;
  return {
    contested,
    async clear() {
      await withdrawAll(run, ledger.strays);
      tell(run);
      const free = ledger.strays.map(({ id }) => viewKey(id)).filter(isClaim);
      return needs.views.waiting(free.map(({ key }) => key));
    },
    end() {
      if (run.failures.length > 0)
        throw new Error(`The views of ${run.failures.length} documents could not be repaired.`, {
          cause: run.failures[0],
        });
    },
  };
}

interface Run extends RepairNeeds {
  /** Ids of documents. */
  readonly mended: Set<string>;
  readonly contested: SourceKey[];
  readonly failures: unknown[];
}

const atOnce = 12;

/** Takes views from documents that do not give them. */
async function withdrawAll(run: Run, views: readonly StandingView[]): Promise<void> {
  const owned = new Map<string, string[]>();
  for (const { id, owner = '' } of views) owned.set(owner, [...(owned.get(owner) ?? []), id]);
  await several([...owned], atOnce, ([owner, ids]) =>
    guarded(run, owner, () => (owner === '' ? discard(run, ids) : mend(run, owner, ids))),
  );
}

async function discard({ standing, mended }: Run, ids: readonly string[]): Promise<void> {
  for (const id of ids) await standing.discard(id);
  mended.add('nobody');
}

async function guarded({ log, failures }: Run, owner: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (cause) {
    failures.push(cause);
    log.fault('The views of a document could not be repaired.', cause, { document: owner });
  }
}

/** `what`: ids that it may have wrongly; or restore what it lacks, too. */
async function mend(run: Run, owner: string, what: readonly string[] | 'restore'): Promise<void> {
  const key = keyOf(owner);
  const kept = (await run.views.kept([key])).get(owner);
  const suspected = what === 'restore' ? [] : what;
  const views = await viewsNow(run, kept, suspected);
  const mine = views.filter((view) => view.owner === owner);
  const taken = new Set(views.filter((view) => view.owner !== owner).map(({ id }) => id));
  const had = Object.fromEntries(mine.map(({ id, digest }) => [id, digest]));
  const wanted = kept?.document === undefined ? [] : viewsOf(kept.form, kept.name, kept.document);
  const next = wanted.filter((view) =>
    what === 'restore' ? !taken.has(viewId(view)) : Object.hasOwn(had, viewId(view)),
  );
  if (kept !== undefined && what === 'restore' && next.length < wanted.length)
    run.contested.push({ form: kept.form, name: kept.source });
  if (isWhole(kept, had, next)) return;
  await write(run, { key, kept, standing: had, next });
  run.mended.add(owner);
}

/** Strongly read, after the kept version: what stands under it changes only with it. */
function viewsNow(
  { standing }: Run,
  kept: Kept | undefined,
  suspected: readonly string[],
): Promise<StandingView[]> {
  const wanted = kept === undefined ? [] : wantedBy(kept).keys();
  return standing.read([...new Set([...wanted, ...Object.keys(kept?.standing ?? {}), ...suspected])]);
}

/** The views are there as they should be, and the kept version says so. */
function isWhole(
  kept: Kept | undefined,
  had: Readonly<Record<string, string>>,
  next: readonly View[],
): boolean {
  const should = new Map(next.map((view) => [viewId(view), viewDigest(view)]));
  return standsAs({ standing: had }, should) && standsAs({ standing: kept?.standing ?? {} }, should);
}

interface Writing {
  readonly key: DocumentKey;
  readonly kept: Kept | undefined;
  /** What stands, whatever the kept version says. */
  readonly standing: Readonly<Record<string, string>>;
  readonly next: readonly View[];
}

/** The same version again, with its views; of nobody one that goes at once. Who loses a race leaves it to the winner. */
async function write({ views }: Run, { key, kept, standing, next }: Writing): Promise<void> {
  const nothing = { ...key, source: key.name, version: '', hash: '', publishedAt: '', warnings: [] };
  const seen = { ...(kept ?? nothing), standing } as Kept;
  const publication = await views.publish({
    ...key,
    kept: seen,
    ...(seen.letGo === undefined ? {} : { letGo: seen.letGo }),
    ...(seen.document === undefined
      ? {}
      : { next: { ...again(seen), document: seen.document, views: next } }),
  });
  if (kept === undefined && publication.outcome === 'done') await views.forget(key, publication.version);
}

function again({ source, hash, publishedAt, warnings, warned }: Kept) {
  return { source, hash, publishedAt, warnings, warned };
}

function keyOf(owner: string): DocumentKey {
  const end = owner.indexOf('#');
  return { form: owner.slice(0, end) as FormName, name: owner.slice(end + 1) };
}

function tell({ log, mended }: Run): void {
  if (mended.size === 0) return;
  const some = [...mended].slice(0, 3).join(', ');
  const what = new Error(`${mended.size} documents, among them ${some}.`);
  log.fault('Look-ups were gone, altered or of no document, and are as they should be again.', what);
  mended.clear();
}
