/**
 * Judges documents before they are written: each alone, then together with each other. Pure; what the published
 * documents say about them is cli/judge-published.ts.
 */
import { itemSize, largestItem } from '../aws/item-size.ts';
import { toItem } from '../aws/items.ts';
import type { DocumentOf, FormName } from '../mail/document/forms.ts';
import { shortenName } from '../mail/document/fields.ts';
import { formNames, isForm } from '../mail/document/forms.ts';
import { foldName } from '../mail/document/names.ts';
import { plainItem } from '../mail/document/plain-item.ts';
import { either } from '../mail/document/problems.ts';
import { validate } from '../mail/document/validate.ts';
import { mostNames, viewsOf } from '../mail/directory/document-views.ts';
import type { Written } from './document-files.ts';

export interface Judged {
  readonly form: string;
  readonly name: string;
  /** What is to be stored: without the gateway's own attributes. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Absent where it is not valid by itself. */
  readonly valid?: { readonly form: FormName; readonly document: DocumentOf[FormName] };
  /** By form and folded name; documents without a form or name have a key of their own. */
  readonly key: string;
  /** What only one document can have. */
  readonly claims: readonly string[];
  readonly problems: string[];
  readonly warnings: readonly string[];
}

export function judge(written: readonly Written[]): Judged[] {
  const judged = written.map(judgeAlone);
  judgeTogether(judged);
  return judged;
}

export function judgeAlone({ place, value }: Written): Judged {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return nothing(place, `${place}: is no document; write a map with form and name`);
  const content = plainItem(value as Record<string, unknown>);
  const { form, name } = content;
  if (form === undefined)
    return { ...nothing(place, `form: is missing; write ${either(formNames)}`), name: text(name), content };
  const { document, problems, warnings } = validate(text(form), content);
  problems.push(...storageProblems(content));
  const known = { form: text(form), name: text(name), content, problems, warnings };
  const key = `${known.form}#${known.name === '' ? place : foldName(known.name)}`;
  if (document === undefined || !isForm(form)) return { ...known, key, claims: [] };
  const views = viewsOf(form, foldName(document.name), document as never);
  if (views.length > mostNames)
    problems.push(
      `userNames: with shortNames this document has ${views.length} names to be found by; write at most ${mostNames}`,
    );
  const claims = views.filter(({ sort }) => sort === '-').map((view) => view.key);
  return { ...known, key, claims, valid: { form, document } };
}

/** What DynamoDB would not take. */
function storageProblems(content: object): string[] {
  try {
    const size = itemSize(toItem(content));
    return size > largestItem ? [`the document has ${size} bytes; at most ${largestItem} can be kept`] : [];
  } catch (error) {
    return [`the document cannot be kept: ${(error as Error).message}`];
  }
}

function nothing(place: string, problem: string): Judged {
  const unknown = { form: '', name: '', content: {}, claims: [], warnings: [] };
  return { ...unknown, key: place, problems: [problem] };
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
}

/** The first of two with one name, address or default stays; the others hear of it. */
function judgeTogether(all: readonly Judged[]): void {
  const names = new Map<string, Judged>();
  const owners = new Map<string, Judged>();
  for (const one of all) {
    const namesake = names.get(one.key);
    if (namesake !== undefined)
      one.problems.push(`name: "${one.name}" is written twice; the other one is "${namesake.name}"`);
    names.set(one.key, namesake ?? one);
    for (const claim of one.claims) {
      const owner = owners.get(claim);
      if (owner !== undefined && owner.key !== one.key) one.problems.push(takenBy(claim, one, owner));
      owners.set(claim, owner ?? one);
    }
  }
}

/** In the words that publishing uses. */
export function takenBy(
  claim: string,
  { content }: Pick<Judged, 'content'>,
  owner: { readonly form: string; readonly name: string },
): string {
  const holder = `${owner.form} "${shortenName(owner.name)}"`;
  if (!claim.startsWith('address#'))
    return `default: ${holder} is the default Global Domain already; only one can be`;
  return `internetAddress: "${shortenName(text(content['internetAddress']))}" is the address of ${holder} already; an address belongs to one document`;
}
