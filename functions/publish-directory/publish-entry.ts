/**
 * Publishes people, groups and mail-in databases: each by itself, in one conditional write with its look-ups and
 * its address. Who loses a race is looked at again; an address that somebody else has is a problem.
 */
import type { Clock } from '../../mail/spool/doors.ts';
import { isClaim, mostNames, viewKey, viewsOf, type View } from '../../mail/directory/document-views.ts';
import { shortenName } from '../../mail/document/fields.ts';
import { idOf, type Kept, type Warned } from '../../mail/directory/kept.ts';
import { fitting, type DirectoryTable } from '../../aws/directory-table.ts';
import type { Views } from '../../aws/views.ts';
import { keepsThis, type Case, type Valid } from './cases.ts';
import type { Outcome, Rejection } from './finish.ts';

export interface Publishing {
  readonly table: Pick<DirectoryTable, 'read'>;
  readonly views: Views;
  readonly clock: Clock;
}

/** Writes a valid document as the kept version; `warnings` are those of the document and of its relations. */
export async function publishValid(
  { table, views, clock }: Publishing,
  one: Case,
  { document, warnings: all, warned }: Valid & { readonly warned?: Warned | undefined },
): Promise<Outcome> {
  const { key, kept, source, item } = one;
  const warnings = fitting(all, item!);
  if (kept !== undefined && !keepsThis(one) && (await isThere(table, kept))) return sameName(one, kept);
  const entries = viewsOf(key!.form, key!.name, document);
  if (entries.length > mostNames) return tooManyNames(entries.length);
  if (entries.some(isTooLong) || Buffer.byteLength(key!.name) > 1_024) return tooLong;
  const publishedAt = after(kept?.publishedAt, clock());
  const letGo = claimsLetGo(one, document.name, { entries, now: clock() });
  const publication = await views.publish({
    ...key!,
    kept,
    letGo,
    next: { source: source.name, document, hash: item!.hash, publishedAt, warnings, warned, views: entries },
  });
  if (publication.outcome === 'lost') return { kind: 'again' };
  if (publication.outcome === 'owned') return taken(publication.claim, publication.owner, document);
  return { kind: 'published', publishedAt, warnings, letGo };
}

/** Ends a kept version whose item is deleted and which nobody needs. */
export async function withdraw({ views, clock }: Publishing, one: Case): Promise<Outcome> {
  const letGo = claimsLetGo(one, undefined, { entries: [], now: clock() });
  const publication = await views.publish({ ...one.key!, kept: one.kept, letGo });
  if (publication.outcome !== 'done') return { kind: 'again' };
  return { kind: 'deleted', letGo, version: publication.version };
}

/** New for every write, and later than the one before, whatever the clock says. */
function after(before: string | undefined, now: Date): string {
  const earliest = before === undefined || before === '' ? 0 : Date.parse(before) + 1;
  return new Date(Math.max(now.getTime(), earliest)).toISOString();
}

/** Of two spellings of one name the one in force stays while its item is there. */
async function isThere(table: Publishing['table'], { form, source }: Kept): Promise<boolean> {
  return (await table.read([{ form, name: source }])).size > 0;
}

/** DynamoDB's limits of keys, less what stands before the name. */
function isTooLong({ key, sort }: View): boolean {
  return Buffer.byteLength(key) > 2_000 || Buffer.byteLength(sort) > 1_024;
}

const tooLong: Rejection = {
  kind: 'rejected',
  problems: [
    'name: this, or another name by which the document is found, is longer than 1,000 bytes; shorten it',
  ],
  waitsFor: [],
};

function sameName({ source }: Case, kept: Kept): Rejection {
  const problem = `name: "${shortenName(source.name)}" is the same name as that of the document "${shortenName(kept.source)}"; delete one of them`;
  return { kind: 'rejected', problems: [problem], waitsFor: [idOf(kept)] };
}

function tooManyNames(count: number): Rejection {
  const problem = `userNames: with shortNames this document has ${count} names to be found by; write at most ${mostNames}`;
  return { kind: 'rejected', problems: [problem], waitsFor: [] };
}

function taken(claim: string, owner: { form: string; name: string }, document: object): Rejection {
  const holder = `${owner.form} "${shortenName(owner.name)}"`;
  const { internetAddress = '' } = document as { internetAddress?: string };
  const problem = claim.startsWith('address#')
    ? `internetAddress: "${shortenName(internetAddress)}" is the address of ${holder} already; an address belongs to one document`
    : `default: ${holder} is the default Global Domain already; only one can be`;
  return { kind: 'rejected', problems: [problem], waitsFor: [claim] };
}

/** What an interrupted run let go of longer ago than this the full pass has seen to. */
const rememberedMs = 20 * 60_000;

/**
 * Claims that are free again, or whose owner is spelled otherwise from now on; those of an earlier version among
 * them, for the run that let go of them may have been killed before it looked at who waited.
 */
function claimsLetGo(
  { kept }: Case,
  name: string | undefined,
  { entries, now }: { entries: readonly View[]; now: Date },
): string[] {
  if (kept === undefined) return [];
  const claims = new Set(entries.filter(isClaim).map(({ key }) => key));
  const respelled = kept.document !== undefined && kept.document.name !== name;
  const gone = Object.keys(kept.standing)
    .map(viewKey)
    .flatMap((view) => (isClaim(view) && (respelled || !claims.has(view.key)) ? [view.key] : []));
  const isOld = Date.parse(kept.publishedAt) < now.getTime() - rememberedMs;
  return [...new Set([...gone, ...(isOld ? [] : (kept.letGo ?? []))])];
}
