import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { countersIn, keepStats } from '../../local/stats.ts';

const emf = (metrics: { Name: string; Unit: string }[], values: object): string =>
  JSON.stringify({
    _aws: {
      Timestamp: 0,
      CloudWatchMetrics: [{ Namespace: 'Postern', Dimensions: [['service']], Metrics: metrics }],
    },
    ...values,
  });

const lines: [line: string, counters: [string, number][], why: string][] = [
  [emf([{ Name: 'Accepted', Unit: 'Count' }], { Accepted: 2 }), [['accepted', 2]], 'one metric'],
  [emf([{ Name: 'Accepted', Unit: 'Count' }], { Accepted: [1, 1, 3] }), [['accepted', 5]], 'gathered values'],
  [
    emf([{ Name: 'Refused.relay', Unit: 'Count' }], { 'Refused.relay': 1 }),
    [['refused.relay', 1]],
    'a reason',
  ],
  [
    emf([{ Name: 'AcceptToSettle', Unit: 'Milliseconds' }], { AcceptToSettle: 9 }),
    [],
    'a time is no counter',
  ],
  ['{"message":"Accepted"}', [], 'a log line'],
  ['{"_aws":', [], 'half a line'],
  ['{"_aws":{}}', [], 'no metrics'],
];
for (const [line, counters, why] of lines)
  test(`counters in ${why}`, () => assert.deepEqual(countersIn(line), counters));

test('counters are kept over a restart, and begin anew each day', (t) => {
  const data = mkdtempSync(join(tmpdir(), 'postern-stats-'));
  t.after(() => rmSync(data, { recursive: true }));
  const line = emf([{ Name: 'Accepted', Unit: 'Count' }], { Accepted: 1 });
  const read = (): unknown => JSON.parse(readFileSync(join(data, 'stats.json'), 'utf8'));
  const run = (...days: string[]): void => {
    const times = days.map((day) => new Date(`${day}T12:00:00Z`));
    let at = times[0]!;
    const stats = keepStats(data, () => at);
    for (at of times) stats.read(line);
    stats.save();
  };
  run('2026-11-21');
  run('2026-11-21', '2026-11-21');
  assert.deepEqual(read(), { date: '2026-11-21', counters: { accepted: 3 } });
  run('2026-11-21', '2026-11-22');
  assert.deepEqual(read(), { date: '2026-11-22', counters: { accepted: 1 } });
  writeFileSync(join(data, 'stats.json'), '{');
  run('2026-11-22');
  assert.deepEqual(read(), { date: '2026-11-22', counters: { accepted: 1 } });
});
