import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataScanner } from '../../listener/data-scanner.ts';
import { falseEnds } from './false-ends.ts';

const harmless = 'CRLF.SP CRLF';

interface Read {
  readonly message: string;
  readonly rest: string | undefined;
  readonly unclean: boolean;
}

/** Scans text cut at the given places; what comes after the end is `rest`. */
function read(text: string, cuts: readonly number[] = []): Read {
  const octets = Buffer.from(text, 'latin1');
  const places = [0, ...[...cuts].sort((a, b) => a - b), octets.length];
  const scanner = new DataScanner();
  let message = '';
  for (let n = 1; n < places.length; n++) {
    const { kept, end } = scanner.scan(Buffer.from(octets.subarray(places[n - 1], places[n])));
    message += kept.toString('latin1');
    if (end !== -1)
      return { message, rest: octets.toString('latin1', places[n - 1]! + end), unclean: scanner.unclean };
  }
  return { message, rest: undefined, unclean: scanner.unclean };
}

/** One octet at a time. */
function bytewise(text: string): Read {
  return read(
    text,
    Array.from({ length: text.length }, (_, at) => at),
  );
}

const clean: readonly (readonly [why: string, sent: string, message: string])[] = [
  ['an empty message', '.\r\n', ''],
  ['an empty line', '\r\n.\r\n', '\r\n'],
  ['a stuffed dot', '..\r\n.\r\n', '.\r\n'],
  ['only the first dot is stuffing', '...\r\n.\r\n', '..\r\n'],
  ['a dot that was not doubled', '.x\r\n.\r\n', 'x\r\n'],
  ['dots within lines stay', 'a.b..\r\n.\r\n', 'a.b..\r\n'],
  ['tabs and 8 bit pass', '\t\xff\x80\x0b\x0c\r\n.\r\n', '\t\xff\x80\x0b\x0c\r\n'],
  ['a line longer than the words looked at', `${'x'.repeat(70)}\r\n.\r\n`, `${'x'.repeat(70)}\r\n`],
];

for (const [why, sent, message] of clean)
  test(`clean: ${why}`, () => {
    const expected = { message, rest: 'NEXT', unclean: false };
    assert.deepEqual(read(`${sent}NEXT`), expected);
    assert.deepEqual(bytewise(`${sent}NEXT`), expected);
  });

for (const [name, octets] of falseEnds.filter(([name]) => name !== harmless))
  for (const padding of ['', 'x'.repeat(100)])
    test(`no end: ${name}${padding && ', in a long chunk'}`, () => {
      const sent = `${padding}body${octets}MAIL FROM:<evil@there.example>\r\n.\r\nNEXT`;
      for (const outcome of [read(sent), bytewise(sent)]) {
        assert.equal(outcome.rest, 'NEXT');
        assert.equal(outcome.unclean, true);
      }
    });

test('a dot and a space are content, and no end', () => {
  const { message, rest, unclean } = read('body\r\n. \r\nmore\r\n.\r\nNEXT');
  assert.deepEqual(
    { message, rest, unclean },
    { message: 'body\r\n \r\nmore\r\n', rest: 'NEXT', unclean: false },
  );
});

test('what was stuffed arrives as it was, however it is cut', () => {
  const line = fc.string({ unit: fc.constantFrom('.', 'a', ' ', '\t', '\xe9'), maxLength: 90 });
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat(400), { maxLength: 30 }), (lines, places) => {
      const message = lines.map((one) => `${one}\r\n`).join('');
      const sent = `${message.replaceAll(/^\./gm, '..')}.\r\nQUIT\r\n`;
      const cuts = places.map((place) => place % sent.length);
      assert.deepEqual(read(sent, cuts), { message, rest: 'QUIT\r\n', unclean: false });
    }),
  );
});

test('any octets give the same, however they are cut; only CRLF.CRLF ends', () => {
  const octet = fc.constantFrom('\r', '\n', '.', '\0', 'a', '\t', '\r\n', '\r\n.\r\n', 'x'.repeat(64));
  fc.assert(
    fc.property(fc.array(octet, { maxLength: 60 }), fc.array(fc.nat(2000)), (parts, places) => {
      const sent = parts.join('');
      const cuts = places.map((place) => place % (sent.length + 1));
      const whole = read(sent);
      const cut = read(sent, cuts);
      assert.equal(cut.rest, whole.rest);
      const end = `\r\n${sent}`.indexOf('\r\n.\r\n');
      assert.equal(whole.rest, end === -1 ? undefined : sent.slice(end + 3));
      const content = end === -1 ? sent : sent.slice(0, end);
      if (end !== -1) assert.equal(whole.unclean, /\0|\r(?!\n)|(?<!\r)\n/.test(content));
      if (!whole.unclean) assert.equal(cut.message, whole.message);
    }),
  );
});
