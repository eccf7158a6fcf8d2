/**
 * Validates one document by itself. Takes the item as it stands in the table (string sets may be lists or sets, the
 * gateway's own attributes are passed over); returns the document with every default, or all problems, each a
 * sentence that begins with the field; and warnings, which never block.
 */
import { completeDocument } from './complete.ts';
import { formNames, forms, isForm, type DocumentOf, type FormName } from './forms.ts';
import { crossFieldProblems } from './cross-field.ts';
import { abbreviate } from './names.ts';
import { nearest } from './nearest.ts';
import { plainItem, type Item } from './plain-item.ts';
import { either, problemsOf } from './problems.ts';
import { shorten } from './fields.ts';
import { warningsOf } from './warnings.ts';

export type Validation<D = DocumentOf[FormName]> = {
  /** Absent where there are problems. */
  readonly document?: D;
  readonly problems: string[];
  readonly warnings: string[];
};

export function validate<F extends FormName>(form: F, item: Item): Validation<DocumentOf[F]>;
export function validate(form: string, item: Item): Validation;
export function validate(form: string, item: Item): Validation {
  if (!isForm(form)) return { problems: [unknownForm(form)], warnings: [] };
  const { form: _form, name, ...fields } = plainItem(item);
  const parsed = forms[form].safeParse(fields, { reportInput: true });
  const problems = [
    ...nameProblems(name),
    ...(parsed.success ? [] : problemsOf(form, parsed.error.issues)),
    ...crossFieldProblems(form, fields),
  ];
  if (!parsed.success || problems.length > 0) return { problems, warnings: [] };
  const document = completeDocument(form, { ...parsed.data, name: abbreviate(name as string) });
  return { document, problems, warnings: warningsOf(form, document) };
}

function unknownForm(form: string): string {
  const suggestion = nearest(shorten(form), formNames);
  const advice = suggestion === undefined ? `write ${either(formNames)}` : `did you mean ${suggestion}?`;
  return `form: "${shorten(form)}" is not a form; ${advice}`;
}

function nameProblems(name: unknown): string[] {
  if (name === undefined || name === '') return ['name: is missing; it is required'];
  if (typeof name !== 'string') return ['name: is not a string; write a name such as Jane Doe/Acme'];
  if (abbreviate(name).split('/').includes(''))
    return [`name: "${shorten(name)}" has an empty part; write a name such as Jane Doe/Acme`];
  if (/[\p{Cc}\p{Cs}]/u.test(name))
    return [`name: "${shorten(name)}" has control characters; write it without`];
  return [];
}
