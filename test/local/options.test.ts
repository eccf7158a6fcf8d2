import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import test from 'node:test';
import { readOptions } from '../../local/options.ts';

test('without variables the defaults hold', () => {
  assert.deepEqual(readOptions({}), {
    data: resolve('.postern'),
    server: 'Mail1/Acme',
    sample: true,
    host: '127.0.0.1',
    ports: { smtp: 2525, submission: 2587, smtps: 2465 },
    tickSeconds: 5,
    tuning: { MX_PORT: '25', MTA_STS_PORT: '443', POSTERN_REFRESH: '5' },
  });
});

const good: [
  variable: string,
  value: string,
  read: (o: ReturnType<typeof readOptions>) => unknown,
  is: unknown,
][] = [
  ['POSTERN_DATA', '/srv/mail', (o) => o.data, '/srv/mail'],
  ['POSTERN_SERVER', 'Hub/East/Acme', (o) => o.server, 'Hub/East/Acme'],
  ['POSTERN_SAMPLE', 'OFF', (o) => o.sample, false],
  ['HOST', '0.0.0.0', (o) => o.host, '0.0.0.0'],
  ['HOST', 'localhost', (o) => o.host, '127.0.0.1'],
  ['HOST', '::1', (o) => o.host, '::1'],
  ['SMTP_PORT', '0', (o) => o.ports.smtp, 0],
  ['SMTPS_PORT', '65535', (o) => o.ports.smtps, 65_535],
  ['POSTERN_TICK', '0.5', (o) => o.tickSeconds, 0.5],
  ['POSTERN_REFRESH', '0.05', (o) => o.tuning['POSTERN_REFRESH'], '0.05'],
  ['DNS_SERVERS', '127.0.0.1:5353, 192.0.2.1', (o) => o.tuning['DNS_SERVERS'], '127.0.0.1:5353,192.0.2.1'],
  [
    'DNS_SERVERS',
    '[2001:db8::1]:53,2001:db8::2',
    (o) => o.tuning['DNS_SERVERS'],
    '[2001:db8::1]:53,2001:db8::2',
  ],
  ['DNSSEC_RESOLVER', '127.0.0.1:5300', (o) => o.tuning['DNSSEC_RESOLVER'], '127.0.0.1:5300'],
  ['TLS_REPORTS', 'off', (o) => o.tuning['TLS_REPORTS'], 'off'],
  ['NODE_EXTRA_CA_CERTS', '/etc/ca.pem', (o) => o.tuning['NODE_EXTRA_CA_CERTS'], '/etc/ca.pem'],
  ['SMTP_PORT', '', (o) => o.ports.smtp, 2525],
];

for (const [variable, value, read, is] of good)
  test(`${variable}=${value} is taken`, () => assert.deepEqual(read(readOptions({ [variable]: value })), is));

const bad: [variable: string, value: string, why: string][] = [
  ['POSTERN_SERVER', '/Acme', 'a name begins with the server'],
  ['POSTERN_SAMPLE', 'yes', 'on or off'],
  ['TLS_REPORTS', 'daily', 'on or off'],
  ['HOST', 'mail.acme.example', 'names would need a look-up before the resolvers are known'],
  ['SMTP_PORT', '65536', 'beyond the last port'],
  ['SUBMISSION_PORT', '-1', 'not a number of a port'],
  ['SMTPS_PORT', '25.5', 'not whole'],
  ['MX_PORT', '0', 'nobody listens on port 0'],
  ['MTA_STS_PORT', 'https', 'a service name'],
  ['POSTERN_TICK', '0', 'would never rest'],
  ['POSTERN_REFRESH', 'often', 'not a number'],
  ['POSTERN_TICK', '1e9', 'more than a day'],
  ['DNS_SERVERS', '127.0.0.1,resolver.example', 'one of them a name'],
  ['DNS_SERVERS', '127.0.0.1:99999', 'no such port'],
  ['DNSSEC_RESOLVER', '[127.0.0.1]:53', 'brackets are for IPv6'],
];

for (const [variable, value, why] of bad)
  test(`${variable}=${value} is refused with a sentence: ${why}`, () =>
    assert.throws(() => readOptions({ [variable]: value }), {
      name: 'Refusal',
      message: new RegExp(`^${variable} is "[^"]*"; .+\\.$`),
    }));
