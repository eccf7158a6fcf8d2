/** Conversion of From, Sender and Reply-To: which addresses, which names, and that nothing else of a message changes. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseMailboxList } from '../../../../mail/address/mailbox-list.ts';
import { applyEdits } from '../../../../mail/envelope/apply-edits.ts';
import { headerEnd, splitHeader } from '../../../../mail/envelope/header.ts';
import { convertHeader, type ConvertedHeader } from '../../../../mail/router/conversion/convert-header.ts';
import { convertReversePath } from '../../../../mail/router/conversion/convert-sender.ts';
import { conversionRules } from '../../../../mail/router/conversion/rules.ts';
import { routerWorld, type RouterWorld } from '../world.ts';

const people = [
  {
    name: 'Jane Doe/Sales/Acme',
    internetAddress: 'jane@acme.example',
    shortNames: ['jdoe'],
    lastName: 'Doe',
    userNames: ['jane.d@acme.example'],
  },
  { name: 'Jörg Groß/Acme', shortNames: ['jgross'] },
  { name: 'Uwe/Acme', internetAddress: 'üwe@acme.example', shortNames: ['uwe'] },
  { name: 'Max Moritz/Acme', internetAddress: 'max@acme.example', lastName: 'Moritz' },
  { name: 'Mia Moritz/Acme', internetAddress: 'mia@acme.example', lastName: 'Moritz' },
];
const databases = [{ name: 'Help Desk', internetAddress: 'help@acme.example' }];
const acme = {
  name: 'Acme',
  primaryDomain: 'acme.example',
  aliases: ['acme-west.example'],
  dominoDomains: ['ACME', 'Vertrieb=SALESDOM'],
};

/** An Internet address, and a primary domain, beyond ASCII. */
const international: RouterWorld & { readonly domain: object } = {
  people: [{ ...people[0], internetAddress: 'jane@Bücher.example' }],
  domain: { primaryDomain: 'bücher.example' },
};

interface Given extends RouterWorld {
  readonly phrase?: string;
  readonly domain?: object;
  readonly smtpUtf8?: boolean;
}

function contextOf({ phrase, domain, smtpUtf8 = false, ...given }: Given = {}) {
  const conversion = phrase === undefined ? {} : { phrase };
  const { settings, directory } = routerWorld({
    people,
    databases,
    domains: [{ ...acme, ...domain }],
    configuration: { conversion },
    ...given,
  });
  return { settings, directory, rules: conversionRules(settings), smtpUtf8 };
}

async function converted(
  header: string | Buffer,
  given?: Given,
): Promise<{ text: string; bytes: Buffer } & ConvertedHeader> {
  const block = Buffer.isBuffer(header) ? header : Buffer.from(`${header}\r\n\r\n`);
  const found = await convertHeader(splitHeader(block), contextOf(given));
  const bytes = applyEdits(block, found.edits);
  return { ...found, bytes, text: bytes.toString().replace(/\r\n\r\n$/, '') };
}

type Row = readonly [why: string, before: string, after: string, given?: Given];

function table(rows: readonly Row[]): void {
  for (const [why, before, after, given] of rows)
    test(why, async () => {
      assert.equal((await converted(before, given)).text, after);
    });
}

describe('which addresses', () => {
  table([
    ['another address of a person', 'From: jane.d@acme.example', 'From: jane@acme.example'],
    ['by a short name', 'From: <jdoe@acme.example>', 'From: <jane@acme.example>'],
    ['in an alias domain', 'From: jane@acme-west.example', 'From: jane@acme.example'],
    ['at the server’s host name', 'From: jane@mail1.acme.example', 'From: jane@acme.example'],
    ['below it', 'From: jdoe@app.mail1.acme.example', 'From: jane@acme.example'],
    ['with our Domino domain', 'From: jdoe%ACME@acme.example', 'From: jane@acme.example'],
    ['her own stays as it is', 'From:  Jane@ACME.example (me)', 'From:  Jane@ACME.example (me)'],
    [
      'Sender and every Reply-To',
      'Sender: jdoe@acme.example\r\nReply-To: x@far.example, jdoe@acme.example',
      'Sender: jane@acme.example\r\nReply-To: x@far.example, jane@acme.example',
    ],
    [
      'other fields do not',
      'To: jdoe@acme.example\r\nResent-From: jdoe@acme.example',
      'To: jdoe@acme.example\r\nResent-From: jdoe@acme.example',
    ],
    ['not of another domain', 'From: jdoe@far.example', 'From: jdoe@far.example'],
    ['not of two people', 'From: moritz@acme.example', 'From: moritz@acme.example'],
    ['not of nobody', 'From: ghost@acme.example', 'From: ghost@acme.example'],
    ['not of a database', 'From: help_desk@acme.example', 'From: help_desk@acme.example'],
    ['not of a person without an address', 'From: jgross@acme.example', 'From: jgross@acme.example'],
    [
      'never postmaster',
      'From: Postmaster@acme.example',
      'From: Postmaster@acme.example',
      { people: [{ name: 'Postmaster', internetAddress: 'pm@acme.example' }] },
    ],
    [
      'not where look-up is off',
      'From: jdoe@acme.example',
      'From: jdoe@acme.example',
      { domain: { internetAddressLookup: false } },
    ],
    [
      'the Configuration switches it on as well',
      'From: jdoe@acme.example',
      'From: jane@acme.example',
      {
        domain: { internetAddressLookup: false },
        configuration: { conversion: { lookupInternetAddress: true } },
      },
    ],
    ['not to an address that the message may not carry', 'From: uwe@acme.example', 'From: uwe@acme.example'],
    ['but where it may', 'From: uwe@acme.example', 'From: üwe@acme.example', { smtpUtf8: true }],
    [
      'a domain has a spelling in ASCII',
      'From: jdoe@xn--bcher-kva.example\r\nSender: "Jane Doe/Sales/Acme"@ACME',
      'From: jane@xn--bcher-kva.example\r\nSender: jane@xn--bcher-kva.example',
      international,
    ],
    [
      'which need not stand where the message may carry the other',
      'From: jdoe@xn--bcher-kva.example',
      'From: jane@Bücher.example',
      { ...international, smtpUtf8: true },
    ],
  ]);
});

describe('names without a domain, or with a Domino domain', () => {
  const off = { internetAddressLookup: false };
  const made = (fields: object): Given => ({ domain: { ...off, ...fields } });
  table([
    ['a short name', 'From: jdoe', 'From: jane@acme.example'],
    ['a hierarchical name', 'From: CN=Jane Doe/OU=Sales/O=Acme@ACME', 'From: jane@acme.example'],
    ['in angle brackets', 'From: Jane <Jane Doe/Sales/Acme@ACME>', 'From: Jane <jane@acme.example>'],
    ['quoted', 'From: "Jane Doe/Sales/Acme"@ACME', 'From: jane@acme.example'],
    ['a database’s', 'From: Help Desk@ACME', 'From: help@acme.example'],
    [
      'constructed of the full name, slashes kept',
      'From: Jane Doe/Sales/Acme@ACME',
      'From: Jane_Doe/Sales/Acme@acme.example',
      made({}),
    ],
    [
      'of the common name',
      'From: jdoe@ACME',
      'From: Jane_Doe@acme.example',
      made({ localPart: 'common-name' }),
    ],
    ['of the short name', 'From: Jane Doe', 'From: jdoe@acme.example', made({ localPart: 'short-name' })],
    ['of somebody without an address', 'From: jgross@ACME', 'From: Jorg_Gross/Acme@acme.example'],
    [
      'with accents where the message may have them',
      'From: jgross@ACME',
      'From: Jörg_Groß/Acme@acme.example',
      { smtpUtf8: true },
    ],
    ['of nobody, as written', 'From: John Smith@Sales@ACME', 'From: John Smith@Sales@ACME'],
    ['of nobody in our domain', 'From: John Smith@ACME', 'From: John_Smith@acme.example'],
    [
      'one Domino domain',
      'From: John Smith@SALESDOM@ACME',
      'From: John_Smith%Vertrieb@acme.example',
      made({ dominoDomainsIncluded: 'one' }),
    ],
    [
      'all of them, with another separator',
      'From: John Smith@SALESDOM@ACME',
      'From: John_Smith.Vertrieb.ACME@acme.example',
      made({ dominoDomainsIncluded: 'all', dominoDomainSeparator: '.' }),
    ],
    [
      'right of the @',
      'From: John Smith@ACME',
      'From: John_Smith@acme.acme.example',
      made({ dominoDomainsIncluded: 'all', dominoDomainPosition: 'right' }),
    ],
    [
      'right of the @ as a domain may be written',
      'From: John Smith@Two Words',
      'From: John_Smith@two-words.acme.example',
      made({ dominoDomains: ['Two Words'], dominoDomainsIncluded: 'one', dominoDomainPosition: 'right' }),
    ],
    [
      'the own domain where none is written',
      'From: John Smith',
      'From: John_Smith%ACME@acme.example',
      made({ dominoDomainsIncluded: 'one' }),
    ],
    ['a domain that is none of ours stays', 'From: John Smith@ELSEWHERE', 'From: John Smith@ELSEWHERE'],
    [
      'name and address',
      'From: John Smith/Acme@ACME',
      'From: "John Smith" <John_Smith/Acme@acme.example>',
      made({ addressFormat: 'name-and-address' }),
    ],
    [
      'a name of the user’s own is kept',
      'From: "Johnny" <John Smith@ACME>',
      'From: "Johnny" <John_Smith@acme.example>',
      made({ addressFormat: 'name-and-address' }),
    ],
    [
      'of several Global Domains without a default the last, with the domain of the host name',
      'From: John Smith',
      'From: John_Smith%ACME@acme.example',
      {
        domains: [
          { name: 'A', primaryDomain: 'a.example' },
          { name: 'Z', primaryDomain: 'z.example', dominoDomainsIncluded: 'one' },
        ],
      },
    ],
    [
      'the default one',
      'From: John Smith',
      'From: John_Smith@a.example',
      {
        domains: [
          { name: 'A', primaryDomain: 'a.example', default: true },
          { name: 'Z', primaryDomain: 'z.example' },
        ],
      },
    ],
    ['without a Global Domain', 'From: John Smith', 'From: John_Smith@acme.example', { domains: [] }],
  ]);
});

describe('display names', () => {
  const jane = 'From: "Jane, at work" <jdoe@acme.example>';
  table([
    ['none is added', 'From: jdoe@acme.example', 'From: jane@acme.example', { phrase: 'none' }],
    ['her own is kept', jane, 'From: "Jane, at work" <jane@acme.example>', { phrase: 'none' }],
    [
      'the distinguished name',
      'From: jdoe@acme.example',
      'From: "Jane Doe/Sales/Acme" <jane@acme.example>',
      { phrase: 'distinguished-name' },
    ],
    ['the common name', jane, 'From: "Jane Doe" <jane@acme.example>', { phrase: 'common-name' }],
    [
      'with an address that needs no change',
      'From: jane@acme.example',
      'From: "Jane Doe" <jane@acme.example>',
      { phrase: 'common-name' },
    ],
    [
      'where it stands already nothing changes',
      'From: Jane Doe <jane@acme.example>',
      'From: Jane Doe <jane@acme.example>',
      { phrase: 'common-name' },
    ],
    ['removed', jane, 'From: <jane@acme.example>', { phrase: 'remove' }],
    ['not of strangers', 'From: X <x@far.example>', 'From: X <x@far.example>', { phrase: 'remove' }],
    [
      'not ASCII: an encoded word',
      'From: jgross@ACME',
      'From: =?utf-8?b?SsO2cmcgR3Jvw58=?= <Jorg_Gross/Acme@acme.example>',
      { phrase: 'common-name' },
    ],
  ]);
});

describe('headers of all shapes', () => {
  table([
    [
      'folding stays',
      'From: "Jane\r\n Doe"\r\n\t<jdoe@acme.example>',
      'From: "Jane\r\n Doe"\r\n\t<jane@acme.example>',
    ],
    [
      'encoded words stay',
      'From: =?utf-8?q?J=C3=A4ne?=\r\n =?utf-8?q?_Doe?= <jdoe@acme.example>',
      'From: =?utf-8?q?J=C3=A4ne?=\r\n =?utf-8?q?_Doe?= <jane@acme.example>',
    ],
    ['comments stay', 'From: (before) jdoe@acme.example (after)', 'From: (before) jane@acme.example (after)'],
    [
      'a comment behind the name stays with it',
      'From: Jane\r\n\t(the\r\n\tboss)\r\n\t<jdoe@acme.example>',
      'From: Jane\r\n\t(the\r\n\tboss)\r\n\t<jane@acme.example>',
    ],
    ['a name that touches its address', 'From: Jane<jdoe@acme.example>', 'From: Jane <jane@acme.example>'],
    [
      'a comment goes with the name that it explains',
      'From: "J." (at work) <jdoe@acme.example>',
      'From: "Jane Doe" <jane@acme.example>',
      { phrase: 'common-name' },
    ],
    [
      'a route without brackets is no list',
      'From: @a.example,@b.example:jdoe@acme.example',
      'From: @a.example,@b.example:jdoe@acme.example',
    ],
    [
      'groups stay',
      'Reply-To: Us: jdoe@acme.example, x@far.example;',
      'Reply-To: Us: jane@acme.example, x@far.example;',
    ],
    [
      'a name with a dot is quoted',
      'From: Jane M. Doe <jdoe@acme.example>',
      'From: "Jane M. Doe" <jane@acme.example>',
    ],
    [
      'a name with a comma is one name',
      'From: Doe, Jane <jdoe@acme.example>',
      'From: "Doe, Jane" <jane@acme.example>',
    ],
    [
      'white space around the dots of an address goes',
      'From: x . y @ far.example, jdoe@acme.example',
      'From: x.y@far.example, jane@acme.example',
    ],
    [
      '8-bit becomes an encoded word',
      'From: Jäne <jdoe@acme.example> (Büro)',
      'From: =?utf-8?b?SsOkbmU=?= <jane@acme.example> (=?utf-8?b?QsO8cm8=?=)',
    ],
    [
      'unless the message is international',
      'From: Jäne <jdoe@acme.example>',
      'From: Jäne <jane@acme.example>',
      { smtpUtf8: true },
    ],
    [
      '8-bit beside it stays',
      'Subject: Grüße\r\nFrom: jdoe@acme.example',
      'Subject: Grüße\r\nFrom: jane@acme.example',
    ],
    ['what is no list stays', 'From: "Jane <jdoe@acme.example>', 'From: "Jane <jdoe@acme.example>'],
    ['an empty field', 'From:', 'From:'],
    ['a field name in other letters', 'FROM : jdoe@acme.example', 'FROM: jane@acme.example'],
    [
      'the second of two fields',
      'Reply-To: a@far.example\r\nReply-To: jdoe@acme.example',
      'Reply-To: a@far.example\r\nReply-To: jane@acme.example',
    ],
  ]);

  test('bytes of an unknown charset keep their values', async () => {
    const header = Buffer.concat([
      Buffer.from('From: J'),
      Buffer.from([0xe4]),
      Buffer.from('ne <jdoe@acme.example>\r\n\r\n'),
    ]);
    const { text } = await converted(header);
    assert.equal(
      text,
      `From: =?unknown-8bit?b?${Buffer.from([0x4a, 0xe4, 0x6e, 0x65]).toString('base64')}?= <jane@acme.example>`,
    );
  });

  test('a long list folds at its commas, no line over 998 octets', async () => {
    const others = Array.from({ length: 60 }, (_, n) => `somebody${n}@far.example`);
    const { text } = await converted(`Reply-To: ${[...others, 'jdoe@acme.example'].join(', ')}`);
    assert.ok(text.split('\r\n').every((line) => line.length <= 998));
    assert.ok(text.endsWith(' jane@acme.example'));
  });

  test('a list of hundreds is left alone: nobody has so many authors', async () => {
    const many = `From: ${Array.from({ length: 101 }, () => 'jdoe@acme.example').join(',')}`;
    assert.equal((await converted(many)).text, many);
  });

  test('the body and every other field keep their bytes, whatever they are', async () => {
    const word = fc.stringMatching(/^[A-Za-z]{1,8}$/);
    const junk = fc
      .uint8Array({ maxLength: 40 })
      .map((bytes) => Buffer.from(bytes).filter((byte) => byte > 31));
    const author = fc.constantFrom(
      'jdoe@acme.example',
      'Jane <jane.d@acme.example>',
      '"D, J" <jdoe@acme.example>',
      'x@far.example',
    );
    const field = fc.record({ name: word.map((text) => `X-${text}`), value: junk });
    await fc.assert(
      fc.asyncProperty(fc.array(field), author, fc.uint8Array(), async (others, from, body) => {
        const lines = others.map(({ name, value }) =>
          Buffer.concat([Buffer.from(`${name}: `), value, Buffer.from('\r\n')]),
        );
        const at = lines.length >> 1;
        const build = (text: string) =>
          Buffer.concat([
            ...lines.slice(0, at),
            Buffer.from(`From: ${text}\r\n`),
            ...lines.slice(at),
            Buffer.from('\r\n'),
            Buffer.from(body),
          ]);
        const message = build(from);
        const { bytes } = await converted(message.subarray(0, headerEnd(message)));
        const expected = build(from.replace(/jdoe@|jane\.d@/, 'jane@'));
        assert.deepEqual(bytes, expected.subarray(0, headerEnd(expected)));
      }),
    );
  });

  test('a changed field can be read again, and means the same', async () => {
    const phrase = fc
      .string({ unit: 'binary', maxLength: 80 })
      .map((text) => text.replaceAll(/[\p{Cc}\p{Cs}]/gu, ' '));
    await fc.assert(
      fc.asyncProperty(phrase, async (text) => {
        const { text: after } = await converted(
          `From: "${text.replaceAll(/[\\"]/g, '\\$&')}" <jdoe@acme.example>`,
        );
        assert.match(after, /^[\t\r\n -~]*$/);
        const list = parseMailboxList(after.slice('From:'.length));
        assert.ok(list.ok);
        assert.deepEqual(
          list.value.map(({ address }) => address?.text),
          ['jane@acme.example'],
        );
      }),
    );
  });
});

describe('MAIL FROM', () => {
  const rows: readonly (readonly [why: string, from: string, after: string])[] = [
    ['another address of a person', 'jdoe@acme.example', 'jane@acme.example'],
    ['a Domino domain', 'John_Smith@ACME', 'John_Smith@acme.example'],
    ['the null sender', '', ''],
    ['a stranger', 'x@far.example', 'x@far.example'],
    ['her own, byte for byte', 'JANE@acme.example', 'JANE@acme.example'],
  ];
  for (const [why, from, after] of rows)
    test(why, async () => assert.equal(await convertReversePath(from, contextOf()), after));
});

describe('the domain that may sign', () => {
  const rows: readonly (readonly [why: string, header: string, domain: string | undefined])[] = [
    ['of the author as converted', 'From: John Smith@ACME', 'acme.example'],
    ['of a stranger', 'From: x@Far.example', 'far.example'],
    ['two From fields: none', 'From: x@far.example\r\nFrom: y@far.example', undefined],
    ['no From field', 'Sender: x@far.example', undefined],
    ['one that cannot be read', 'From: <<x@far.example', undefined],
  ];
  for (const [why, header, domain] of rows)
    test(why, async () => assert.equal((await converted(header)).fromDomain, domain));
});
