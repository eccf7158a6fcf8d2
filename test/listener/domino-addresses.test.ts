/** domino-map.md, address look-up (L1 to L10), local domains (D1 to D5) and what follows a match, as dialogues. */
import { test } from 'node:test';
import type { World } from '../mail/policy/world.ts';
import { alice } from './gateway.ts';
import { play, stage, type Row, type Turn } from './domino-session.ts';

const people = [
  alice,
  {
    name: 'Craig Bowker/Acme',
    firstName: 'Craig',
    lastName: 'Bowker',
    shortNames: ['cbowker'],
    internetAddress: 'craig_bowker@acme.example',
  },
  { name: 'John Smith/Acme', firstName: 'John', lastName: 'Smith', internetAddress: 'jsmith@acme.example' },
  { name: 'Jane Smith/Acme', firstName: 'Jane', lastName: 'Smith', internetAddress: 'jane@acme.example' },
  {
    name: 'Odd One/Acme',
    internetAddress: '"odd one"@acme.example',
    userNames: ['odd.one@other.acme.example'],
  },
  { name: 'No Mail/Acme', internetAddress: 'nomail@acme.example', mailSystem: 'none' },
  {
    name: 'Away/Acme',
    internetAddress: 'away@acme.example',
    forwardingAddress: 'away@elsewhere.example',
    mailSystem: 'other-internet-mail',
  },
  {
    name: 'Shared One/Acme',
    lastName: 'Shared',
    internetAddress: 'one@acme.example',
    mailFile: 'mail/shared',
  },
  {
    name: 'Shared Two/Acme',
    lastName: 'Shared',
    internetAddress: 'two@acme.example',
    mailFile: 'mail/shared',
  },
];
const databases = [
  { name: 'Support Desk', internetAddress: 'support@acme.example', mailFile: 'mail/support' },
];
const groups = [
  { name: 'Team', members: ['Alice Example/Acme'], internetAddress: 'team@acme.example' },
  {
    name: 'Board',
    members: ['Alice Example/Acme'],
    internetAddress: 'board@acme.example',
    readers: ['Alice Example/Acme'],
  },
  {
    name: 'Admins',
    members: ['Alice Example/Acme'],
    internetAddress: 'admins@acme.example',
    groupType: 'acl-only',
  },
];
const acme = {
  name: 'Acme',
  primaryDomain: 'acme.example',
  aliases: ['acmewest.example', '*.labs.example'],
  dominoDomains: ['ACME', 'Old=ACME'],
};
const shop = { name: 'Shop', primaryDomain: 'shop.example' };
const domains = [acme, shop];

const found = '250 2.1.5 ';
const unknown = (address: string): string => `550 5.1.1 <${address}>... No such user`;
const relay = '554 5.7.1 Relay rejected for policy reasons.';
const ambiguous = (name: string): string =>
  `553 5.1.4 User ${name} (${name}@acme.example) not unique.  Several`.replace('  ', ' ');

type Asked = readonly [rule: string, to: string, reply: string, world?: World];

const lookUp = (addressLookup: string): World => ({ configuration: { routing: { addressLookup } } });
const whole = lookUp('fullname');
const local = lookUp('local-part');

const asked: readonly Asked[] = [
  ['L1 the whole address', 'craig_bowker@acme.example', found, whole],
  ['L1 in an alias domain', 'craig_bowker@acmewest.example', found, whole],
  ['L1 without case', 'CRAIG_Bowker@ACME.example', found, whole],
  [
    'L1 among the user names',
    'odd.one@other.acme.example',
    found,
    { ...whole, domains: [{ ...acme, aliases: ['other.acme.example'] }] },
  ],
  ['L2 the short name', 'cbowker@acme.example', found, local],
  ['L2 the last name', 'bowker@acme.example', found, local],
  ['L2 the first name', 'craig@acme.example', found, local],
  ['L2 of any local domain', 'craig@shop.example', found, local],
  [
    'L2 the local part of an address is no name',
    'jsmith@acme.example',
    unknown('jsmith@acme.example'),
    local,
  ],
  ['L3 both: by name', 'cbowker@acme.example', found],
  ['L3 both: by address', 'jsmith@acme.example', found],
  ['L3 fullname only: no short names', 'cbowker@acme.example', unknown('cbowker@acme.example'), whole],
  [
    'L4 another Global Domain is no alias',
    'craig_bowker@shop.example',
    unknown('craig_bowker@shop.example'),
    whole,
  ],
  ['L5 an underscore is a space', 'Craig_Bowker@shop.example', found],
  ['L5 a dot is a space', 'craig.bowker@shop.example', found],
  ['L6 several', 'smith@acme.example', ambiguous('smith')],
  ['L6 several with one mail file are one', 'shared@acme.example', found],
  ['L8 our own Domino domain', 'cbowker%ACME@acme.example', found],
  ['L8 its alias', 'cbowker%Old@acme.example', found],
  ['L9 a sub-address is taken literally', 'alice+tag@acme.example', unknown('alice+tag@acme.example')],
  ['L10 a quoted local part', '"alice"@acme.example', found],
  ['L10 with a space', '"odd one"@acme.example', found],
  ['L10 quotes around a name', '"Craig Bowker"@acme.example', found],
  ['a mail-in database by address', 'support@acme.example', found],
  ['a mail-in database by name', 'Support.Desk@acme.example', found],
  ['D1 no Global Domain: the host name', 'alice@mail1.acme.example', found, { domains: [] }],
  ['D1 no Global Domain: its domain', 'alice@acme.example', found, { domains: [] }],
  ['D1 and no other', 'alice@shop.example', relay, { domains: [] }],
  ['D2 primary', 'alice@acme.example', found],
  ['D2 alias', 'alice@acmewest.example', found],
  ['D2 no match is a relay', 'alice@else.example', relay],
  ['D2 below a primary domain is another', 'alice@x.acme.example', relay],
  ['D3 a subdomain of a wildcard alias', 'alice@a.b.labs.example', found],
  ['D3 not the bare name', 'alice@labs.example', relay],
  ['D4 the host name beside Global Domains', 'alice@mail1.acme.example', found],
  ['D5 a wildcard alias stands for its primary', 'craig_bowker@x.labs.example', found, whole],
  ['who has a forwarding address is accepted', 'away@acme.example', found],
  ['who takes no mail is not', 'nomail@acme.example', unknown('nomail@acme.example')],
  ['a group', 'team@acme.example', found],
  ['a group for its readers', 'board@acme.example', '550 5.7.2 not authorized to send mail to group Board'],
  [
    'a group that is no mailing list',
    'admins@acme.example',
    '550 5.1.1 <admins@acme.example>... Cannot route mail to user',
  ],
];

const rowOf = ([rule, to, reply, world]: Asked): Row => ({
  rule,
  world: { domains, groups, ...world },
  turns: [
    ['MAIL FROM:<a@there.example>', '250 '],
    [`RCPT TO:<${to}>`, reply],
  ] satisfies Turn[],
});

test('addresses', async (t) => {
  await using place = await stage({ people, databases, groups, domains });
  await play(t, place, asked.map(rowOf));
  const internal = 'ADDR=192.0.2.14 NAME=inside.acme.example';
  await play(t, place, [
    {
      rule: 'a reader writes from an internal peer',
      peer: internal,
      world: { domains, groups },
      turns: [
        ['MAIL FROM:<alice@acme.example>', '250 '],
        ['RCPT TO:<board@acme.example>', found],
      ],
    },
    {
      rule: 'somebody else from an internal peer does not',
      peer: internal,
      world: { domains, groups },
      turns: [
        ['MAIL FROM:<jane@acme.example>', '250 '],
        ['RCPT TO:<board@acme.example>', '550 5.7.2 not authorized'],
      ],
    },
  ]);
});
