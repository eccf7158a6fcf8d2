/** Entries of an mbox file, whatever pieces the message comes in. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { mboxEntry } from '../../../mail/mailbox/mbox.ts';

const row = { from: 'bob@elsewhere.example', date: '2026-11-01T22:51:25.000Z' };
const first = 'From bob@elsewhere.example Sun Nov  1 22:51:25 2026\n';

async function entry(pieces: readonly (string | Buffer)[], from = row.from): Promise<string> {
  const chunks = pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece));
  return (await buffer(Readable.from(chunks).pipe(mboxEntry({ ...row, from })))).toString('latin1');
}

const cases: readonly (readonly [why: string, message: string, written: string])[] = [
  ['lines end with LF', 'A: b\r\n\r\nc\r\n', 'A: b\n\nc\n\n'],
  ['a last line without an end gets one', 'A: b\r\n\r\nc', 'A: b\n\nc\n\n'],
  ['From at the start of a line is quoted', 'A: b\r\n\r\nFrom me\r\n', 'A: b\n\n>From me\n\n'],
  [
    'quoted ones once more, so that it can be undone',
    '\r\n>From me\r\n>>From me\r\n',
    '\n>>From me\n>>>From me\n\n',
  ],
  ['the very first line', 'From x\r\n', '>From x\n\n'],
  ['elsewhere in a line it stays', '\r\nI am From here\r\nFrom: x\r\n', '\nI am From here\nFrom: x\n\n'],
  ['octets stay what they are', '\r\nGr\u00fc\u00dfe\u0080\r\n', '\nGr\u00fc\u00dfe\u0080\n\n'],
  ['nothing at all', '', '\n'],
];
for (const [why, message, written] of cases)
  test(why, async () => assert.equal(await entry([message]), first + written));

test('no sender', async () => {
  assert.match(await entry(['x'], ''), /^From MAILER-DAEMON Sun Nov {2}1 22:51:25 2026\n/);
});

test('however it is cut, the entry is the same', async () => {
  const word = fc.constantFrom('From ', '>', 'From', '\r\n', ' ', 'x', 'F', 'y'.repeat(5000), '\u00fc');
  await fc.assert(
    fc.asyncProperty(fc.array(word, { maxLength: 30 }), fc.array(fc.nat(200)), async (words, cuts) => {
      const message = words.join('');
      const pieces: string[] = [];
      let at = 0;
      for (const cut of cuts) pieces.push(message.slice(at, (at += cut + 1)));
      pieces.push(message.slice(at));
      assert.equal(
        await entry(pieces.filter((piece) => piece !== '')),
        await entry(message === '' ? [] : [message]),
      );
    }),
    { numRuns: 200 },
  );
});
