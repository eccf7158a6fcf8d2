import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DocumentOf } from '../../../mail/document/forms.ts';
import { abbreviate, commonName, foldName, lookupKey, lookupKeys } from '../../../mail/document/names.ts';
import { validate } from '../../../mail/document/validate.ts';

const names: [written: string, abbreviated: string, why: string][] = [
  ['Jane Doe/Acme', 'Jane Doe/Acme', 'abbreviated already'],
  ['CN=Jane Doe/OU=Sales/O=Acme/C=US', 'Jane Doe/Sales/Acme/US', 'every component'],
  ['cn=Jane Doe / ou1=Sales / o=Acme', 'Jane Doe/Sales/Acme', 'letter case and spaces'],
  ['  Jane   Doe/Acme ', 'Jane Doe/Acme', 'spaces'],
  ['Jose\u0301/Acme', 'Jos\u00e9/Acme', 'NFC'],
  ['O=nly me', 'nly me', 'a component of its own'],
  ['Colo=r/Acme', 'Colo=r/Acme', 'an equals sign in a name'],
];

test('names are abbreviated', () => {
  for (const [written, abbreviated, why] of names) assert.equal(abbreviate(written), abbreviated, why);
  assert.equal(commonName('CN=Jane Doe/O=Acme'), 'Jane Doe');
  assert.equal(commonName('Support Desk'), 'Support Desk');
});

test('names compare without case, however they are written', () => {
  assert.equal(foldName('CN=JOSE\u0301/O=acme'), foldName('jos\u00e9/Acme'));
  fc.assert(
    fc.property(fc.string(), (name) =>
      assert.equal(foldName(foldName(name).toUpperCase()), foldName(name.toUpperCase())),
    ),
  );
});

const lookups: [text: string, key: string, why: string][] = [
  ['Jane_Doe', 'jane doe', 'an underscore is a space'],
  ['Jane.Doe', 'jane doe', 'a dot is a space'],
  ['JANE DOE/ACME', 'jane doe/acme', 'a hierarchical name'],
  ['J._Doe@ACME.Example', 'j._doe@acme.example', 'an address is itself'],
  ['x@b\u00fccher.example', 'x@xn--bcher-kva.example', 'its domain as A-label'],
];

test('what is looked up', () => {
  for (const [text, key, why] of lookups) assert.equal(lookupKey(text), key, why);
});

test('the keys of a person', () => {
  const keys = lookupKeys('Person', {
    ...valid('Person', {
      name: 'Jane Doe/Acme',
      firstName: 'Jane',
      lastName: 'Doe',
      internetAddress: 'Jane@acme.example',
      userNames: ['Jane Smith/Acme', 'jane.old@acme.example', 'Jane Doe'],
      shortNames: ['jdoe', 'JANE'],
    }),
  });
  assert.deepEqual(keys, [
    { key: 'jane@acme.example', as: 'internet-address' },
    { key: 'jane doe/acme', as: 'full-name' },
    { key: 'jane doe', as: 'common-name' },
    { key: 'jane smith/acme', as: 'user-name' },
    { key: 'jane.old@acme.example', as: 'user-name' },
    { key: 'jdoe', as: 'short-name' },
    { key: 'jane', as: 'short-name' },
    { key: 'doe', as: 'last-name' },
  ]);
});

test('the keys of a group and of a mail-in database', () => {
  const group = valid('Group', { name: 'Sales', internetAddress: 'sales@acme.example' });
  assert.deepEqual(lookupKeys('Group', group), [
    { key: 'sales@acme.example', as: 'internet-address' },
    { key: 'sales', as: 'full-name' },
  ]);
  const desk = valid('MailInDatabase', { name: 'Support.Desk/Acme' });
  assert.deepEqual(lookupKeys('MailInDatabase', desk), [
    { key: 'support desk/acme', as: 'full-name' },
    { key: 'support desk', as: 'common-name' },
  ]);
});

function valid<F extends 'Person' | 'Group' | 'MailInDatabase'>(form: F, item: object): DocumentOf[F] {
  const { document, problems } = validate(form, { ...item });
  assert.ok(document !== undefined, problems.join('\n'));
  return document;
}
