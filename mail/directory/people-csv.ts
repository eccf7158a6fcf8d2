/**
 * People from CSV: columns are the fields of the Person form, in any case, and some usual other names. Cells of
 * lists part their entries by semicolons. Columns that no field takes are told once.
 */
import { nearest } from '../document/nearest.ts';
import type { Csv, Row } from './csv.ts';
import type { Imported } from './domino-ldif.ts';

const texts = [
  'name',
  'firstName',
  'middleInitial',
  'lastName',
  'internetAddress',
  'forwardingAddress',
  'mailSystem',
  'mailServer',
  'mailDomain',
  'mailFile',
] as const;
const lists = ['userNames', 'shortNames', 'sendAs'] as const;
const numbers = ['quotaMB'] as const;
const fields: readonly string[] = [...texts, ...lists, ...numbers];

const otherNames: Readonly<Record<string, string>> = {
  fullname: 'name',
  givenname: 'firstName',
  surname: 'lastName',
  mail: 'internetAddress',
  email: 'internetAddress',
  shortname: 'shortNames',
  username: 'userNames',
  quota: 'quotaMB',
};

export interface PeopleOfCsv {
  readonly people: readonly Imported[];
  /** What concerns the file as a whole. */
  readonly lines: readonly string[];
}

export function peopleOfCsv({ header, rows }: Csv): PeopleOfCsv {
  const columns = header.map(fieldOf);
  const named = columns.includes('name') || (columns.includes('firstName') && columns.includes('lastName'));
  if (!named)
    return { people: [], lines: ['the header row has no column "name", nor "firstName" and "lastName"'] };
  const unknown = header.filter((text, index) => columns[index] === undefined && text !== '');
  return { people: rows.map((row) => personOf(row, columns)), lines: unknown.map(unknownColumn) };
}

function fieldOf(heading: string): string | undefined {
  const folded = heading.toLowerCase().replaceAll(/[\s_-]/g, '');
  return fields.find((field) => field.toLowerCase() === folded) ?? otherNames[folded];
}

function unknownColumn(heading: string): string {
  if (heading.toLowerCase() === 'password')
    return 'column "password" is left out: set passwords with: postern people set-password NAME';
  const meant = nearest(heading, fields);
  return `column "${heading}" is no field of a person and is left out${meant === undefined ? '' : `; did you mean ${meant}?`}`;
}

function personOf({ line, cells, open }: Row, columns: readonly (string | undefined)[]): Imported {
  if (open === true)
    return {
      form: 'Person',
      name: `line ${line}`,
      lines: [`line ${line}: a quotation mark is never closed; this and all that follows is left out`],
    };
  const document: Record<string, unknown> = {};
  for (const [index, field] of columns.entries()) {
    const cell = cells[index]?.trim() ?? '';
    if (field !== undefined && cell !== '') document[field] = valueOf(field, cell);
  }
  const name = document['name'] ?? [document['firstName'], document['lastName']].filter(Boolean).join(' ');
  if (typeof name !== 'string' || name === '')
    return { form: 'Person', name: `line ${line}`, lines: [`line ${line}: the person has no name`] };
  if (cells.length > columns.length)
    return {
      form: 'Person',
      name,
      lines: [`line ${line}: has ${cells.length} cells, the header row ${columns.length}`],
    };
  return { form: 'Person', name, document: { ...document, form: 'Person', name }, lines: [] };
}

function valueOf(field: string, cell: string): unknown {
  if ((lists as readonly string[]).includes(field))
    return cell
      .split(/[;\n]/)
      .map((entry) => entry.trim())
      .filter(Boolean);
  if ((numbers as readonly string[]).includes(field) && /^\d+(\.\d+)?$/.test(cell)) return Number(cell);
  return cell;
}
