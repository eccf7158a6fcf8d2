/**
 * Writes documents that are judged: finds what is stored, says what will change, refuses all where one may not be
 * written, writes what differs, and waits until it is published. `import` leaves out instead of refusing all.
 */
import { canonicalJson } from '../mail/directory/content.ts';
import { idOf } from '../mail/directory/kept.ts';
import type { SourceItem } from '../aws/directory-table.ts';
import { differenceLines, differences } from './diff.ts';
import { directoryOf, foldedId, storedItems, type DirectoryRoom } from './directory.ts';
import type { Gateway } from './gateway.ts';
import { judgePublished } from './judge-published.ts';
import type { Judged } from './judge.ts';
import type { Result } from './output.ts';
import { progressFor, thousands } from './progress.ts';
import { awaitPublication } from './publication.ts';

export type Action = 'created' | 'changed' | 'unchanged' | 'refused' | 'not written' | 'left out';

export interface Row {
  readonly form: string;
  readonly name: string;
  action: Action;
  readonly problems: string[];
  /** For people only: what publishing or a report will say. */
  readonly warnings: readonly string[];
}

export interface Writing {
  /** `all`: one that may not be written keeps all from being written. */
  readonly invalid: 'refuse all' | 'leave out';
  /** Shows what would change and writes nothing. */
  readonly dryRun: boolean;
}

interface Planned {
  readonly row: Row;
  readonly judged: Judged;
  readonly stored: SourceItem | undefined;
  /** Under the name that the table has. */
  readonly content: Readonly<Record<string, unknown>>;
}

export interface Outcome {
  readonly rows: readonly Row[];
  readonly lines: readonly string[];
  readonly exitCode: number;
}

export async function writeDocuments(
  gateway: Gateway,
  judged: readonly Judged[],
  writing: Writing,
): Promise<Outcome> {
  const room = directoryOf(gateway);
  await judgePublished(room.viewsTable, judged);
  const stored = await storedItems(room, judged);
  const planned = judged.map((one) => plan(one, stored.get(foldedId(one)), writing));
  const rows = planned.map(({ row }) => row);
  const refused = rows.some(({ action }) => action === 'refused');
  const lines = describe(planned);
  if (refused) for (const { row } of planned.filter(isDifferent)) row.action = 'not written';
  if (refused || writing.dryRun) return { rows, lines, exitCode: refused ? 1 : 0 };
  const wrong = await write(room, planned.filter(isDifferent));
  return { rows, lines, exitCode: wrong || rows.some(({ action }) => action === 'left out') ? 1 : 0 };
}

function plan(judged: Judged, stored: SourceItem | undefined, { invalid }: Writing): Planned {
  const { form, name, problems, warnings } = judged;
  const content = stored === undefined ? judged.content : { ...judged.content, name: stored.name };
  const row = { form, name, action: actionOf(stored, content), problems, warnings };
  if (problems.length > 0) row.action = invalid === 'refuse all' ? 'refused' : 'left out';
  return { row, judged, stored, content };
}

function actionOf(stored: SourceItem | undefined, content: object): Action {
  if (stored === undefined) return 'created';
  return canonicalJson(stored.content) === canonicalJson(content) ? 'unchanged' : 'changed';
}

function isDifferent({ row }: Planned): boolean {
  return row.action === 'created' || row.action === 'changed';
}

/** True: publishing found something wrong after all (somebody else wrote meanwhile), or did not answer. */
async function write(room: DirectoryRoom, planned: readonly Planned[]): Promise<boolean> {
  const total = thousands(planned.length);
  const progress = progressFor(planned.length);
  let written = 0;
  await room.desk.putAll(
    planned.map(({ content }) => content),
    (count) => progress.say(`written ${thousands((written += count))} of ${total} documents`),
  );
  const keys = planned.map(({ row, content }) => ({ form: row.form, name: String(content['name']) }));
  const { problems, unjudged } = await awaitPublication(room, keys, {
    onJudged: (count) => progress.say(`published ${thousands(count)} of ${total} documents`),
  });
  progress.end();
  for (const [index, { row }] of planned.entries()) {
    const id = idOf(keys[index]!);
    row.problems.push(...(problems.get(id) ?? []));
    if (unjudged.has(id)) row.problems.push('written, and not published within a minute; look again later');
  }
  return planned.some(({ row }) => row.problems.length > 0);
}

const mostDescribed = 200;

function describe(planned: readonly Planned[]): string[] {
  const told = planned.filter((one) => isDifferent(one) && one.row.problems.length === 0);
  const rest = told.length - mostDescribed;
  return [
    ...told.slice(0, mostDescribed).flatMap(describeOne),
    ...(rest > 0 ? [`… and ${thousands(rest)} more documents`] : []),
  ];
}

function describeOne({ row, stored, content }: Planned): string[] {
  const title = `${row.form} ${row.name}`;
  const warnings = row.warnings.map((warning) => `    warning: ${warning}`);
  if (stored === undefined) return [`+ ${title}`, ...warnings];
  return [`~ ${title}`, ...differenceLines(differences(stored.content, content)), ...warnings];
}

const order: readonly Action[] = ['created', 'changed', 'unchanged', 'left out', 'refused', 'not written'];

/** The result of a command: rows as JSON; for people what changes, what is wrong, and the sums. */
export function resultOf(
  { rows, lines, exitCode }: Outcome,
  dryRun: boolean,
): Result & { readonly json: readonly object[]; readonly text: string } {
  const json = rows.map(({ form, name, action, problems }) => ({ form, name, action, problems }));
  const wrong = rows
    .filter(({ problems }) => problems.length > 0)
    .flatMap(({ form, name, action, problems }) => [
      `${`${form} ${name}`.trim() || 'document'} (${action})`,
      ...problems.map((problem) => `    ${problem}`),
    ]);
  const sums = order
    .map((action) => ({ action, count: rows.filter((row) => row.action === action).length }))
    .filter(({ count }) => count > 0)
    .map(({ action, count }) => `${thousands(count)} ${action}`);
  const sum = `${sums.join(', ') || 'nothing to write'}${dryRun ? ' (dry run: nothing was written)' : ''}.`;
  const text = [...lines, ...wrong, sum].join('\n');
  return { json, text, exitCode, ...(exitCode === 0 ? {} : { error: failureOf(rows, sum) }) };
}

function failureOf(rows: readonly Row[], sum: string): string {
  const refused = rows.some(({ action }) => action === 'refused');
  return refused ? `nothing was written: ${sum}` : `not all documents are in force: ${sum}`;
}
