/**
 * Entries of a Domino LDIF export as documents: people, groups, mail-in databases. What cannot be carried over is
 * left out with a line that says why; what would change where mail goes keeps the whole entry out. Attributes are
 * those of Domino's LDAP schema; their fields stand in docs/domino-map.md.
 */
import { foldName, commonName } from '../document/names.ts';
import {
  address,
  dominoDomain,
  mailFile,
  member,
  name as nameCheck,
  nameOrAddress,
} from '../document/checks.ts';
import { hierarchicalName } from './distinguished-name.ts';
import type { LdifEntry } from './ldif.ts';

export interface Imported {
  readonly form: string;
  readonly name: string;
  /** Undefined: the whole entry is left out. */
  readonly document?: Readonly<Record<string, unknown>> & { readonly form: string; readonly name: string };
  /** What was left out or taken on trust, and why. */
  readonly lines: readonly string[];
}

type ImportedForm = 'Person' | 'Group' | 'MailInDatabase';

export function importEntry(entry: LdifEntry): Imported {
  const classes = (entry.attributes.get('objectclass') ?? []).map((text) => text.trim().toLowerCase());
  const form = formOf(classes, entry);
  const name = nameOf(entry.dn);
  if (form === undefined) {
    const kind = classes.find((text) => text.startsWith('domino')) ?? classes[0] ?? 'without objectclass';
    return {
      form: kind,
      name: entry.dn,
      lines: [`an entry ${kind} is no person, group or mail-in database`],
    };
  }
  if (name === undefined)
    return { form, name: entry.dn, lines: [`dn: "${entry.dn}" is no distinguished name`] };
  const draft = new Draft(entry);
  if (form === 'Person') person(draft, name);
  else if (form === 'Group') group(draft);
  else database(draft);
  draft.rest();
  if (draft.obstacle !== undefined) return { form, name, lines: [draft.obstacle] };
  return { form, name, document: { form, name, ...draft.fields }, lines: draft.lines };
}

function formOf(classes: readonly string[], { attributes }: LdifEntry): ImportedForm | undefined {
  const has = (...names: string[]): boolean => names.some((name) => classes.includes(name));
  if (classes.some((name) => /mailindatabase$|^dominodatabase$/.test(name))) return 'MailInDatabase';
  if (has('dominogroup', 'groupofnames', 'groupofuniquenames')) return 'Group';
  if (has('dominoperson', 'inetorgperson', 'person')) return 'Person';
  return attributes.has('mailfile') ? 'MailInDatabase' : undefined;
}

/** Domino writes some names without types. */
function nameOf(dn: string): string | undefined {
  if (!dn.includes('=')) return dn.trim() === '' ? undefined : dn.trim();
  return hierarchicalName(dn);
}

type Check = (text: string) => string | undefined;

/** The document under way: takes attributes one by one, and keeps account. */
class Draft {
  readonly fields: Record<string, unknown> = {};
  readonly lines: string[] = [];
  /** Why the whole entry must stay out. */
  obstacle: string | undefined;
  readonly #entry: LdifEntry;
  readonly #taken = new Set<string>(['objectclass']);

  constructor(entry: LdifEntry) {
    this.#entry = entry;
  }

  /** Values of the first of these attributes that the entry has; all of them count as read. */
  values(...attributes: string[]): string[] {
    for (const attribute of attributes) this.#taken.add(attribute);
    const found = attributes.flatMap((attribute) => this.#entry.attributes.get(attribute) ?? []);
    return [...new Set(found.map((text) => text.trim().normalize('NFC')).filter((text) => text !== ''))];
  }

  /** The first value that passes the check; others are told. */
  one(field: string, check: Check, ...attributes: string[]): string | undefined {
    const [first, ...more] = this.list(field, check, this.values(...attributes));
    if (first !== undefined) this.fields[field] = first;
    if (more.length > 0) this.lines.push(`${field}: takes one value; left out: ${more.join(', ')}`);
    return first;
  }

  /** Values that pass; the others are left out with the reason. */
  list(field: string, check: Check, written: readonly string[]): string[] {
    return written.filter((text) => {
      const problem = check(text);
      if (problem !== undefined) this.lines.push(`${field}: ${problem}; left out`);
      return problem === undefined;
    });
  }

  many(field: string, list: readonly string[]): void {
    if (list.length > 0) this.fields[field] = list;
  }

  /** Attributes that no field was made of. */
  rest(): void {
    const { attributes, binary } = this.#entry;
    const left = [...attributes.keys(), ...binary].filter((name) => !this.#taken.has(name));
    for (const name of binary.filter((one) => this.#taken.has(one)))
      this.lines.push(`${name}: a value that is no UTF-8 text; left out`);
    const secret = left.filter((name) => passwords.has(name));
    if (secret.length > 0)
      this.lines.push(
        'password: hashes cannot be carried over; set one with: postern people set-password NAME',
      );
    const others = [...new Set(left)].filter((name) => !passwords.has(name)).sort();
    if (others.length > 0) this.lines.push(`no field takes: ${others.join(', ')}; left out`);
  }
}

const passwords = new Set(['userpassword', 'httppassword']);

/** A server, person or group is written as a distinguished name, or plainly. */
function plain(text: string): string {
  return (text.includes('=') ? hierarchicalName(text) : undefined) ?? text;
}

function internetAddress(draft: Draft): void {
  const taken = draft.one('internetAddress', address, 'mail', 'internetaddress');
  if (taken !== undefined)
    draft.lines.push(`internetAddress: "${taken}" is LDAP's mail, which Domino may have computed; check it`);
}

function mailHome(draft: Draft): void {
  const [server] = draft.list('mailServer', nameCheck, draft.values('mailserver').map(plain));
  if (server !== undefined) draft.fields['mailServer'] = server;
  draft.one('mailDomain', dominoDomain, 'maildomain');
  draft.one('mailFile', mailFile, 'mailfile');
}

function person(draft: Draft, name: string): void {
  draft.one('firstName', nameCheck, 'givenname');
  draft.one('middleInitial', nameCheck, 'middleinitial', 'initials');
  draft.one('lastName', nameCheck, 'sn');
  const known = new Set([foldName(name), foldName(commonName(name))]);
  const aliases = draft
    .values('cn', 'fullname')
    .map(plain)
    .filter((text) => !known.has(foldName(text)));
  draft.many('userNames', draft.list('userNames', nameCheck, aliases));
  draft.many('shortNames', draft.list('shortNames', nameCheck, draft.values('shortname', 'uid')));
  internetAddress(draft);
  forwarding(draft);
  mailSystem(draft);
  mailHome(draft);
}

/** Without its forwarding address a person's mail would stay here. */
function forwarding(draft: Draft): void {
  const [target, ...more] = draft.values('mailaddress', 'forwardingaddress').map(plain);
  if (target === undefined) return;
  const problem = nameOrAddress(target);
  if (problem !== undefined)
    draft.obstacle = `forwardingAddress: ${problem}; without it mail would stay here, so the person is left out`;
  draft.fields['forwardingAddress'] = target;
  if (more.length > 0) draft.lines.push(`forwardingAddress: takes one value; left out: ${more.join(', ')}`);
}

/** Person > Mail > Mail system, as Domino stores it and as it shows it. */
const mailSystems: Readonly<Record<string, string>> = {
  '1': 'notes',
  notes: 'notes',
  '5': 'other-internet-mail',
  'other internet mail': 'other-internet-mail',
  '6': 'pop-or-imap',
  'pop or imap': 'pop-or-imap',
  '100': 'none',
  none: 'none',
};

function mailSystem(draft: Draft): void {
  const [written] = draft.values('mailsystem');
  if (written === undefined) return;
  const known = mailSystems[written.toLowerCase()];
  if (known === undefined)
    draft.lines.push(`mailSystem: "${written}" has no counterpart; left out, so it is notes`);
  else if (known !== 'notes') draft.fields['mailSystem'] = known;
}

const groupTypes: Readonly<Record<string, string>> = {
  '0': 'multi-purpose',
  '1': 'mail-only',
  '2': 'acl-only',
  '3': 'deny-only',
  '4': 'servers-only',
};

function group(draft: Draft): void {
  draft.values('cn', 'fullname', 'listname');
  const [type] = draft.values('grouptype');
  if (type !== undefined && groupTypes[type] !== undefined) draft.fields['groupType'] = groupTypes[type];
  if (type !== undefined && groupTypes[type] === undefined)
    draft.obstacle = `groupType: "${type}" is no group type of Domino (0 to 4); the group is left out`;
  const members = draft.values('member', 'uniquemember', 'members').map(plain);
  draft.many('members', draft.list('members', member, members));
  internetAddress(draft);
}

function database(draft: Draft): void {
  draft.values('cn', 'fullname', 'sn');
  internetAddress(draft);
  mailHome(draft);
}
