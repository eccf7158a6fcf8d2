import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress } from '../../../mail/address/path.ts';
import type { Address } from '../../../mail/address/address.ts';
import { DirectoryUnavailable } from '../../../mail/directory/directory.ts';
import { lookUpRecipient } from '../../../mail/directory/look-up.ts';
import { world, type World } from '../policy/world.ts';

const given: World = {
  domains: [
    {
      name: 'Acme',
      primaryDomain: 'acme.example',
      aliases: ['acme.test', '*.labs.example'],
      dominoDomains: ['ACME', 'Akme=ACME'],
    },
  ],
  people: [
    {
      name: 'Craig Bowker/Acme',
      firstName: 'Craig',
      lastName: 'Bowker',
      internetAddress: 'craig_bowker@acme.example',
      shortNames: ['cb'],
    },
    {
      name: 'Ann Smith/Acme',
      lastName: 'Smith',
      internetAddress: 'ann@acme.example',
      userNames: ['info@acme.test'],
    },
    { name: 'Bob Smith/Acme', lastName: 'Smith', internetAddress: 'bob@acme.example' },
    { name: 'Robert Smithers/Acme', shortNames: ['bobby'], mailFile: 'mail/BOB' },
    { name: 'Bobby Twin/Acme', shortNames: ['bobby'], mailFile: 'mail\\bob', mailServer: 'CN=Mail1/O=Acme' },
  ],
  groups: [{ name: 'Sales Team', internetAddress: 'sales@acme.example' }],
  databases: [{ name: 'Support Desk', internetAddress: 'support@acme.example' }],
};

type Row = readonly [mode: string, address: string, found: string, field: string, why: string];
const whole = 'fullname';
const both = 'fullname-then-local-part';
const local = 'local-part';
const rows: readonly Row[] = [
  [whole, 'Craig_Bowker@ACME.example', 'Person Craig Bowker/Acme', 'internetAddress', 'L1: without case'],
  [
    whole,
    'craig_bowker@acme.test',
    'Person Craig Bowker/Acme',
    'internetAddress',
    'L1: an alias stands for the primary domain',
  ],
  [
    whole,
    'craig_bowker@x.labs.example',
    'Person Craig Bowker/Acme',
    'internetAddress',
    'D5: so does a wildcard alias',
  ],
  [whole, 'info@acme.test', 'Person Ann Smith/Acme', 'userNames', 'a further address among the names'],
  [whole, 'cb@acme.example', 'unknown', 'routing.addressLookup', 'L3: fullname only knows addresses'],
  [whole, 'sales@acme.example', 'Group Sales Team', 'internetAddress', 'a group has an address, too'],
  [both, 'cb@acme.example', 'Person Craig Bowker/Acme', 'shortNames', 'L3: then the local part'],
  [both, 'Craig.Bowker@acme.example', 'Person Craig Bowker/Acme', 'name', 'L5: a dot stands for a space'],
  [both, 'bowker@acme.example', 'Person Craig Bowker/Acme', 'lastName', 'L2: a last name alone'],
  [
    both,
    '"support desk"@acme.example',
    'MailInDatabase Support Desk',
    'name',
    'L10: a quoted local part is unquoted',
  ],
  [both, 'smith@acme.example', 'ambiguous', 'routing.addressLookup', 'L6: two people'],
  [
    both,
    'bobby@acme.example',
    'Person Bobby Twin/Acme',
    'shortNames',
    'L6: one server, domain and file are one match',
  ],
  [both, 'ann@acme.example', 'Person Ann Smith/Acme', 'internetAddress', 'the address comes before any name'],
  [both, 'nobody@acme.example', 'unknown', 'routing.addressLookup', 'nobody'],
  [both, 'cb%ACME@acme.example', 'Person Craig Bowker/Acme', 'shortNames', 'our own Domino domain goes'],
  [both, 'cb%akme@acme.example', 'Person Craig Bowker/Acme', 'shortNames', 'so does its alias'],
  [both, 'cb%Sales@acme.example', 'unknown', 'routing.addressLookup', 'another one stays'],
  [local, 'ann@acme.example', 'unknown', 'routing.addressLookup', 'L3: addresses do not count'],
  [local, 'cb@mail1.acme.example', 'Person Craig Bowker/Acme', 'shortNames', 'whatever the domain'],
];

describe('looking up a recipient', () => {
  for (const [addressLookup, text, expected, field, why] of rows)
    test(`${text} by ${addressLookup}: ${why}`, async () => {
      const { settings, directory } = world({ ...given, configuration: { routing: { addressLookup } } });
      const result = await lookUpRecipient(addressOf(text), settings, directory);
      assert.equal(
        'found' in result ? `${result.found.form} ${result.found.name}` : Object.keys(result)[0],
        expected,
      );
      assert.equal(result.because.field, field);
    });

  test('names those between whom it cannot decide', async () => {
    const { settings, directory } = world(given);
    const result = await lookUpRecipient(addressOf('smith@acme.example'), settings, directory);
    assert.deepEqual('ambiguous' in result && result.ambiguous.map(({ name }) => name), [
      'Ann Smith/Acme',
      'Bob Smith/Acme',
    ]);
  });

  test('says that the directory could not be read', async () => {
    const { settings, directory } = world({ ...given, directoryDown: true });
    await assert.rejects(
      lookUpRecipient(addressOf('cb@acme.example'), settings, directory),
      DirectoryUnavailable,
    );
  });
});

function addressOf(text: string): Address {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}
