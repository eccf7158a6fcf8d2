import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ReplyReader, replyText, type RemoteReply } from '../../../mail/relay/replies.ts';

const shapes: readonly [bytes: string, replies: [number, string[]][], why: string][] = [
  ['250 Ok\r\n', [[250, ['Ok']]], 'the usual'],
  ['250\r\n', [[250, ['']]], 'a code alone'],
  ['250-a\r\n250-b\r\n250 c\r\n', [[250, ['a', 'b', 'c']]], 'several lines'],
  ['250-\r\n250 \r\n', [[250, ['', '']]], 'lines without text'],
  [
    '250 a\n354 b\n',
    [
      [250, ['a']],
      [354, ['b']],
    ],
    'LF alone, two replies at once',
  ],
  ['550\tno\r\n', [[550, ['no']]], 'a tab'],
  ['450-first\r\n550 second\r\n', [[550, ['first', 'second']]], 'lines that differ: the last code'],
  ['250-a\r\nno code here\r\n250 c\r\n', [[250, ['a', 'no code here', 'c']]], 'text amid a reply'],
  ['hello\r\n', [[0, ['hello']]], 'no reply at all'],
  ['2500 hello\r\n', [[0, ['2500 hello']]], 'no code of three digits'],
  ['\r\n\r\n250 Ok\r\n', [[250, ['Ok']]], 'empty lines before'],
  ['250 gr\u00fc\u00dfe\r\n', [[250, ['gr\u00fc\u00dfe']]], 'UTF-8'],
  ['250 a\u0007b\u0000c\r\n', [[250, ['a b c']]], 'control characters'],
  ['250 a', [], 'not finished'],
];

for (const [bytes, replies, why] of shapes)
  test(`reply ${JSON.stringify(bytes)}: ${why}`, () => {
    assert.deepEqual(read([Buffer.from(bytes)]), replies);
  });

test('replies are the same however the bytes are cut', () => {
  const text = Buffer.from(
    '220-a\r\n220 b\r\n250 gr\u00fc\u00dfe\n\r\njunk\r\n550-5.1.1 no\r\n550 5.1.1 such\r\n',
  );
  const whole = read([text]);
  fc.assert(
    fc.property(fc.array(fc.nat(text.length)), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), text.length];
      assert.deepEqual(read(at.slice(1).map((end, n) => text.subarray(at[n], end))), whole);
    }),
  );
});

test('no bytes break the reader', () => {
  fc.assert(fc.property(fc.array(fc.uint8Array()), (chunks) => void read(chunks)));
});

test('a byte that is not UTF-8 is kept', () => {
  assert.deepEqual(read([Buffer.from('250 gr\xfc\xdfe\r\n', 'latin1')]), [[250, ['gr\xfc\xdfe']]]);
});

test('a reply without end is refused', () => {
  const reader = new ReplyReader();
  const line = Buffer.from(`250-${'x'.repeat(1000)}\r\n`);
  assert.throws(() => {
    for (let n = 0; n < 100; n++) reader.read(line);
  }, /exceeds/);
});

test('a line without end is refused', () => {
  const reader = new ReplyReader();
  assert.throws(() => {
    for (let n = 0; n < 100; n++) reader.read(Buffer.alloc(1000, 'x'));
  }, /exceeds/);
});

test('many replies are not one long one', () => {
  const reader = new ReplyReader();
  const line = Buffer.from(`250 ${'x'.repeat(1000)}\r\n`);
  for (let n = 0; n < 200; n++) assert.equal(reader.read(line).length, 1);
});

const texts: readonly [reply: RemoteReply, text: string, why: string][] = [
  [{ code: 550, lines: ['no'] }, '550 no', 'one line'],
  [
    { code: 550, lines: ['5.1.1 no', '5.1.1 such', '5.1.1 user'] },
    '550 5.1.1 no such user',
    'the code said once',
  ],
  [
    { code: 550, lines: ['5.1.1 no', 'see https://x.example'] },
    '550 5.1.1 no see https://x.example',
    'mixed',
  ],
  [{ code: 550, lines: ['5.1.1 a', '5.7.1 b'] }, '550 5.1.1 a 5.7.1 b', 'another code stays'],
  [{ code: 550, lines: [''] }, '550', 'no text'],
  [{ code: 0, lines: ['hello'] }, 'hello', 'no code'],
  [{ code: 0, lines: [''] }, 'an empty reply', 'nothing'],
];

for (const [reply, text, why] of texts)
  test(`the text of ${JSON.stringify(reply)}: ${why}`, () => {
    assert.equal(replyText(reply), text);
  });

test('a long text is cut to 1 KB, never amid a character', () => {
  const text = replyText({ code: 550, lines: ['ü'.repeat(2000)] });
  assert.ok(Buffer.byteLength(text) <= 1024);
  assert.match(text, /^550 ü+…$/);
});

function read(chunks: readonly Uint8Array[]): [number, string[]][] {
  const reader = new ReplyReader();
  return chunks.flatMap((chunk) => reader.read(chunk)).map(({ code, lines }) => [code, [...lines]]);
}
