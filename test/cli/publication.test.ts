/** What publishing says of documents just written, over a table that changes between looks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SourceItem } from '../../aws/directory-table.ts';
import { awaitPublication } from '../../cli/publication.ts';
import { idOf, type SourceKey } from '../../mail/directory/kept.ts';

const server: SourceKey = { form: 'Server', name: 'Mail1/Acme' };
const noPostmaster = { problems: ['postmaster: no person is named "Ann/Acme"'] };
const published = { publishedAt: '2026-11-22T07:17:06.983Z' };

/** Gives each look its own answer, the last one from then on. */
function tableOf(...looks: readonly SourceItem['marks'][]) {
  let look = 0;
  const read = (keys: readonly SourceKey[]): Promise<Map<string, SourceItem>> => {
    const marks = looks[Math.min(look++, looks.length - 1)]!;
    return Promise.resolve(
      new Map(keys.map((key) => [idOf(key), { ...key, content: {}, hash: '', room: 0, raw: {}, marks }])),
    );
  };
  return { table: { read } };
}

test('a document judged before the one it names is looked at again', async () => {
  const { problems, unjudged } = await awaitPublication(tableOf({}, noPostmaster, published), [server]);
  assert.deepEqual([...problems.values(), unjudged.size], [[], 0]);
});

test('a problem that lasts is told', async () => {
  const { problems } = await awaitPublication(tableOf(noPostmaster), [server], { secondLookMs: 1 });
  assert.deepEqual([...problems.values()], [noPostmaster.problems]);
});
