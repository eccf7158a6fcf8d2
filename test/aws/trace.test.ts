import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tracePartition } from '../../aws/trace.ts';

const day = '2026-11-21';

test('a word is found whatever its case and brackets', () => {
  assert.equal(tracePartition('<ABC@There.example>', day), 't#abc@there.example#2026-11-21');
});

const spellings: readonly (readonly [written: string, word: string, why: string])[] = [
  ['jane@Bücher.example', 'jane@xn--bcher-kva.example', 'a domain in its own script'],
  ['jane@BÜCHER.example', 'jane@xn--bcher-kva.example', 'and in capitals'],
  ['"Jane"@there.example', 'jane@there.example', 'quotes that need not be'],
  ['jo\u0301@there.example', 'jó@there.example', 'letters and their accents apart'],
  ['<a..b@There.example>', 'a..b@there.example', 'a Message-ID that is no address'],
  ['<20261121.ABC>', '20261121.abc', 'one without a domain'],
];
for (const [written, word, why] of spellings)
  test(`a word is found as ${why}`, () => {
    assert.equal(tracePartition(written, day), `t#${word}#${day}`);
    assert.equal(tracePartition(word, day), tracePartition(written, day));
  });

test('a word of any length fits the key, and no two are the same', () => {
  const long = `<${'x'.repeat(150_000)}@there.example>`;
  assert.ok(Buffer.byteLength(tracePartition(long, day)) < 2_048);
  assert.equal(tracePartition(long.toUpperCase(), day), tracePartition(long, day));
  assert.notEqual(tracePartition(`<y${long.slice(1)}`, day), tracePartition(long, day));
  assert.ok(Buffer.byteLength(tracePartition('ü'.repeat(1_000), day)) < 2_048, 'octets count');
});
