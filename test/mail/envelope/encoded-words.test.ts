import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeWords } from '../../../mail/envelope/encoded-words.ts';

const rows: [written: string, seen: string, why: string][] = [
  ['plain', 'plain', 'nothing to decode'],
  ['=?utf-8?q?J=C3=BCrgen_M?=', 'J\u00fcrgen M', 'Q'],
  ['=?UTF-8?B?SsO8cmdlbg==?=', 'J\u00fcrgen', 'B'],
  ['=?iso-8859-1?Q?J=FCrgen?= =?iso-8859-1?Q?_M?=', 'J\u00fcrgen M', 'white space between words is dropped'],
  ['=?utf-8?q?J=C3?= =?UTF-8?b?vHJnZW4=?=', 'J\u00fcrgen', 'a character cut in two'],
  ['=?utf-8?q?J=C3?= =?latin1?q?=FC?=', 'J\ufffd\u00fc', 'another charset does not join'],
  ['=?nonsense?q?b?= =?utf-8?q?b?=', '=?nonsense?q?b?=b', 'an unknown charset beside a known one'],
  ['a =?utf-8?q?b?= c', 'a b c', 'white space around words stays'],
  ['=?utf-8*en?q?b?=', 'b', 'a language (RFC 2231)'],
  ['=?nonsense?q?b?=', '=?nonsense?q?b?=', 'an unknown charset stays as written'],
  ['=?utf-8?x?b?=', '=?utf-8?x?b?=', 'an unknown encoding'],
];

test('encoded words', () => {
  for (const [written, seen, why] of rows) assert.equal(decodeWords(written), seen, why);
});

test('no text throws, nor takes long', () => {
  const text = fc.oneof(fc.string(), fc.stringMatching(/^[=?utf8qb_ -]{0,80}$/));
  fc.assert(fc.property(text, (any) => typeof decodeWords(any) === 'string'));
  assert.equal(decodeWords('=?'.repeat(100_000)).length, 200_000);
});
