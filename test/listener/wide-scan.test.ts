import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DataScanner } from '../../listener/data-scanner.ts';
import { passLines } from '../../listener/wide-scan.ts';

/** What a pass leaves of the chunk, and what it has not looked at. */
function passed(text: string, from = 0): { done: string; left: string } {
  const chunk = Buffer.from(text, 'latin1');
  const { end, next } = passLines(chunk, from);
  return { done: chunk.toString('latin1', from, end), left: chunk.toString('latin1', next) };
}

/** The same by regular expressions; it stops nowhere by itself. */
function unstuffed(text: string): string {
  return text.replaceAll('\r\n.', '\r\n');
}

const filler = 'x'.repeat(40);
const stops: readonly (readonly [why: string, at: string])[] = [
  ['a bare CR', '\ra'],
  ['a bare LF', '\na'],
  ['two CR and LF', '\r\r\na'],
  ['NUL', '\0a'],
  ['the end', '\r\n.\r\n'],
  ['a bare CR after a dot', '\r\n.\ra'],
  ['a bare LF after a dot', '\r\n.\na'],
  ['NUL after a dot', '\r\n.\0a'],
  ['a dot at the end of a line of its own', '\r\n.\tx'],
];

for (const [why, octets] of stops)
  test(`stops at ${why}, wherever it stands`, () => {
    for (let before = 1; before < 70; before++) {
      const text = `${'y'.repeat(before)}${octets}${filler}`;
      const { done, left } = passed(text);
      assert.equal(done + left, text);
      assert.ok(left.length >= octets.length + filler.length - 1, `${before} before`);
      assert.doesNotMatch(done, /[\r\n\0]/);
    }
  });

const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('\r\n', '\r\n..', '\r\n.a', 'x', 'xy', '.', '\t', '\xff', filler) },
  { weight: 1, arbitrary: fc.constantFrom('\r', '\n', '\0', '\r\n.\r\n', '\r\n.\t', '\r\n.\n', '\r\r\n') },
);

test('what is passed is clean lines without their dots, and no line begins where it ends, but an empty one', () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 120 }), fc.nat(40), (parts, skip) => {
      const text = `${'z'.repeat(skip)}a${parts.join('')}`;
      const { done, left } = passed(text, skip);
      const taken = text.slice(skip, text.length - left.length);
      assert.equal(done, unstuffed(taken));
      assert.doesNotMatch(taken, /\0|\r(?!\n)|(?<!\r)\n|\r\n\.[\0-\r]/);
      assert.doesNotMatch(left, taken.endsWith('\n') ? /^[\n.]/ : /^\n/);
    }),
    { numRuns: 2000 },
  );
});

test('nothing but the last octets is left of clean lines', () => {
  const clean = fc.array(fc.constantFrom('\r\n', '\r\n..', '\r\n.a', 'x', filler), { minLength: 20 });
  fc.assert(
    fc.property(clean, (parts) => {
      assert.ok(passed(`a${parts.join('')}a`).left.length <= 33);
    }),
  );
});

test('a chunk larger than one pass is read to its end', () => {
  const line = `${'x'.repeat(76)}\r\n.`;
  const chunk = Buffer.from(`${`${line}.`.repeat(2500)}\r\n.\r\nNEXT`);
  const scanner = new DataScanner();
  const { kept, end } = scanner.scan(chunk);
  assert.equal(scanner.unclean, false);
  assert.equal(chunk.toString('latin1', end), 'NEXT');
  assert.equal(kept.toString('latin1'), `${line.repeat(2500)}\r\n`);
});

test('without WebAssembly all of it is left, and looked through by hand', async () => {
  const { WebAssembly } = globalThis as { WebAssembly?: object };
  Object.assign(globalThis, { WebAssembly: undefined });
  try {
    const bare = (await import(`${wideScan}?without`)) as { passLines: typeof passLines };
    assert.deepEqual(bare.passLines(Buffer.from('a\r\n..'.repeat(100)), 5), { end: 5, next: 5 });
  } finally {
    Object.assign(globalThis, { WebAssembly });
  }
});

const wideScan = new URL('../../listener/wide-scan.ts', import.meta.url).href;
