/**
 * The documents that the `$Users` view is made of: Person, Group, Mail-In Database.
 */
import { address, dominoDomain, mailFile, member, name, nameOrAddress, passwordHash } from './checks.ts';
import type * as z from 'zod';
import { about, choice, form, number, optionalText, texts } from './fields.ts';

export const groupTypes = ['multi-purpose', 'mail-only', 'acl-only', 'deny-only', 'servers-only'] as const;
export const mailSystems = ['notes', 'pop-or-imap', 'other-internet-mail', 'none'] as const;

/** Where mail is kept: the same fields in Person and Mail-In Database. */
function mailFields(tab: string) {
  return {
    mailServer: optionalText(
      about(`${tab}: Mail server`, 'Server that holds the mail file. Absent: the gateway.'),
      name,
    ),
    mailDomain: optionalText(
      about(`${tab}: Domain`, "Domino domain. Absent: the gateway's own."),
      dominoDomain,
    ),
    mailFile: optionalText(
      about(
        `${tab}: Mail file`,
        'Mail file; backslash is slash, lower case. Absent: `mail/<local part of internetAddress>`.',
      ),
      mailFile,
    ),
    quotaMB: number(
      { fallback: 0, kind: 'size' },
      about('Administrator > Files > Set quota', 'Quota of the mail file in MB; 0: none.'),
    ),
  };
}

const basics = 'Person > Basics';
const mail = 'Person > Mail';

export const personForm = form(
  {
    firstName: optionalText(about(`${basics}: First name`, 'First name.'), name),
    middleInitial: optionalText(about(`${basics}: Middle name`, 'Middle initial.'), name),
    lastName: optionalText(about(`${basics}: Last name`, 'Last name.'), name),
    userNames: texts(about(`${basics}: User name`, 'Further names of the person: aliases.'), name),
    shortNames: texts(about(`${basics}: Short name/UserID`, 'Short names.'), name),
    internetAddress: optionalText(
      about(`${mail}: Internet address`, 'Internet address; nobody else has it.'),
      address,
    ),
    forwardingAddress: optionalText(
      about(`${mail}: Forwarding address`, 'Mail goes there instead of the mail file.'),
      nameOrAddress,
    ),
    mailSystem: choice(
      mailSystems,
      'notes',
      about(
        `${mail}: Mail system`,
        '`other-internet-mail` needs a forwarding address; `none` is refused with 550 5.1.1.',
      ),
    ),
    ...mailFields(mail),
    sendAs: texts(
      about(
        'Mail file > Preferences > Delegation',
        'Addresses, mail-in databases and groups that this person may send as.',
      ),
      nameOrAddress,
    ),
    password: optionalText(
      about(`${basics}: Internet password`, 'Hash that `postern people set-password` writes.'),
      passwordHash,
    ),
  },
  about('Person', 'A person.'),
);

export const groupForm = form(
  {
    groupType: choice(
      groupTypes,
      'multi-purpose',
      about(
        'Group > Basics: Group type',
        '`multi-purpose` and `mail-only` take mail and may stand in lists; the others do neither.',
      ),
    ),
    members: texts(
      about(
        'Group > Basics: Members',
        'Names, addresses, groups; where a list names the group, any entry of that list.',
      ),
      member,
    ),
    internetAddress: optionalText(
      about('Group > Basics: Internet Address', 'Internet address of the group.'),
      address,
    ),
    readers: texts(
      about('Group > Administration: Readers', 'Only they may send to the group. Empty: everybody.'),
      nameOrAddress,
    ),
  },
  about('Group', 'A group.'),
);

const database = 'Mail-In Database > Basics';

export const mailInDatabaseForm = form(
  {
    internetAddress: optionalText(
      about(`${database}: Internet Address`, 'Internet address of the database.'),
      address,
    ),
    ...mailFields(database),
  },
  about('Mail-In Database', 'A mailbox without a person.'),
);

export type Person = { name: string } & z.output<typeof personForm>;
export type Group = { name: string } & z.output<typeof groupForm>;
export type MailInDatabase = { name: string } & z.output<typeof mailInDatabaseForm>;
