import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deepest, MimeShape, mostParts } from '../../../mail/envelope/mime-shape.ts';

const mixed = (boundary: string): string => `multipart/mixed; boundary=${boundary}`;
const part = (type: string): string => `Content-Type: ${type}\r\n\r\n`;

function shapeOf(type: string, body: string, cut = Infinity): MimeShape {
  const shape = new MimeShape(type);
  const octets = Buffer.from(body, 'latin1');
  for (let at = 0; at < octets.length; at += cut) shape.write(octets.subarray(at, at + cut));
  return shape;
}

/** So many multiparts in each other, the message's own counted. */
function nested(depth: number): string {
  let body = '';
  for (let n = 1; n < depth; n++) body += `--b${n - 1}\r\n${part(mixed(`b${n}`))}`;
  return body;
}

const counted: readonly (readonly [why: string, type: string, body: string, parts: number])[] = [
  ['two parts and the end', mixed('b'), '--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n', 2],
  ['a quoted boundary', 'multipart/mixed; x=y; boundary="a b"', '--a b\r\n\r\n--a b--\r\n', 1],
  ['an escaped one', String.raw`multipart/mixed; boundary="a\"b"`, '--a"b\r\n\r\n', 1],
  ['white space behind a delimiter', mixed('b'), '--b \t\r\n\r\nx\r\n', 1],
  ['what only begins like one', mixed('b'), '--bb\r\n--c\r\n--\r\n---b\r\nx --b\r\n', 0],
  ['no boundary given', 'multipart/mixed', '--\r\n\r\n', 0],
  ['not multipart at all', 'text/plain; boundary=b', '--b\r\n\r\n', 0],
  ['after the end nothing counts', mixed('b'), '--b\r\n\r\n--b--\r\n--b\r\n\r\n--b\r\n', 1],
  ['parts of a part', mixed('b'), `--b\r\n${part(mixed('c'))}--c\r\n\r\n--c\r\n\r\n--c--\r\n--b\r\n\r\n`, 4],
  [
    'an outer delimiter ends the inner',
    mixed('b'),
    `--b\r\n${part(mixed('c'))}--c\r\n\r\n--b\r\n\r\n--c\r\n`,
    3,
  ],
  [
    'a folded type',
    mixed('b'),
    '--b\r\nContent-Type: multipart/mixed;\r\n\tboundary=c\r\n\r\n--c\r\n\r\n',
    2,
  ],
  ['a delimiter in a header', mixed('b'), '--b\r\nX: y\r\n--b\r\n--b\r\n', 3],
  ['within an attached message', mixed('b'), `--b\r\n${part('message/rfc822')}${part(mixed('c'))}--c\r\n`, 2],
  ['a message of a message', 'message/rfc822', `Subject: x\r\n${part(mixed('c'))}--c\r\n\r\n`, 1],
];

test('parts are counted', async (t) => {
  for (const [why, type, body, parts] of counted)
    await t.test(why, () => {
      assert.equal(shapeOf(type, body).parts, parts);
      assert.equal(shapeOf(type, body, 1).parts, parts, 'octet by octet');
    });
});

const bounds: readonly (readonly [why: string, type: string, body: string, tooMuch: boolean])[] = [
  ['as many parts as may be', mixed('b'), '--b\r\n\r\n'.repeat(mostParts), false],
  ['one more', mixed('b'), '--b\r\n\r\n'.repeat(mostParts + 1), true],
  ['as deep as may be', mixed('b0'), nested(deepest), false],
  ['one deeper', mixed('b0'), nested(deepest + 1), true],
  ['messages in messages', 'message/rfc822', part('message/rfc822').repeat(deepest), true],
  [
    'in one another and apart',
    mixed('b'),
    `--b\r\n${part(mixed('c'))}--c\r\n\r\n--c--\r\n`.repeat(400),
    false,
  ],
  ['a line without an end', mixed('b'), 'x'.repeat(1_000_000), false],
  ['two hyphens again and again', mixed('b'), '--x\r\n'.repeat(200_000), false],
];

test('parts and depth have bounds', async (t) => {
  for (const [why, type, body, tooMuch] of bounds)
    await t.test(why, () => {
      for (const cut of [Infinity, 7]) assert.equal(shapeOf(type, body, cut).isTooMuch, tooMuch);
    });
});

test('it does not matter how the message is cut', () => {
  const line = fc.constantFrom('--b', '--b--', '--c', '--c--', '', 'text', part(mixed('c')), 'x'.repeat(300));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.integer({ min: 1, max: 40 }), (lines, cut) => {
      const body = lines.join('\r\n');
      assert.equal(shapeOf(mixed('b'), body, cut).parts, shapeOf(mixed('b'), body).parts);
    }),
    { numRuns: 300 },
  );
});
