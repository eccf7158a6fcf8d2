import assert from 'node:assert/strict';
import { test } from 'node:test';
import { directWarnings } from '../../../mail/document/direct-warnings.ts';
import type { FormName } from '../../../mail/document/forms.ts';
import { validate } from '../../../mail/document/validate.ts';

const rest =
  ', which needs direct sending, and that is not deployed; such mail waits. Write ses or a public host with another port, or deploy direct sending';
const outside = { smtpOutsideLocalDomain: true };
const connection = { sourceServer: 'S/A', destinationDomain: 'OUT' };

const rows: [form: FormName, item: object, warnings: string[], why: string][] = [
  ['Configuration', {}, [], 'nothing leaves'],
  ['Configuration', { routing: { relayHost: 'relay.example' } }, [], 'a relay host that nothing uses'],
  [
    'Configuration',
    { routing: outside },
    [`routing.relayHost: is empty, so that mail for other domains goes to their MX${rest}`],
    'by MX',
  ],
  [
    'Configuration',
    { routing: { ...outside, relayHost: 'relay.example' } },
    [`routing.relayHost: "relay.example" is on port 25 or at a private address${rest}`],
    'port 25',
  ],
  ['Configuration', { routing: { ...outside, relayHost: 'relay.example:587' } }, [], 'another port'],
  ['Configuration', { routing: { ...outside, relayHost: 'ses' } }, [], 'SES'],
  [
    'Configuration',
    { routing: { localDomainSmartHost: '[10.1.2.3]:2525' } },
    [`routing.localDomainSmartHost: "[10.1.2.3]:2525" is on port 25 or at a private address${rest}`],
    'a private address',
  ],
  [
    'ForeignSmtpDomain',
    { internetDomain: '*.*', host: 'mx.partner.example' },
    [`host: "mx.partner.example" is on port 25 or at a private address${rest}`],
    'a host of a Foreign SMTP Domain',
  ],
  ['ForeignSmtpDomain', { internetDomain: '*.*', domain: 'OUT' }, [], 'the connection will say'],
  [
    'SmtpConnection',
    { ...connection, relayHost: 'relay.example:25' },
    [`relayHost: "relay.example:25" is on port 25 or at a private address${rest}`],
    'a connection',
  ],
];

test('what needs direct sending', () => {
  for (const [form, item, warnings, why] of rows) {
    const { document, problems } = validate(form, { name: 'x', ...item });
    assert.ok(document !== undefined, problems.join('\n'));
    assert.deepEqual(directWarnings(form, document, { mxPort: 25 }), warnings, why);
  }
});
