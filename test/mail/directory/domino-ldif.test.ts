import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importEntry, type Imported } from '../../../mail/directory/domino-ldif.ts';
import { parseLdif } from '../../../mail/directory/ldif.ts';
import { validate } from '../../../mail/document/validate.ts';

function imported(...lines: string[]): Imported {
  return importEntry(parseLdif(lines.join('\n')).entries[0]!);
}

const jane = ['dn: CN=Jane Doe,OU=Sales,O=Acme', 'objectclass: top', 'objectclass: dominoPerson'];

test('a person', () => {
  const { document, lines } = imported(
    ...jane,
    'cn: Jane Doe',
    'cn: Janie',
    'givenname: Jane',
    'initials: Q',
    'sn: Doe',
    'uid: jdoe',
    'shortname: jdoe',
    'mail: Jane_Doe@acme.example',
    'mailaddress: jane@elsewhere.example',
    'mailsystem: 5',
    'mailserver: CN=Mail1,O=Acme',
    'maildomain: ACME',
    'mailfile: mail\\jdoe',
    'userpassword: (G8aK)',
    'certificate: 0300',
    'telephonenumber: 1',
  );
  assert.deepEqual(document, {
    form: 'Person',
    name: 'Jane Doe/Sales/Acme',
    firstName: 'Jane',
    middleInitial: 'Q',
    lastName: 'Doe',
    userNames: ['Janie'],
    shortNames: ['jdoe'],
    internetAddress: 'Jane_Doe@acme.example',
    forwardingAddress: 'jane@elsewhere.example',
    mailSystem: 'other-internet-mail',
    mailServer: 'Mail1/Acme',
    mailDomain: 'ACME',
    mailFile: 'mail\\jdoe',
  });
  assert.deepEqual(lines, [
    'internetAddress: "Jane_Doe@acme.example" is LDAP\'s mail, which Domino may have computed; check it',
    'password: hashes cannot be carried over; set one with: postern people set-password NAME',
    'no field takes: certificate, telephonenumber; left out',
  ]);
  assert.deepEqual(validate('Person', document ?? {}).problems, []);
});

test('group types', () => {
  const types = ['multi-purpose', 'mail-only', 'acl-only', 'deny-only', 'servers-only'];
  for (const [number, type] of types.entries()) {
    const group = imported('dn: CN=Sales', 'objectclass: dominoGroup', 'cn: Sales', `grouptype: ${number}`);
    assert.deepEqual(group.document, { form: 'Group', name: 'Sales', groupType: type });
  }
  const odd = imported('dn: CN=Sales', 'objectclass: dominoGroup', 'grouptype: 7');
  assert.equal(odd.document, undefined);
  assert.match(odd.lines[0] ?? '', /"7" is no group type/);
});

test('members by distinguished name, by address, and what is none', () => {
  const { document, lines } = imported(
    'dn: CN=Team',
    'objectclass: dominoGroup',
    'member: CN=Jane Doe,O=Acme',
    'member: x@elsewhere.example',
    'member: CN=Other Group',
    'member: CN=y@elsewhere.example',
    'member: [10.0.0.1/99]',
  );
  assert.deepEqual(document?.['members'], [
    'Jane Doe/Acme',
    'x@elsewhere.example',
    'Other Group',
    'y@elsewhere.example',
  ]);
  assert.match(lines.join('\n'), /members: "\[10\.0\.0\.1\/99\]".*left out/);
});

test('a mail-in database', () => {
  const { document } = imported(
    'dn: CN=Support Desk',
    'objectclass: dominoServerMailInDatabase',
    'cn: Support Desk',
    'mailserver: CN=Mail1,O=Acme',
    'mailfile: support.nsf',
    'mail: support@acme.example',
  );
  const expected = {
    mailServer: 'Mail1/Acme',
    mailFile: 'support.nsf',
    internetAddress: 'support@acme.example',
  };
  assert.deepEqual(document, { form: 'MailInDatabase', name: 'Support Desk', ...expected });
});

test('what cannot be carried over is told', () => {
  const cases: [string, string[], RegExp, string][] = [
    [
      'an address that is none',
      [...jane, 'mail: Jane Doe/Acme@ACME'],
      /internetAddress: .* is not an Internet address/,
      'in',
    ],
    [
      'a second address',
      [...jane, 'mail: a@acme.example', 'mail: b@acme.example'],
      /takes one value; left out: b@acme/,
      'in',
    ],
    ['an unknown mail system', [...jane, 'mailsystem: 2'], /mailSystem: "2" has no counterpart/, 'in'],
    ['a name in Latin-1', [...jane, 'sn:: TfxsbGVy'], /^sn: a value that is no UTF-8 text; left out$/, 'in'],
    ['a photo', [...jane, 'jpegphoto:: /9j/4A=='], /no field takes: jpegphoto/, 'in'],
    [
      'forwarding that cannot be written',
      [...jane, 'mailaddress: Jane Doe@ACME@x'],
      /so the person is left out/,
      'out',
    ],
    ['a server', ['dn: CN=Mail1,O=Acme', 'objectclass: dominoServer'], /dominoserver is no person/, 'out'],
    ['a name that is none', ['dn: CN=,O=Acme', 'objectclass: dominoPerson'], /no distinguished name/, 'out'],
  ];
  for (const [reason, lines, told, end] of cases) {
    const found = imported(...lines);
    assert.match(found.lines.join('\n'), told, reason);
    assert.equal(found.document === undefined ? 'out' : 'in', end, reason);
  }
});
