import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DocumentOf, FormName } from '../../../mail/document/forms.ts';
import { references, secretReferences } from '../../../mail/document/references.ts';
import { validate } from '../../../mail/document/validate.ts';

function valid<F extends FormName>(form: F, item: object): DocumentOf[F] {
  const { document, problems } = validate(form, { name: 'x', ...item });
  assert.ok(document !== undefined, problems.join('\n'));
  return document;
}

/** `field name forms` */
function lines(form: FormName, item: object): string[] {
  return references(form, valid(form, item)).map(
    ({ field, name, forms }) => `${field} ${name} ${forms.join('|')}`,
  );
}

const rule = { name: 'r', if: [{ item: 'subject', is: 'is', value: 'x' }] };
const rows: [form: FormName, item: object, found: string[], why: string][] = [
  ['Server', { hostName: 'm.a.example', domain: 'A' }, [], 'nobody'],
  [
    'Server',
    { hostName: 'm.a.example', domain: 'A', postmaster: 'Jane/Acme' },
    ['postmaster Jane/Acme Person|Group|MailInDatabase'],
    'the postmaster',
  ],
  [
    'SmtpConnection',
    { sourceServer: 'S/A', destinationDomain: 'OUT', relayHost: 'r.example' },
    ['sourceServer S/A Server'],
    'one server',
  ],
  [
    'SmtpConnection',
    { sourceServer: 'S/A', destinationDomain: 'OUT', destinationServer: 'T/A' },
    ['sourceServer S/A Server', 'destinationServer T/A Server'],
    'two servers',
  ],
  ['Configuration', {}, [], 'defaults name nobody'],
  [
    'Configuration',
    { inboundRelay: { allowHosts: ['a.example', 'Partners', '[1.2.3.4]'] } },
    ['inboundRelay.allowHosts[1] Partners Group'],
    'a group of hosts',
  ],
  [
    'Configuration',
    { inboundRelay: { denyDestinations: ['*', 'Rivals', '%Sales'] } },
    ['inboundRelay.denyDestinations[1] Rivals Group'],
    'a group of domains',
  ],
  [
    'Configuration',
    { outboundSenders: { deny: ['u@a.example', 'CN=Jane Doe/O=Acme', "O'Neil.X"] } },
    [
      'outboundSenders.deny[1] CN=Jane Doe/O=Acme Group|Person',
      "outboundSenders.deny[2] O'Neil.X Group|Person",
    ],
    'people have addresses',
  ],
  [
    'Configuration',
    { tracking: { exceptFor: ['Dr. Who'] }, privateBlacklist: { hosts: ['Bad'] } },
    ['privateBlacklist.hosts[0] Bad Group', 'tracking.exceptFor[0] Dr. Who Group|Person'],
    'any list',
  ],
  [
    'Configuration',
    {
      rules: [
        { ...rule, then: { action: 'drop' } },
        { ...rule, then: { action: 'move', database: 'Junk' } },
      ],
    },
    ['rules[1].then.database Junk MailInDatabase'],
    'the database of a rule',
  ],
  ['Group', { members: ['Nobody', 'Sales'] }, [], 'members may be nobody'],
  ['ForeignSmtpDomain', { internetDomain: '*.*', domain: 'OUT' }, [], 'a domain is no document'],
];

test('whom a document cannot do without', () => {
  for (const [form, item, found, why] of rows) assert.deepEqual(lines(form, item), found, why);
});

test('the secrets of a Configuration', () => {
  const configuration = valid('Configuration', {
    routing: { relayHostCredentials: 'relay' },
    dkimSigning: [{ domain: 'a.example', selector: 's', secret: 'dkim-a' }],
  });
  assert.deepEqual(secretReferences(configuration), [
    { field: 'routing.relayHostCredentials', secret: 'relay' },
    { field: 'dkimSigning[0].secret', secret: 'dkim-a' },
  ]);
});
