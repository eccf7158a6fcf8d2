/** One report of every kind, for the golden files and for other readers than ours. */
import { composeReport, type ReportContext } from '../../../mail/dsn/compose.ts';
import { sevenBitReport } from '../../../mail/dsn/seven-bit.ts';
import type { Recipient, ReportedRecipient, ReportRecord } from '../../../mail/spool/records.ts';
import { envelope, waiting } from '../../builders/spool.ts';

const at = '2026-11-21T12:00:00.000Z';
const original = Buffer.from(
  'Received: from a\r\nSubject: Hello\r\nMessage-ID: <x@elsewhere.example>\r\n\r\nHello.\r\n',
);
const header = original.subarray(0, original.indexOf('\r\n\r\n') + 4);
const eightBit = Buffer.concat([
  Buffer.from('Subject: Gr\u00fc\u00dfe\r\nContent-Transfer-Encoding: 8bit\r\n\r\n', 'latin1'),
  Buffer.from('Zw\u00f6lf Boxk\u00e4mpfer\r\n', 'latin1'),
]);

/** As some programs write them: a header and a paragraph of one line each. */
const longLines = Buffer.from(
  `Subject: Hello\r\nReferences: ${'<x@elsewhere.example>'.repeat(60)}\r\n\r\n${'Grüße '.repeat(400)}\r\n`,
);

const failed: Partial<Recipient> = { outcome: 'failed', owes: 'failed', at };
const refused = waiting('carl@there.example', {
  ...failed,
  reply: '550 5.1.1 No such user',
  replyBy: 'smtp',
  remote: 'mx.there.example',
});
const unknown = waiting('nobody@acme.example', {
  ...failed,
  failure: 'user',
  reply: 'User nobody (nobody@acme.example) not listed in Domino Directory',
  replyBy: 'X-Notes',
});
const delivered = waiting('alice@acme.example', {
  outcome: 'delivered',
  owes: 'delivered',
  at,
  reply: 'Delivered',
  replyBy: 'X-Notes',
  orcpt: 'rfc822;Alice+2Bx@acme.example',
});
const relayed = waiting('dora@there.example', {
  outcome: 'relayed',
  owes: 'relayed',
  at,
  reply: '250 2.1.5 Ok',
  replyBy: 'smtp',
  remote: 'mx.there.example',
});
const expanded = waiting('team@acme.example', { outcome: 'expanded', owes: 'expanded', at });
const delayed: ReportedRecipient = {
  ...waiting('emil@there.example', { owes: 'delayed', reply: '451 4.3.0 Not now', replyBy: 'smtp' }),
  retryUntil: '2026-11-22T11:59:00.000Z',
};
const byGroup = waiting('gone@there.example', { ...refused, original: 'team@acme.example' });
const foreign = waiting('j\u00fcrgen@m\u00fcller.example', {
  ...failed,
  orcpt: 'utf-8;j\\x{FC}rgen@m\u00fcller.example',
  reply: '550 5.1.1 Unbekannt: j\u00fcrgen',
  replyBy: 'smtp',
});

function compose(
  kind: ReportRecord['kind'],
  recipients: readonly ReportedRecipient[],
  change: Partial<ReportContext> = {},
): Buffer {
  const record = { message: 'm1', part: 'r#01', kind, recipients, reportId: 'm1-r1', date: at };
  return composeReport(
    { ...record, boundary: '=_m1-r1' },
    {
      hostName: 'mail1.acme.example',
      domain: 'acme.example',
      envelope: envelope(),
      failureText: { user: 'Call the help desk.', delay: 'Have patience.' },
      original: { bytes: header, whole: false },
      ...change,
    },
  );
}

export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
  readonly recipients: readonly ReportedRecipient[];
  /** Media types of the three parts. */
  readonly types: readonly [string, string, string];
}

function sample(
  name: string,
  recipients: readonly ReportedRecipient[],
  {
    kind,
    global = false,
    whole = false,
    ...change
  }: Partial<ReportContext> & {
    kind: ReportRecord['kind'];
    global?: boolean;
    whole?: boolean;
  },
): Sample {
  const status = global ? 'message/global-delivery-status' : 'message/delivery-status';
  const back = whole
    ? global
      ? 'message/global'
      : 'message/rfc822'
    : global
      ? 'message/global-headers'
      : 'text/rfc822-headers';
  return { name, recipients, types: ['text/plain', status, back], bytes: compose(kind, recipients, change) };
}

const all = { bytes: original, whole: true };
const international = envelope({
  from: 'b\u00f6b@elsewhere.example',
  smtpUtf8: true,
  header: { messageId: '<x@elsewhere.example>', subject: 'Gr\u00fc\u00dfe' },
});

/** As it leaves for a host without 8BITMIME. */
function forSevenBits(name: string, { types, bytes, ...given }: Sample): Sample {
  const [words, status, back] = types;
  const returned = back === 'message/rfc822' ? 'text/rfc822-headers' : back;
  return { ...given, name, types: [words, status, returned], bytes: sevenBitReport(bytes) };
}

export const samples: readonly Sample[] = [
  sample('failed', [refused, unknown], { kind: 'failed', whole: true, original: all }),
  sample('failed-by-group', [byGroup], { kind: 'failed', whole: true, original: all }),
  sample('failed-headers-only', [refused], {
    kind: 'failed',
    envelope: envelope({ ret: 'HDRS', envid: 'QQ+2B314' }),
  }),
  sample('delayed', [delayed], { kind: 'delayed' }),
  sample('delivered', [delivered], { kind: 'delivered', envelope: envelope({ envid: 'QQ+2B314' }) }),
  sample('relayed', [relayed], { kind: 'relayed' }),
  sample('expanded', [expanded], { kind: 'relayed' }),
  sample('mixed', [delivered, relayed, expanded, delayed, refused], {
    kind: 'mixed',
    whole: true,
    original: all,
  }),
  sample('successes-mixed', [delivered, relayed], { kind: 'mixed' }),
  sample('eight-bit-original', [refused], {
    kind: 'failed',
    whole: true,
    original: { bytes: eightBit, whole: true },
    envelope: envelope({
      header: { subject: '=?iso-8859-1?q?Gr=FC=DFe?=', messageId: '<gr\u00fc\u00dfe@x.example>' },
    }),
  }),
  sample('long-lines', [refused], {
    kind: 'failed',
    whole: true,
    original: { bytes: longLines, whole: true },
  }),
  forSevenBits(
    'eight-bit-original-for-seven-bits',
    sample('', [refused], {
      kind: 'failed',
      whole: true,
      original: { bytes: eightBit, whole: true },
      envelope: envelope({ header: { subject: 'Gr\u00fc\u00dfe' } }),
    }),
  ),
  forSevenBits(
    'international-for-seven-bits',
    sample('', [foreign], {
      kind: 'failed',
      global: true,
      whole: true,
      original: { bytes: eightBit, whole: true },
      envelope: { ...international, from: 'bob@elsewhere.example' },
    }),
  ),
  sample('international', [foreign], {
    kind: 'failed',
    global: true,
    whole: true,
    original: all,
    envelope: international,
  }),
  sample('international-headers', [foreign], { kind: 'failed', global: true, envelope: international }),
  sample('international-recipient-of-an-ascii-message', [foreign], {
    kind: 'failed',
    whole: true,
    original: all,
  }),
];
