/** `postern people`: the password of a person, and Domino's Set Internet Address tool. */
import type { SourceItem } from '../aws/directory-table.ts';
import { viewsDirectory } from '../aws/directory.ts';
import {
  addressFormats,
  assignAddresses,
  readFormat,
  separators,
  type Assigned,
  type Nameless,
  type Scheme,
} from '../mail/directory/internet-address-tool.ts';
import { hashPassword } from '../mail/directory/password.ts';
import { either } from '../mail/document/problems.ts';
import type { Call, Command } from './command.ts';
import { directoryOf, findItem, type DirectoryRoom } from './directory.ts';
import { Failure, Usage } from './failure.ts';
import { readInput } from './input.ts';
import { table } from './output.ts';
import { progressFor, thousands } from './progress.ts';
import { awaitPublication } from './publication.ts';
import { flag, option, word } from './words.ts';

async function setPassword(call: Call) {
  const room = directoryOf(call.gateway);
  const { form, name } = await personNamed(room, word(call, 0, 'NAME'));
  if (process.stdin.isTTY) process.stderr.write(`Password of ${name}: `);
  const password = firstLine();
  if (password.trim() === '')
    throw new Failure('The password is empty; write it as the first line of standard input.');
  const done = await room.desk.setField({
    form,
    name,
    field: 'password',
    value: await hashPassword(password),
  });
  if (!done) throw new Failure(`Person "${name}" was deleted meanwhile.`);
  const { problems } = await awaitPublication(room, [{ form, name }]);
  const wrong = [...problems.values()].flat();
  const text = [`The password of ${name} is set.`, ...wrong.map((problem) => `    ${problem}`)].join('\n');
  return {
    json: { form, name, action: 'changed', problems: wrong },
    text,
    ...(wrong.length > 0 ? { exitCode: 1, error: `The password of ${name} is not in force.` } : {}),
  };
}

/** By name in any spelling, else by whatever name only one person has. */
async function personNamed(room: DirectoryRoom, text: string): Promise<SourceItem> {
  const item = await findItem(room, { form: 'Person', name: text });
  if (item !== undefined) return item;
  const directory = viewsDirectory(room.viewsTable);
  const owners = text.includes('@') ? await directory.findAddress(text) : [];
  const found = [...owners, ...(await directory.findName(text))].filter(({ form }) => form === 'Person');
  const names = [...new Set(found.map(({ name }) => name))];
  if (names.length > 1)
    throw new Failure(`"${text}" is a name of ${names.join(' and ')}; write the full name.`);
  const one = names[0] === undefined ? undefined : await findItem(room, { form: 'Person', name: names[0] });
  if (one === undefined) throw new Failure(`There is no Person named "${text}".`);
  return one;
}

const longestLine = 4_096;

/** No more is read than the line: on a terminal it ends with Enter, in a pipe others may follow. */
function firstLine(): string {
  const octets: number[] = [];
  const one = Buffer.alloc(1);
  while (octets.length < longestLine && readInput(one) === 1 && one[0] !== 10) octets.push(one[0]!);
  return Buffer.from(octets).toString('utf8').replace(/\r$/, '');
}

async function setInternetAddress(call: Call) {
  const room = directoryOf(call.gateway);
  const scheme = { ...readScheme(call), domain: option(call, 'domain') ?? (await primaryDomain(room)) };
  const people = await room.desk.itemsOfForm('Person');
  const others = [
    ...(await room.desk.itemsOfForm('Group')),
    ...(await room.desk.itemsOfForm('MailInDatabase')),
  ];
  const assigned = assignAddresses(
    people.filter(hasNone).map(nameless),
    scheme,
    takenBy([...people, ...others]),
  );
  const set = assigned.filter((one) => 'address' in one);
  const rows = set.map(({ name, address }) => ({ name, old: '', new: address }));
  const left = assigned.flatMap((one) => ('problem' in one ? [one.problem] : []));
  const dryRun = flag(call, 'dry-run');
  const wrong = dryRun ? [] : await write(room, set);
  for (const line of [...left, ...wrong]) process.stderr.write(`postern: ${line}\n`);
  const sum = `${thousands(rows.length)} people ${dryRun ? 'would get' : 'got'} an Internet address${left.length > 0 ? `, ${left.length} did not` : ''}.`;
  const text = [
    table(
      ['NAME', 'INTERNET ADDRESS'],
      rows.map((row) => [row.name, row.new]),
    ),
    '',
    sum,
  ].join('\n');
  return { json: rows, text, exitCode: wrong.length > 0 ? 1 : 0 };
}

function readScheme(call: Call): Omit<Scheme, 'domain'> {
  const text = option(call, 'format');
  if (text === undefined) throw new Usage(`--format is missing; write ${either(addressFormats)}.`);
  const read = readFormat(text);
  if (read === undefined)
    throw new Usage(`--format "${text}" is not known; write ${either(addressFormats)}.`);
  const separator = option(call, 'separator') ?? read.separator ?? '';
  if (!separators.includes(separator))
    throw new Usage(`--separator "${separator}" cannot part names; write one of _ . - = % or nothing.`);
  return { format: read.format, separator };
}

async function primaryDomain({ desk }: DirectoryRoom): Promise<string> {
  const all = await desk.itemsOfForm('GlobalDomain');
  const chosen =
    all.find(({ content }) => content['default'] === true) ?? (all.length === 1 ? all[0] : undefined);
  const domain = chosen?.content['primaryDomain'];
  if (typeof domain === 'string') return domain;
  throw new Failure('No Global Domain is the default; write --domain acme.example.');
}

function hasNone({ content }: SourceItem): boolean {
  return content['internetAddress'] === undefined || content['internetAddress'] === '';
}

function nameless({ name, content }: SourceItem): Nameless {
  const text = (field: string): string | undefined => {
    const value = content[field];
    return typeof value === 'string' && value.trim() !== '' ? value : undefined;
  };
  return {
    name,
    firstName: text('firstName'),
    lastName: text('lastName'),
    middleInitial: text('middleInitial'),
    shortNames: listOf(content['shortNames']),
  };
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

/** Their own, and further addresses among their names. */
function takenBy(items: readonly SourceItem[]): string[] {
  return items.flatMap(({ content }) => [
    ...listOf([content['internetAddress']]),
    ...[...listOf(content['userNames']), ...listOf(content['shortNames'])].filter((text) =>
      text.includes('@'),
    ),
  ]);
}

type Set = Extract<Assigned, { address: string }>;

const atOnce = 8;

async function write(room: DirectoryRoom, set: readonly Set[]): Promise<string[]> {
  const progress = progressFor(set.length);
  const problems: string[] = [];
  const written: { form: string; name: string }[] = [];
  for (let at = 0; at < set.length; at += atOnce) {
    const some = set.slice(at, at + atOnce).map(async ({ name, address }) => {
      const change = { form: 'Person', name, field: 'internetAddress', value: address, onlyIfEmpty: true };
      if (await room.desk.setField(change)) written.push({ form: 'Person', name });
      else problems.push(`${name} got an address meanwhile, or was deleted.`);
    });
    await Promise.all(some);
    progress.say(`written ${thousands(written.length)} of ${thousands(set.length)} addresses`);
  }
  const publication = await awaitPublication(room, written);
  progress.end();
  for (const [id, wrong] of publication.problems)
    problems.push(...wrong.map((one) => `${id.replace('#', ' ')}: ${one}`));
  return problems;
}

export const peopleCommands: Record<string, Command> = {
  'people set-password': {
    takes: 'NAME',
    does: 'sets the password: the first line of standard input',
    run: setPassword,
  },
  'people set-internet-address': {
    takes: '--format F [--separator C] [--domain D] [--dry-run]',
    does: `gives people without an Internet address one: ${addressFormats.join(', ')}`,
    options: {
      format: { type: 'string' },
      separator: { type: 'string' },
      domain: { type: 'string' },
      'dry-run': { type: 'boolean' },
    },
    run: setInternetAddress,
  },
};
