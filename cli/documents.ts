/** `postern documents`: list, get, put, delete, validate, export (documents.md). What brings in others' files is import.ts. */
import type { SourceItem } from '../aws/directory-table.ts';
import { formNames, isForm } from '../mail/document/forms.ts';
import { idOf, type SourceKey } from '../mail/directory/kept.ts';
import { foldName } from '../mail/document/names.ts';
import type { Call, Command } from './command.ts';
import { directoryOf, findItem, formNamed, type DirectoryRoom } from './directory.ts';
import { readDocuments } from './document-files.ts';
import { Failure } from './failure.ts';
import { importCommands } from './import.ts';
import { initCommands } from './init.ts';
import { judge } from './judge.ts';
import { table } from './output.ts';
import { awaitWithdrawal } from './withdrawal.ts';
import { flag, word } from './words.ts';
import { resultOf, writeDocuments } from './write-documents.ts';

interface Listed {
  readonly form: string;
  readonly name: string;
  /** `waiting`: written a moment ago, and not judged yet. */
  readonly state: 'published' | 'invalid' | 'waiting' | 'deleted, still in force';
  readonly publishedAt: string | null;
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

async function list(call: Call) {
  const [written] = call.positionals;
  const room = directoryOf(call.gateway);
  const form = written === undefined ? undefined : formNamed(written);
  const items = form === undefined ? await everything(room) : await room.desk.itemsOfForm(form);
  const gone = await Promise.all(
    (form === undefined ? formNames : [form]).map((one) => ghosts(room, one, items)),
  );
  const rows = [...items.map(listed), ...gone.flat()].sort(inOrder);
  const cells = rows.flatMap(({ form, name, state, publishedAt, problems, warnings }) => [
    [form, name, state, publishedAt ?? ''],
    ...problems.map((problem) => ['', `  ${problem}`]),
    ...warnings.map((warning) => ['', `  warning: ${warning}`]),
  ]);
  return { json: rows, text: listText(cells) };
}

/** Sentences are longer than names, and would push the columns apart. */
function listText(cells: readonly string[][]): string {
  const aligned = table(
    ['FORM', 'NAME', 'STATE', 'PUBLISHED'],
    cells.filter(({ length }) => length > 2),
  ).split('\n');
  const [heading = '', ...rows] = aligned;
  return [heading, ...cells.map((cell) => (cell.length > 2 ? rows.shift()! : `    ${cell[1]!.trim()}`))].join(
    '\n',
  );
}

function listed({ form, name, marks }: SourceItem): Listed {
  const { publishedAt = null, problems = [], warnings = [] } = marks;
  const state = problems.length > 0 ? 'invalid' : publishedAt === null ? 'waiting' : 'published';
  return { form, name, state, publishedAt, problems, warnings };
}

/** Kept versions whose items are gone: somebody needs them, or the deletion is being published. */
async function ghosts(
  { views }: DirectoryRoom,
  form: string,
  items: readonly SourceItem[],
): Promise<Listed[]> {
  if (!isForm(form)) return [];
  const there = new Set(items.map(idOf));
  const gone = (await views.keptSources(form)).filter((key) => !there.has(idOf(key)));
  const rejected = await views.rejected(gone);
  return gone.map((key) => ({
    ...key,
    state: 'deleted, still in force',
    publishedAt: null,
    problems: rejected.get(idOf(key))?.problems ?? [],
    warnings: [],
  }));
}

async function everything({ table }: DirectoryRoom): Promise<SourceItem[]> {
  const items: SourceItem[] = [];
  for await (const page of table.scan()) items.push(...page);
  return items;
}

function rank({ form }: SourceKey): number {
  return isForm(form) ? formNames.indexOf(form) : formNames.length;
}

/** Forms in the order in which they can be read in again, then names. */
function inOrder(one: SourceKey, other: SourceKey): number {
  if (rank(one) !== rank(other)) return rank(one) - rank(other);
  return idOf(one) < idOf(other) ? -1 : 1;
}

async function existing(call: Call): Promise<{ room: DirectoryRoom; key: SourceKey; item: SourceItem }> {
  const written = { form: word(call, 0, 'FORM'), name: word(call, 1, 'NAME') };
  const room = directoryOf(call.gateway);
  // An item of an unknown form is found by the very words, so that it can be removed.
  const [exact] = (await room.table.read([written])).values();
  const key = exact ?? { form: formNamed(written.form), name: written.name };
  const item = exact ?? (await findItem(room, key));
  if (item === undefined) throw new Failure(`There is no ${key.form} named "${key.name}".`);
  return { room, key, item };
}

async function get(call: Call) {
  const { item } = await existing(call);
  return { json: item.content, text: JSON.stringify(item.content, undefined, 2) };
}

async function put(call: Call) {
  const judged = judge(readDocuments(call.positionals));
  const dryRun = flag(call, 'dry-run');
  return resultOf(await writeDocuments(call.gateway, judged, { invalid: 'refuse all', dryRun }), dryRun);
}

async function remove(call: Call) {
  const { room, item } = await existing(call);
  const { form, name } = item;
  await room.desk.remove({ form, name });
  const problems = await awaitWithdrawal(room.views, { form, name, folded: foldName(name) });
  const json = { form, name, action: 'deleted', problems };
  const text = [`Deleted ${form} ${name}.`, ...problems.map((problem) => `  ${problem}`)].join('\n');
  return { json, text };
}

function validateFiles(call: Call) {
  const rows = judge(readDocuments(call.positionals)).map(({ form, name, problems, warnings }) => ({
    form,
    name,
    problems,
    warnings,
  }));
  const invalid = rows.filter(({ problems }) => problems.length > 0);
  const lines = rows.flatMap(({ form, name, problems, warnings }) =>
    problems.length + warnings.length === 0
      ? []
      : [
          `${form} ${name}`.trim() || 'document',
          ...problems.map((problem) => `    ${problem}`),
          ...warnings.map((warning) => `    warning: ${warning}`),
        ],
  );
  const sum = `${rows.length - invalid.length} valid, ${invalid.length} not.`;
  const exitCode = invalid.length > 0 ? 1 : 0;
  const error = exitCode === 0 ? {} : { error: sum };
  return Promise.resolve({ json: rows, text: [...lines, sum].join('\n'), exitCode, ...error });
}

async function exportAll(call: Call) {
  const items = (await everything(directoryOf(call.gateway))).sort(inOrder);
  const documents = items.map(({ form, name, content }) => ({ form, name, ...content }));
  return { json: documents, text: documents.map((one) => JSON.stringify(one)).join('\n') };
}

const files = 'FILE…';

export const documentCommands: Record<string, Command> = {
  'documents list': {
    takes: '[FORM]',
    does: 'documents, whether they are in force, and what is wrong',
    run: list,
  },
  'documents get': { takes: 'FORM NAME', does: 'one document as it is stored', run: get },
  'documents put': {
    takes: `${files} [--dry-run]`,
    does: 'writes documents (JSON, a list, JSON lines; - is standard input) if all are valid',
    options: { 'dry-run': { type: 'boolean' } },
    run: put,
  },
  'documents delete': { takes: 'FORM NAME', does: 'removes a document', run: remove },
  'documents validate': {
    takes: files,
    does: 'judges documents, offline',
    offline: true,
    run: validateFiles,
  },
  'documents export': { takes: '', does: 'every document, one a line', run: exportAll },
  ...importCommands,
  ...initCommands,
};
