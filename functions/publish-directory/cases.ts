/**
 * A case: one document as it stands in the table and in the views. Read in this order: the views first, then the
 * item, so that a write conditional on the kept version never brings an older item back.
 */
import type { DirectoryTable, SourceItem } from '../../aws/directory-table.ts';
import type { Views } from '../../aws/views.ts';
import { isForm, type DocumentOf, type FormName } from '../../mail/document/forms.ts';
import { foldName } from '../../mail/document/names.ts';
import { validate } from '../../mail/document/validate.ts';
import { contentHash } from '../../mail/directory/content.ts';
import {
  idOf,
  type DocumentKey,
  type Kept,
  type Rejected,
  type SourceKey,
} from '../../mail/directory/kept.ts';

export interface Case {
  readonly source: SourceKey;
  /** Undefined: the item's form is none of ours. */
  readonly key: DocumentKey | undefined;
  /** Undefined: deleted. */
  readonly item: SourceItem | undefined;
  readonly kept: Kept | undefined;
  readonly rejected: Rejected | undefined;
  readonly valid: Valid | undefined;
  readonly problems: readonly string[];
}

export interface Valid {
  readonly document: DocumentOf[FormName];
  readonly warnings: readonly string[];
}

export interface Stores {
  readonly table: DirectoryTable;
  readonly views: Views;
}

export async function gather({ table, views }: Stores, sources: readonly SourceKey[]): Promise<Case[]> {
  const unique = [...new Map(sources.map((source) => [idOf(source), source])).values()];
  const keys = new Map(unique.flatMap((source) => (isForm(source.form) ? [keyEntry(source)] : [])));
  const distinct = [...new Map([...keys.values()].map((key) => [idOf(key), key])).values()];
  const [kept, rejected] = await Promise.all([views.kept(distinct), views.rejected(unique)]);
  const items = await table.read(unique);
  return unique.map((source) => {
    const key = keys.get(idOf(source));
    const item = items.get(idOf(source));
    return {
      source,
      key,
      item,
      kept: key && kept.get(idOf(key)),
      rejected: rejected.get(idOf(source)),
      ...judgeAlone(key, item),
    };
  });
}

function keyEntry(source: SourceKey): [string, DocumentKey] {
  return [idOf(source), { form: source.form as FormName, name: foldName(source.name) }];
}

function judgeAlone(
  key: DocumentKey | undefined,
  item: SourceItem | undefined,
): { valid: Valid | undefined; problems: readonly string[] } {
  if (item === undefined) return { valid: undefined, problems: [] };
  const { document, problems, warnings } = validate(item.form, item.content);
  if (document === undefined || key === undefined) return { valid: undefined, problems };
  return { valid: { document, warnings }, problems: [] };
}

/** The kept version came from this item, not from one that spells the name otherwise. */
export function keepsThis({ kept, source }: Case): boolean {
  return kept?.source === source.name;
}

/** Not only to tell that it went. */
function isInForce(one: Case): boolean {
  return keepsThis(one) && one.kept?.document !== undefined;
}

/**
 * Nothing to do: what the gateway wrote itself comes back as a stream record, too. A person's write shows by its
 * content, or by marks that are not the ones written last.
 */
export function isSettled(one: Case): boolean {
  const { item, kept, rejected } = one;
  if (item === undefined)
    return rejected?.state === 'deleted' ? isInForce(one) : rejected === undefined && !keepsThis(one);
  if (rejected !== undefined) return isKnownBad(item, rejected);
  return (
    isInForce(one) &&
    kept!.hash === item.hash &&
    kept!.publishedAt === item.marks.publishedAt &&
    item.marks.problems === undefined &&
    sameTexts(kept!.warnings, item.marks.warnings)
  );
}

function isKnownBad(item: SourceItem, rejected: Rejected): boolean {
  return rejected.state === 'invalid' && rejected.hash === item.hash && isMarkedBad(item, rejected);
}

export function isMarkedBad({ marks }: SourceItem, { problems }: Pick<Rejected, 'problems'>): boolean {
  return marks.publishedAt === undefined && sameTexts(problems, marks.problems);
}

/** For the full pass: and what is kept is what these rules make of the item (they may be newer than it). */
export function isCurrent(one: Case): boolean {
  if (!isSettled(one) || one.rejected !== undefined) return false;
  if (one.item === undefined) return true;
  return one.valid !== undefined && contentHash(one.valid.document) === contentHash(one.kept!.document);
}

function sameTexts(one: readonly string[], other: readonly string[] = []): boolean {
  return one.length === other.length && one.every((text, index) => text === other[index]);
}
