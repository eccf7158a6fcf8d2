/**
 * `postern documents import`: an export, a Domino LDIF export, or people as CSV. What may not be written is left out
 * and reported; the rest is written. Of LDIF and CSV an address that another document has is left out alone.
 */
import { claimOwners } from '../aws/claim-owners.ts';
import { parseCsv } from '../mail/directory/csv.ts';
import { addressClaim } from '../mail/directory/document-views.ts';
import { importEntry, type Imported } from '../mail/directory/domino-ldif.ts';
import { idOf } from '../mail/directory/kept.ts';
import { parseLdif } from '../mail/directory/ldif.ts';
import { foldName } from '../mail/document/names.ts';
import { peopleOfCsv } from '../mail/directory/people-csv.ts';
import type { Call, Command } from './command.ts';
import { directoryOf, foldedId, storedItems, type DirectoryRoom } from './directory.ts';
import { nameOf, readDocuments, readText } from './document-files.ts';
import { Failure, Usage } from './failure.ts';
import { judge } from './judge.ts';
import type { Result } from './output.ts';
import { flag, option } from './words.ts';
import { resultOf, writeDocuments, type Row } from './write-documents.ts';

async function run(call: Call): Promise<Result> {
  const [ldif, csv, [file]] = [option(call, 'ldif'), option(call, 'csv'), call.positionals];
  if ([ldif, csv, file].filter((one) => one !== undefined).length !== 1 || call.positionals.length > 1)
    throw new Usage('Name one file: an export, --ldif FILE, or --csv FILE.');
  if (ldif !== undefined) return importForeign(call, readLdif(ldif), []);
  if (csv !== undefined) return importCsv(call, csv);
  const dryRun = flag(call, 'dry-run');
  const judged = judge(readDocuments(call.positionals));
  return resultOf(await writeDocuments(call.gateway, judged, { invalid: 'leave out', dryRun }), dryRun);
}

function readLdif(file: string): Imported[] {
  const { entries, problems } = parseLdif(readText(file));
  if (entries.length === 0)
    throw new Failure(
      `${nameOf(file)} has no LDIF entry.${problems[0] === undefined ? '' : ` ${problems[0].problem}.`}`,
    );
  const unread = problems.map(({ dn, line, problem }) => ({
    form: '',
    name: dn === '' ? `line ${line}` : dn,
    lines: [problem],
  }));
  return [...entries.map(importEntry), ...unread];
}

function importCsv(call: Call, file: string): Promise<Result> {
  const { people, lines } = peopleOfCsv(parseCsv(readText(file)));
  if (people.length === 0) throw new Failure(`${nameOf(file)} has no people: ${lines[0] ?? 'no rows'}.`);
  return importForeign(call, people, lines);
}

interface Candidate {
  readonly imported: Imported;
  readonly content: Record<string, unknown>;
  readonly lines: string[];
}

async function importForeign(
  call: Call,
  imported: readonly Imported[],
  about: readonly string[],
): Promise<Result> {
  const room = directoryOf(call.gateway);
  const dryRun = flag(call, 'dry-run');
  const candidates = imported
    .filter(({ document }) => document !== undefined)
    .map((one): Candidate => ({ imported: one, content: { ...one.document }, lines: [...one.lines] }));
  await keepWhatIsOnlyHere(room, candidates);
  await leaveOutTaken(room, candidates);
  await tellUnknownServers(room, candidates);
  const judged = judge(
    candidates.map(({ imported: { name }, content }) => ({ place: name, value: content })),
  );
  const outcome = await writeDocuments(call.gateway, judged, { invalid: 'leave out', dryRun });
  const rows = [
    ...outcome.rows.map((row, index) => withLines(row, candidates[index]!)),
    ...leftOut(imported),
  ];
  const failed = outcome.rows.some(({ action, problems }) => action !== 'left out' && problems.length > 0);
  const result = resultOf({ rows, lines: [], exitCode: failed ? 1 : 0 }, dryRun);
  const header = about.map((line) => ({
    form: '',
    name: 'header row',
    action: 'left out',
    problems: [line],
  }));
  const text = reportText({ lines: outcome.lines, about, rows }, dryRun);
  return { ...result, json: [...header, ...result.json], text };
}

function withLines(row: Row, { lines }: Candidate): Row {
  return { ...row, problems: [...row.problems, ...lines] };
}

function leftOut(imported: readonly Imported[]): Row[] {
  return imported
    .filter(({ document }) => document === undefined)
    .map(({ form, name, lines }) => ({ form, name, action: 'left out', problems: [...lines], warnings: [] }));
}

/** Fields that neither LDIF nor CSV knows stay as they are in a document that is there. */
const onlyHere = ['password', 'sendAs', 'quotaMB', 'readers'];

async function keepWhatIsOnlyHere(room: DirectoryRoom, candidates: readonly Candidate[]): Promise<void> {
  const stored = await storedItems(
    room,
    candidates.map(({ imported }) => imported),
  );
  for (const { imported, content } of candidates) {
    const before = stored.get(foldedId(imported))?.content ?? {};
    for (const field of onlyHere)
      if (content[field] === undefined && before[field] !== undefined) content[field] = before[field];
  }
}

/** The first to have an address keeps it: what is published before the file, then the file in its order. */
async function leaveOutTaken(room: DirectoryRoom, candidates: readonly Candidate[]): Promise<void> {
  const claimOf = ({ content }: Candidate): string | undefined => {
    const { internetAddress } = content;
    return typeof internetAddress === 'string' ? addressClaim(internetAddress) : undefined;
  };
  const owners = new Map<string, { id: string; words: string }>();
  for (const [claim, owner] of await claimOwners(
    room.viewsTable,
    candidates.flatMap((one) => claimOf(one) ?? []),
  ))
    owners.set(claim, { id: idOf(owner), words: `${owner.form} "${owner.spelled}"` });
  for (const one of candidates) {
    const [claim, id] = [claimOf(one), foldedId(one.imported)];
    const owner = claim === undefined ? undefined : owners.get(claim);
    if (claim !== undefined && owner === undefined)
      owners.set(claim, { id, words: `${one.imported.form} "${one.imported.name}"` });
    if (owner === undefined || owner.id === id) continue;
    one.lines.push(
      `internetAddress: "${String(one.content['internetAddress'])}" is the address of ${owner.words} already; left out`,
    );
    delete one.content['internetAddress'];
  }
}

/** As in Domino, mail for another server needs a way there. */
async function tellUnknownServers({ views }: DirectoryRoom, candidates: readonly Candidate[]): Promise<void> {
  const known = new Set((await views.keptOfForm('Server')).map(({ name }) => name));
  for (const { content, lines } of candidates) {
    const { mailServer } = content;
    if (typeof mailServer === 'string' && !known.has(foldName(mailServer)))
      lines.push(
        `mailServer: no Server document is named "${mailServer}", so this mail has no route; publish one`,
      );
  }
}

interface Report {
  readonly lines: readonly string[];
  readonly about: readonly string[];
  readonly rows: readonly Row[];
}

const mostNames = 5;

/** What many documents have in common is told once, with the first names. */
function reportText({ lines, about, rows }: Report, dryRun: boolean): string {
  const byLine = new Map<string, Row[]>();
  for (const row of rows)
    for (const problem of row.problems) {
      const line = problem.replaceAll(/"[^"]*"/g, '"…"');
      byLine.set(line, [...(byLine.get(line) ?? []), row]);
    }
  const said = [...byLine].flatMap(([line, those]) => {
    const exact =
      those.length === 1
        ? those[0]!.problems.find((one) => one.replaceAll(/"[^"]*"/g, '"…"') === line)
        : line;
    const names = those
      .slice(0, mostNames)
      .map(({ form, name, action }) => `${form} ${name}${action === 'left out' ? ' (left out)' : ''}`);
    const more = those.length > mostNames ? ` and ${those.length - mostNames} more` : '';
    return [exact ?? line, `    ${names.join(', ')}${more}`];
  });
  const sums = resultOf(
    { rows: rows.map((row) => ({ ...row, problems: [] })), lines: [], exitCode: 0 },
    dryRun,
  ).text;
  return [...lines, ...about, ...said, sums].join('\n');
}

export const importCommands: Record<string, Command> = {
  'documents import': {
    takes: '(FILE | --ldif FILE | --csv FILE) [--dry-run]',
    does: 'an export; or people, groups, mail-in databases of others, with a report',
    options: { ldif: { type: 'string' }, csv: { type: 'string' }, 'dry-run': { type: 'boolean' } },
    run,
  },
};
