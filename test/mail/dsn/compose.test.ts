import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { composeReport, type ReportContext } from '../../../mail/dsn/compose.ts';
import { diagnosticOf, statusOf } from '../../../mail/dsn/status.ts';
import type { Recipient, ReportRecord } from '../../../mail/spool/records.ts';
import { envelope, waiting } from '../../builders/spool.ts';

const original = 'Received: from a\r\nSubject: Hello\r\nMessage-ID: <x@elsewhere.example>\r\n\r\nHello.\r\n';

function failed(address: string, change: Partial<Recipient> = {}): Recipient {
  return waiting(address, { outcome: 'failed', owes: 'failed', at: '2026-11-21T12:00:00.000Z', ...change });
}

function record(recipients: Recipient[], kind: ReportRecord['kind'] = 'failed'): ReportRecord {
  const date = '2026-11-21T12:00:00.000Z';
  return { message: 'm1', part: 'r#01', kind, recipients, reportId: 'm1-r1', date, boundary: '=_m1-r1' };
}

function context(change: Partial<ReportContext> = {}): ReportContext {
  return {
    hostName: 'mail1.acme.example',
    domain: 'acme.example',
    envelope: envelope(),
    failureText: {},
    original: { bytes: Buffer.from(original), whole: true },
    ...change,
  };
}

const golden = `From: Postmaster@acme.example
To: bob@elsewhere.example
Subject: DELIVERY FAILURE: 550 5.1.1 No such user
Date: Sat, 21 Nov 2026 12:00:00 +0000
Message-ID: <m1-r1@mail1.acme.example>
In-Reply-To: <x@elsewhere.example>
References: <x@elsewhere.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="=_m1-r1"

--=_m1-r1
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

Your message

  Subject: Hello

was not delivered to:

  carl@there.example

because:

  550 5.1.1 No such user

--=_m1-r1
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mail1.acme.example
Arrival-Date: Sat, 21 Nov 2026 11:59:00 +0000

Final-Recipient: rfc822; carl@there.example
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.there.example
Diagnostic-Code: smtp; 550 5.1.1 No such user
Last-Attempt-Date: Sat, 21 Nov 2026 12:00:00 +0000

--=_m1-r1
Content-Type: message/rfc822
Content-Transfer-Encoding: 7bit

${original.replaceAll('\r\n', '\n')}
--=_m1-r1--
`;

const refused = failed('carl@there.example', {
  reply: '550 5.1.1 No such user',
  replyBy: 'smtp',
  remote: 'mx.there.example',
});

test('a report of failure, whole', () => {
  const bytes = composeReport(record([refused]), context());
  assert.equal(bytes.toString(), golden.replaceAll('\n', '\r\n'));
});

test('the same record makes the same bytes', () => {
  assert.deepEqual(composeReport(record([refused]), context()), composeReport(record([refused]), context()));
});

describe('what a report carries', () => {
  const text = (
    recipients: Recipient[],
    change: Partial<ReportContext> = {},
    kind?: ReportRecord['kind'],
  ): string => composeReport(record(recipients, kind), context(change)).toString();

  const cases: [string, string, RegExp][] = [
    [
      'the envelope id that the sender gave, decoded (RFC 3461 section 4.4)',
      text([refused], { envelope: envelope({ envid: 'a+2Bb' }) }),
      /^Original-Envelope-Id: a\+b\r$/m,
    ],
    [
      'the name of the host that refused, without its address',
      text([{ ...refused, remote: 'mx.there.example [192.0.2.1]' }]),
      /^Remote-MTA: dns; mx\.there\.example\r$/m,
    ],
    [
      'the address of one that has no name',
      text([{ ...refused, remote: '[2001:db8::1]' }]),
      /^Remote-MTA: dns; \[2001:db8::1\]\r$/m,
    ],
    [
      'the original recipient as given in ORCPT',
      text([failed('carl@there.example', { orcpt: 'rfc822;Carl+2Bx@first.example' })]),
      /^Original-Recipient: rfc822; Carl\+x@first\.example\r$/m,
    ],
    [
      'the address that a group or forwarding was reached by, in words',
      text([failed('carl@there.example', { original: 'team@acme.example' })]),
      /^ {2}carl@there\.example \(by way of team@acme\.example\)\r$/m,
    ],
    [
      'our own words as X-Notes',
      text([
        failed('x@acme.example', {
          reply: 'User x (x@acme.example) not listed in Domino Directory',
          replyBy: 'X-Notes',
        }),
      ]),
      /^Diagnostic-Code: X-Notes; User x \(x@acme\.example\)/m,
    ],
    [
      "the administrator's text for the class of failure",
      text([failed('x@acme.example', { failure: 'user' })], { failureText: { user: 'Call the help desk.' } }),
      /^Call the help desk\.\r$/m,
    ],
    [
      'only the headers where the message is large or RET=HDRS',
      text([refused], { original: { bytes: Buffer.from('Subject: Hello\r\n\r\n'), whole: false } }),
      /^Content-Type: text\/rfc822-headers\r$/m,
    ],
    [
      'a delay as a delay',
      text(
        [waiting('carl@there.example', { owes: 'delayed', reply: '451 4.3.0 Not now', replyBy: 'smtp' })],
        {},
        'delayed',
      ),
      /^Action: delayed\r\nStatus: 4\.3\.0\r$/m,
    ],
    [
      'international parts for SMTPUTF8 mail (RFC 6533)',
      text([failed('jürgen@there.example')], { envelope: envelope({ smtpUtf8: true }) }),
      /^Content-Type: message\/global-delivery-status\r[\s\S]*^Final-Recipient: utf-8; jürgen@there\.example\r$/m,
    ],
    [
      'a member that is a name and no address',
      text([failed('Jürgen Groß/Acme')]),
      /^Final-Recipient: X-Notes; J\\x\{FC\}rgen Gro\\x\{DF\}\/Acme\r$/m,
    ],
    ['postmaster as it is', text([failed('Postmaster')]), /^Final-Recipient: rfc822; Postmaster\r$/m],
  ];
  for (const [reason, report, pattern] of cases) test(reason, () => assert.match(report, pattern));

  test('nothing that a remote host says can end a line or a part', () => {
    const evil = failed('c@there.example', {
      reply: '550 a\r\n\r\n--=_m1-r1\r\nX-Evil: yes',
      replyBy: 'smtp',
    });
    assert.doesNotMatch(text([evil]), /^X-Evil/m);
    assert.equal(text([evil]).split('\r\n--=_m1-r1\r\n').length, 4);
  });

  test('a reply that is one long word stays under the limit of a line', () => {
    const lines = text([failed('c@there.example', { reply: 'ü'.repeat(1024), replyBy: 'smtp' })]).split(
      '\r\n',
    );
    assert.ok(Math.max(...lines.slice(10).map((one) => one.length)) <= 998);
  });

  test('a mail program reads the words back', async () => {
    const one = failed('c@there.example', { reply: 'Zustellung nicht möglich', replyBy: 'X-Notes' });
    const mail = await simpleParser(composeReport(record([one]), context()));
    assert.match(mail.text ?? '', /Zustellung nicht möglich/);
  });
});

describe('status', () => {
  const cases: [string, Partial<Recipient>, string][] = [
    ["the remote's own", { reply: '552 5.2.2 full' }, '5.2.2'],
    [
      'a failure never has a temporary status',
      { reply: '451 4.3.0 Not now', failure: 'expiration' },
      '5.4.7',
    ],
    ['no status said', { reply: '550 No', failure: 'transfer' }, '5.0.0'],
    ['an unknown user', { failure: 'user', reply: 'User x not listed in Domino Directory' }, '5.1.1'],
    ['an ambiguous user', { failure: 'user', reply: 'User x not unique. Several matches' }, '5.1.4'],
    ['a loop', { failure: 'user', reply: 'probably in a forwarding loop' }, '5.4.6'],
  ];
  for (const [reason, change, status] of cases)
    test(reason, () => assert.equal(statusOf(failed('x@acme.example', change)), status));
  test('no reply, no diagnostic', () => assert.equal(diagnosticOf(failed('x@acme.example')), undefined));
});
