/** Ratios inside a round, medians, and the tables that show them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Measured } from '../../bench/accept.ts';
import { figure, table } from '../../bench/table.ts';
import { judge, median, type Target } from '../../bench/targets.ts';

function measured(server: string, round: number, rate: number, cpuPerThousand = 1): Measured {
  return { what: 'accept', server, round, rate, cpuPerThousand, case: 'one', messages: 1, peakMiB: 1 };
}

const target: Target = {
  what: 'rate',
  case: 'one',
  server: 'ours',
  rate: { peer: 'theirs', times: 2 },
  cpuPerThousand: 1.5,
};

test('the median of ratios of each round, not the ratio of medians', () => {
  const results = [
    measured('ours', 0, 100),
    measured('theirs', 0, 50),
    measured('ours', 1, 30),
    measured('theirs', 1, 10),
    measured('ours', 2, 900),
    measured('theirs', 2, 900),
  ];
  assert.deepEqual(judge(target, results), [
    { what: 'rate', target: '≥ 2 × theirs', found: '2.00 ×', met: true },
    { what: 'rate', target: '≤ 1.5 CPU s per 1,000', found: '1.00', met: true },
  ]);
});

test('missed by a little is missed', () => {
  const results = [measured('ours', 0, 199, 1.51), measured('theirs', 0, 100)];
  assert.deepEqual(
    judge(target, results).map((one) => one.met),
    [false, false],
  );
});

test('a peer that was not there is not judged against', () => {
  assert.deepEqual(
    judge(target, [measured('ours', 0, 100)]).map((one) => one.target),
    ['≤ 1.5 CPU s per 1,000'],
  );
  assert.deepEqual(judge(target, []), []);
});

test('medians', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
});

test('figures keep three places', () => {
  assert.deepEqual([1234.5, 123.4, 12.34, 1.234, 0].map(figure), ['1,235', '123', '12.3', '1.23', '0.00']);
});

test('a table is Markdown, its columns aligned', () => {
  const lines = ['|     |  rate |', '| --- | ----: |', '| one | 1,000 |', '| two |     2 |'];
  assert.equal(
    table(
      ['', 'rate'],
      [
        ['one', '1,000'],
        ['two', '2'],
      ],
    ),
    lines.join('\n'),
  );
});
