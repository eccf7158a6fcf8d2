/** The gate ends, whatever a test file does, and names the one at fault. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type BatchOutcome, runBatches } from './batches.ts';

const header = `import { test } from 'node:test';\n`;
const passes = `test('well', () => {});\n`;
const limits = { silenceMs: 2_000, leaveMs: 500 };

/** What a file says, how many of its tests pass, and a word of each complaint. */
const cases: readonly (readonly [about: string, text: string, passed: number, ...complaints: RegExp[]])[] = [
  ['all is well', passes, 1],
  ['one is left out', `${passes}test('left', { skip: 'no such program' }, () => {});`, 1],
  ['a test fails', `${passes}test('ill', () => { throw new Error('so ill'); });`, 1, /so ill/],
  [
    'a subtest fails: it alone is counted',
    `test('all', (t) => t.test('ill', () => { throw new Error('so ill'); }));`,
    0,
    /so ill/,
  ],
  ['nothing is declared', '', 0, /declares no test/],
  ['the file cannot be read as code', 'const = 1;', 0, /SyntaxError|Unexpected/],
  ['the file throws after its first test', `${passes}throw new Error('so late');`, 1, /so late/],
  ['a timer stays', `${passes}setInterval(() => {}, 1000);`, 1, /still open, or/],
  [
    'a program stays',
    `import { spawn } from 'node:child_process';\n${passes}spawn('sleep', ['100']);`,
    1,
    /still open, or/,
  ],
  [
    'the loop never turns again',
    `test('spins', () => { for (;;); });`,
    0,
    /Nothing is heard for 2 s after its start/,
  ],
  ['the process ends itself', `test('quits', () => process.exit(3));`, 0, /It ended with 3/],
];

for (const [about, text, passed, ...complaints] of cases)
  test(`${about}: ${passed} passed, ${complaints.length} failed`, async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'postern-batches-'));
    t.after(() => rmSync(root, { recursive: true, force: true }));
    writeFileSync(join(root, 'one.test.ts'), header + text);
    const batches = runBatches([{ name: 'one', files: ['one.test.ts'] }], root, limits);
    const { value: outcome } = (await batches.next()) as IteratorYieldResult<BatchOutcome>;
    assert.equal(outcome.passed.filter(({ left }) => left === undefined).length, passed);
    assert.equal(outcome.failures.length, complaints.length, JSON.stringify(outcome.failures));
    for (const [index, complaint] of complaints.entries())
      assert.match(outcome.failures[index]?.failure ?? '', complaint);
  });
