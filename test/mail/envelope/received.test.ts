import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  dropsOnArrival,
  hopCount,
  missingEmptyLine,
  missingFields,
} from '../../../mail/envelope/arrival-edits.ts';
import { applyEdits, editedSize } from '../../../mail/envelope/apply-edits.ts';
import { splitHeader, valueOf } from '../../../mail/envelope/header.ts';
import { received, withWord, type ReceivedFacts } from '../../../mail/envelope/received.ts';

const plain: ReceivedFacts = {
  helo: 'client.example',
  esmtp: true,
  peer: '192.0.2.1',
  authenticated: false,
  smtpUtf8: false,
  by: 'mail1.acme.example',
  id: 'M-1',
  date: new Date('2026-03-04T05:06:07Z'),
};

test('a Received field, folded', () => {
  const tls = { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384' };
  assert.equal(
    received({ ...plain, hostName: 'mx.client.example', tls, recipient: 'jane@acme.example' }),
    [
      'Received: from client.example (mx.client.example [192.0.2.1]) by',
      ' mail1.acme.example with ESMTPS (TLSv1.3 TLS_AES_256_GCM_SHA384) id M-1 for',
      ' <jane@acme.example>; Wed, 04 Mar 2026 05:06:07 +0000',
    ].join('\r\n'),
  );
  assert.match(
    received({ ...plain, peer: '2001:db8::1' }),
    /from client\.example \(\[IPv6:2001:db8::1\]\) by/,
  );
});

const withWords: [facts: Partial<ReceivedFacts>, word: string][] = [
  [{ esmtp: false }, 'SMTP'],
  [{}, 'ESMTP'],
  [{ authenticated: true }, 'ESMTPA'],
  [{ tls: { version: 'v', cipher: 'c' } }, 'ESMTPS'],
  [{ tls: { version: 'v', cipher: 'c' }, authenticated: true }, 'ESMTPSA'],
  [{ smtpUtf8: true }, 'UTF8SMTP'],
  [{ smtpUtf8: true, tls: { version: 'v', cipher: 'c' }, authenticated: true }, 'UTF8SMTPSA'],
];

test('with-words of RFC 3848 and RFC 6531', () => {
  for (const [facts, word] of withWords) assert.equal(withWord({ ...plain, ...facts }), word);
});

test('names beyond ASCII are written in ASCII', () => {
  const named = received({ ...plain, helo: 'Bücher.example', hostName: 'mx.bücher.example' });
  assert.match(named, /from xn--bcher-kva\.example \(mx\.xn--bcher-kva\.example \[192\.0\.2\.1\]\)/);
  assert.match(received({ ...plain, helo: 'mein rechner ü' }), /from mein\?rechner\?\? \(/);
});

test('what the peer says of itself forges nothing', () => {
  const words = fc.string({ unit: 'binary', maxLength: 400 });
  fc.assert(
    fc.property(words, words, (helo, hostName) => {
      const field = received({ ...plain, helo, hostName });
      const block = splitHeader(Buffer.from(`${field}\r\n\r\n`));
      assert.equal(block.fields.length, 1);
      assert.equal(field.split(';').length, 2, 'one date');
      assert.equal(field.split('(').length, 2, 'one comment');
      assert.ok(field.split('\r\n').every((part) => part.length < 998));
    }),
  );
});

test('what may not arrive is dropped: paths, results in our name, our tags', () => {
  const block = splitHeader(
    Buffer.from(
      [
        'Return-Path: <x@y>',
        'Authentication-Results: MAIL1.acme.example; spf=pass',
        'Authentication-Results: (a (comment)) "mail1.acme.example" 1; dkim=pass',
        'Authentication-Results: elsewhere.example; spf=pass',
        'Authentication-Results: (never closed mail1.acme.example',
        'X-DNSBL-Site: none',
        'x-dnswl-site: good.example',
        'Subject: stays',
        '',
        '',
      ].join('\r\n'),
    ),
  );
  const left = applyEdits(block.bytes, dropsOnArrival(block, ['mail1.acme.example'])).toString();
  assert.deepEqual(left.split('\r\n').slice(0, -2), [
    'Authentication-Results: elsewhere.example; spf=pass',
    'Authentication-Results: (never closed mail1.acme.example',
    'Subject: stays',
  ]);
});

test('authenticated mail gets the Date and Message-ID it lacks, and no second one', () => {
  const facts = { date: plain.date, messageId: 'M-1@mail1.acme.example' };
  const none = splitHeader(Buffer.from('To: a\r\n\r\n'));
  const both = splitHeader(applyEdits(none.bytes, missingFields(none, facts)));
  assert.equal(valueOf(both, 'date'), 'Wed, 04 Mar 2026 05:06:07 +0000');
  assert.equal(valueOf(both, 'message-id'), '<M-1@mail1.acme.example>');
  assert.deepEqual(missingFields(both, facts), []);
});

test('hops are Received fields', () => {
  assert.equal(hopCount(splitHeader(Buffer.from('Received: a\r\nX: y\r\nreceived: b\r\n\r\n'))), 2);
});

const texts: readonly (readonly [why: string, message: string, left: string])[] = [
  ['a text without a header', 'hello there\r\nyou\r\n', '\r\nhello there\r\nyou\r\n'],
  ['a line that goes on', 'hello\r\n there: you\r\n', '\r\nhello\r\n there: you\r\n'],
  ['without an end', 'hello', '\r\nhello\r\n'],
  ['fields', 'Subject: x\r\nno field\r\n', 'Subject: x\r\nno field\r\n'],
  ['fields without a body', 'Subject: x\r\n', 'Subject: x\r\n'],
  ['its own empty line', '\r\nhello\r\n', '\r\nhello\r\n'],
  ['what mailbox files begin with', 'From a@b Mon Jan 1\r\nTo: x\r\n', 'From a@b Mon Jan 1\r\nTo: x\r\n'],
  ['nothing', '', ''],
  ['a long line', `${'x'.repeat(999)}\r\n`, `${'x'.repeat(999)}\r\n`],
  ['not UTF-8', '\xffabc\r\n', '\xffabc\r\n'],
];

test('a text without a header gets the empty line before it', async (t) => {
  for (const [why, message, left] of texts)
    await t.test(why, () => {
      const block = splitHeader(Buffer.from(message, 'latin1'));
      assert.equal(applyEdits(block.bytes, missingEmptyLine(block)).toString('latin1'), left);
      assert.equal(editedSize(block.bytes.length, missingEmptyLine(block)), left.length);
    });
});
