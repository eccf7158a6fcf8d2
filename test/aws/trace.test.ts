import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tracePartition } from '../../aws/trace.ts';

const day = '2026-11-21';

test('a word is found whatever its case and brackets', () => {
  assert.equal(tracePartition('<ABC@There.example>', day), 't#abc@there.example#2026-11-21');
});

test('a word of any length fits the key, and no two are the same', () => {
  const long = `<${'x'.repeat(150_000)}@there.example>`;
  assert.ok(Buffer.byteLength(tracePartition(long, day)) < 2_048);
  assert.equal(tracePartition(long.toUpperCase(), day), tracePartition(long, day));
  assert.notEqual(tracePartition(`<y${long.slice(1)}`, day), tracePartition(long, day));
  assert.ok(Buffer.byteLength(tracePartition('ü'.repeat(1_000), day)) < 2_048, 'octets count');
});
