/** Reports of TLS (RFC 8460): who asks for them, what is counted, the JSON and the message. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync, gzipSync } from 'node:zlib';
import { TlsTally, type TlsCount, type TlsSession } from '../../../mail/relay/tls-counts.ts';
import { tlsReportId, tlsReportMessage } from '../../../mail/relay/tls-report-message.ts';
import { tlsReport, tlsReportAddresses } from '../../../mail/relay/tls-report.ts';

const records: readonly (readonly [txt: string[][], addresses: string[], why: string])[] = [
  [[['v=TLSRPTv1; rua=mailto:tls@there.example']], ['tls@there.example'], 'one address'],
  [[['v=TLSRPTv1;rua=mailto:tls@', 'there.example']], ['tls@there.example'], 'strings are one text'],
  [
    [['v=TLSRPTv1; rua=mailto:a@there.example,https://there.example/tls, mailto:b@far.example;']],
    ['a@there.example', 'b@far.example'],
    'a list, of which only addresses serve',
  ],
  [
    [['v=TLSRPTv1; rua=mailto:a%2Bb@there.example?subject=tls']],
    ['a+b@there.example'],
    'encoded, with fields',
  ],
  [[['v=TLSRPTv1; rua=https://there.example/tls']], [], 'HTTPS alone'],
  [[['v=TLSRPTv1; rua=mailto:%zz@there.example']], [], 'wrongly encoded'],
  [[['v=TLSRPTv1; rua=mailto:nobody']], [], 'no address'],
  [[['v=TLSRPTv1; rua=mailto:a@there.example%0d%0aBcc:x@far.example']], [], 'no line gets into our header'],
  [[['v=TLSRPTv1']], [], 'nowhere'],
  [[['v=TLSRPTv2; rua=mailto:a@there.example']], [], 'another version'],
  [
    [['v=TLSRPTv1; rua=mailto:a@there.example'], ['v=TLSRPTv1; rua=mailto:b@there.example']],
    [],
    'two records count as none (section 3)',
  ],
  [
    [['something else'], ['v=TLSRPTv1; rua=mailto:a@there.example']],
    ['a@there.example'],
    'beside other texts',
  ],
  [[], [], 'no record'],
];
for (const [txt, addresses, why] of records)
  test(`who asks for reports: ${why}`, () => assert.deepEqual(tlsReportAddresses(txt), addresses));

test('no more than five addresses are written to', () => {
  const rua = Array.from({ length: 9 }, (_, n) => `mailto:a${n}@there.example`).join(',');
  assert.equal(tlsReportAddresses([[`v=TLSRPTv1; rua=${rua}`]]).length, 5);
});

const sts = { type: 'sts', text: ['version: STSv1', 'mode: enforce'], mx: ['*.there.example'] } as const;
const session: TlsSession = {
  domain: 'there.example',
  policy: sts,
  result: 'success',
  host: 'mx1.there.example',
  address: '192.0.2.1',
};
const failure: TlsSession = { ...session, result: 'certificate-expired', reason: 'it has expired' };

test('sessions are counted by policy and result; of those that went well the host is forgotten', () => {
  const tally = new TlsTally();
  for (const one of [session, { ...session, host: 'mx2.there.example' }, failure, failure]) tally.note(one);
  const [success, expired, ...others] = tally.take();
  assert.deepEqual(
    [success?.sessions, success?.host, expired?.sessions, expired?.host, others],
    [2, undefined, 2, 'mx1.there.example', []],
  );
  assert.deepEqual(tally.take(), []);
});

test('a domain with ever new hosts does not fill the memory', () => {
  const tally = new TlsTally();
  for (let n = 0; n < 1_000; n++) tally.note({ ...failure, host: `mx${n}.there.example` });
  const taken = tally.take();
  assert.ok(taken.length <= 101, String(taken.length));
  assert.equal(
    taken.reduce((sum, { sessions }) => sum + sessions, 0),
    1_000,
  );
});

const facts = {
  domain: 'there.example',
  day: '2026-11-21',
  submitter: 'acme.example',
  reportId: 'one',
  sendingIp: '198.51.100.1',
};

test('the JSON of RFC 8460 section 4.4, a policy at a time', () => {
  const counts: TlsCount[] = [
    { domain: 'there.example', policy: sts, result: 'success', sessions: 7 },
    { ...failure, sessions: 2 },
    { domain: 'there.example', policy: { type: 'no-policy-found' }, result: 'success', sessions: 1 },
  ];
  assert.deepEqual(JSON.parse(JSON.stringify(tlsReport(counts, facts))), {
    'organization-name': 'acme.example',
    'date-range': { 'start-datetime': '2026-11-21T00:00:00Z', 'end-datetime': '2026-11-21T23:59:59Z' },
    'contact-info': 'postmaster@acme.example',
    'report-id': 'one',
    policies: [
      {
        policy: { 'policy-type': 'no-policy-found', 'policy-domain': 'there.example' },
        summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
      },
      {
        policy: {
          'policy-type': 'sts',
          'policy-string': ['version: STSv1', 'mode: enforce'],
          'policy-domain': 'there.example',
          'mx-host': ['*.there.example'],
        },
        summary: { 'total-successful-session-count': 7, 'total-failure-session-count': 2 },
        'failure-details': [
          {
            'result-type': 'certificate-expired',
            'sending-mta-ip': '198.51.100.1',
            'receiving-mx-hostname': 'mx1.there.example',
            'receiving-ip': '192.0.2.1',
            'failed-session-count': 2,
            'failure-reason-code': 'it has expired',
          },
        ],
      },
    ],
  });
});

test('the message of RFC 8460 section 5.3', () => {
  const json = JSON.stringify(tlsReport([{ ...failure, sessions: 1 }], facts));
  const to = ['tls@there.example', 'tls@far.example'];
  const date = new Date('2026-11-22T00:10:00Z');
  const report = gzipSync(json);
  const bytes = tlsReportMessage({ ...facts, to, report, hostName: 'mail1.acme.example', date });
  const text = bytes.toString('latin1');
  const header = text.slice(0, text.indexOf('\r\n\r\n')).replaceAll('\r\n ', ' ');
  assert.deepEqual(header.split('\r\n'), [
    'From: postmaster@acme.example',
    'To: tls@there.example, tls@far.example',
    'Subject: Report Domain: there.example Submitter: acme.example Report-ID: <one@mail1.acme.example>',
    'Date: Sun, 22 Nov 2026 00:10:00 +0000',
    'Message-ID: <one@mail1.acme.example>',
    'TLS-Report-Domain: there.example',
    'TLS-Report-Submitter: acme.example',
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    'Content-Type: multipart/report; report-type="tlsrpt"; boundary="=_one"',
  ]);
  assert.match(text, /filename="acme\.example!there\.example!1795219200!1795305599\.json\.gz"/);
  assert.match(text, /\r\nContent-Type: application\/tlsrpt\+gzip; /);
  const attached = /base64\r\nContent-Disposition: [^\r]+\r\n\r\n([^-]+)\r\n--/.exec(text)?.[1] ?? '';
  assert.equal(gunzipSync(Buffer.from(attached, 'base64')).toString(), json);
  assert.ok(text.split('\r\n').every((line) => line.length < 200 && /^[\t -~]*$/.test(line)));
});

test('one report of a day has one id, which our ids may look like', () => {
  assert.equal(tlsReportId('there.example', '2026-11-21'), tlsReportId('there.example', '2026-11-21'));
  assert.notEqual(tlsReportId('there.example', '2026-11-21'), tlsReportId('there.example', '2026-11-22'));
  assert.match(tlsReportId('there.example', '2026-11-21'), /^[A-Za-z0-9-]+$/);
});
