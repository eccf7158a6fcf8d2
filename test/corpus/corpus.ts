/**
 * 300 messages as they really come: headers of many mail programs, folded, 8-bit, broken, DKIM-signed, over bodies of every
 * kind. Made from a seed. Each says which of its fields conversion is to change, and to what addresses.
 */
import { bodyOf, largeBody, type Body } from './bodies.ts';
import { Random } from './random.ts';

/** A field of senders, and the addresses that it is to have afterwards; absent: it stays byte for byte. */
interface Senders {
  readonly field: string;
  readonly becomes?: readonly string[];
}

export interface CorpusMessage {
  readonly name: string;
  readonly bytes: Buffer;
  readonly smtpUtf8: boolean;
  /** By field name, lower case, in order of appearance. */
  readonly senders: readonly Senders[];
  /** A strict reader takes exception at what arrived, too. */
  readonly broken: boolean;
}

const froms: readonly Senders[] = [
  { field: 'From: jdoe@ACME', becomes: ['jane@acme.example'] },
  { field: 'From: Jane Doe <jdoe@ACME>', becomes: ['jane@acme.example'] },
  { field: 'From: "Doe, Jane" <jane.d@acme.example>', becomes: ['jane@acme.example'] },
  {
    field: 'from:\r\n =?utf-8?q?J=C3=A4ne?= =?utf-8?q?_Doe?=\r\n <jane.d@acme.example>',
    becomes: ['jane@acme.example'],
  },
  {
    field: 'FROM: (comment (nested)) Jane\r\n\t<jane.d@acme.example> (the end)',
    becomes: ['jane@acme.example'],
  },
  { field: 'From: Jane Doe/Sales/Acme@ACME', becomes: ['jane@acme.example'] },
  {
    field: 'From: <jane.d@acme.example>, Max <max@acme.example>',
    becomes: ['jane@acme.example', 'max@acme.example'],
  },
  { field: 'From: "J\u00e4ne" <jane.d@acme.example>', becomes: ['jane@acme.example'] },
  { field: 'From: Max Moritz <max@acme.example>' },
  { field: 'From: max@acme.example' },
  { field: 'From: Stranger <x@elsewhere.example>' },
  { field: 'From: =?iso-8859-1?q?Gr=FC=DFe?= <x@elsewhere.example>' },
  { field: 'From: "unclosed <jane.d@acme.example>' },
  { field: 'From:' },
  { field: 'From: undisclosed:;' },
];
const others: readonly Senders[] = [
  { field: 'Sender: jane.d@acme.example', becomes: ['jane@acme.example'] },
  { field: 'Sender: <max@acme.example>' },
  { field: 'Reply-To: Team <x@elsewhere.example>' },
  {
    field: 'Reply-To: Group: jane.d@acme.example,\r\n\tx@elsewhere.example;',
    becomes: ['jane@acme.example', 'x@elsewhere.example'],
  },
  { field: 'Reply-To:\r\n\tjdoe@ACME', becomes: ['jane@acme.example'] },
];
/** What must stay, though it looks like what changes. */
const bystanders: readonly string[] = [
  'To: jane.d@acme.example, Jane <jdoe@ACME>',
  'Cc: "Doe, Jane" <jane.d@acme.example>',
  'Resent-From: jane.d@acme.example',
  'X-From: jdoe@ACME',
  'Return-Receipt-To: jdoe@ACME',
  'Disposition-Notification-To: <jane.d@acme.example>',
  'List-Post: <mailto:jane.d@acme.example>',
];
const trace: readonly string[] = [
  'Received: from mx.elsewhere.example (mx.elsewhere.example [192.0.2.7])\r\n\tby mail.there.example with ESMTPS id 4XyZ\r\n\tfor <jane.d@acme.example>; Sat, 21 Nov 2026 11:58:00 +0000 (UTC)',
  'Received: (qmail 1234 invoked by uid 1000); 21 Nov 2026 11:57:00 -0000',
  'Authentication-Results: mx.there.example;\r\n spf=pass smtp.mailfrom=x@elsewhere.example',
];
const ordinary: readonly string[] = [
  'Date: Sat, 21 Nov 2026 12:00:00 +0100 (CET)',
  'Message-ID: <20261121.1@elsewhere.example>',
  'Subject: =?utf-8?B?R3LDvMOfZQ==?= and\r\n more of the same\r\n\twith a tab',
  'Subject: plain',
  'Subject:',
  'References: <1@x.example>\r\n <2@x.example>\r\n <3@x.example>',
  'X-Mailer: Lotus Notes Release 9.0.1',
  'X-Priority: 3 (Normal)',
  'X-Very-Long: ' + 'y'.repeat(900),
  'X-Folded:\r\n a\r\n b\r\n c',
  'Keywords: a, b, "c, d"',
  'X-Empty-Fold: a\r\n \r\n b',
];
const damaged: readonly string[] = [
  'this line is no field at all',
  'X-8-Bit: Gr\u00fc\u00dfe',
  'Bad Name: x',
  ': no name',
  'X-Space : before the colon',
  'Subject: =?utf-8?q?never=closed',
];

function signature(random: Random): string {
  const data = random.bytes(128).toString('base64').replaceAll(/.{60}/g, '$&\r\n\t ');
  return `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=elsewhere.example;\r\n\ts=s1; h=from:to:subject:date;\r\n\tbh=${random.bytes(32).toString('base64')};\r\n\tb=${data}`;
}

function some<T>(random: Random, list: readonly T[], chance: number): T[] {
  return list.filter(() => random.chance(chance));
}

function messageOf(n: number, random: Random, body: Body): CorpusMessage {
  const from = froms[n % froms.length]!;
  const more = some(random, others, 0.25);
  // One of each name.
  const senders = [
    from,
    ...more.filter((one, at) => more.findIndex((other) => nameOf(other) === nameOf(one)) === at),
  ];
  const harm = n % 6 === 0 ? some(random, damaged, 0.5) : [];
  const fields = shuffled(random, [
    ...senders.map(({ field }) => field),
    ...some(random, bystanders, 0.5),
    ...some(random, ordinary, 0.6),
    ...harm,
    ...body.fields,
    ...(body.fields.length > 0 ? ['MIME-Version: 1.0'] : []),
  ]);
  const signed = random.chance(0.3) ? [signature(random)] : [];
  const header = [...some(random, trace, 0.6), ...signed, ...fields].map((field) => `${field}\r\n`).join('');
  const smtpUtf8 = n % 10 === 7;
  const charset = smtpUtf8 || random.chance(0.5) ? 'utf8' : 'latin1';
  const inOrder = fields.flatMap((field) => senders.filter((one) => one.field === field));
  return {
    name: `${n} ${from.field.replaceAll(/\s+/g, ' ')}`,
    bytes: Buffer.concat([Buffer.from(`${header}\r\n`, charset), body.bytes]),
    smtpUtf8,
    senders: inOrder,
    broken: harm.length > 0,
  };
}

function nameOf({ field }: Senders): string {
  return field.slice(0, field.indexOf(':')).toLowerCase();
}

function shuffled<T>(random: Random, list: readonly T[]): T[] {
  return list
    .map((one) => ({ one, at: random.next() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one);
}

export const corpusSize = 300;

export function* corpus(seed = 20_261_121): Generator<CorpusMessage> {
  const random = new Random(seed);
  for (let n = 0; n < corpusSize; n += 1)
    yield messageOf(n, random, n === corpusSize - 1 ? largeBody(random) : bodyOf(random));
}
