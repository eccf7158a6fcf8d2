/** Keys asked in one turn are one call; every asker gets its answer, or the failure. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BatchGetItemCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { coalescedGet } from '../../aws/coalesced-get.ts';

function table(items: readonly string[], failure?: Error) {
  const calls: number[] = [];
  const send = async ({ input }: BatchGetItemCommand) => {
    if (failure !== undefined) throw failure;
    const keys = input.RequestItems!['views']!.Keys!;
    calls.push(keys.length);
    return { Responses: { views: keys.filter((key) => items.includes(key['key']!.S!)) } };
  };
  return {
    calls,
    get: coalescedGet({ client: { send } as unknown as DynamoDBClient, table: 'views' }, 1_000),
  };
}

const key = (name: string) => ({ key: name, sort: '-' });

test('what is asked together is read together, each key once', async () => {
  const { calls, get } = table(['a', 'b']);
  const found = await Promise.all(['a', 'b', 'c', 'a'].map((name) => get(key(name))));
  assert.deepEqual(
    found.map((item) => item?.['key']?.S),
    ['a', 'b', undefined, 'a'],
  );
  assert.deepEqual(calls, [3]);
  await get(key('b'));
  assert.deepEqual(calls, [3, 1]);
});

test('a hundred keys are a call', async () => {
  const { calls, get } = table(['k249']);
  const found = await Promise.all(Array.from({ length: 250 }, (_, n) => get(key(`k${n}`))));
  assert.deepEqual(calls, [100, 100, 50]);
  assert.equal(found.filter(Boolean).length, 1);
});

test('a failure reaches everybody who asked', async () => {
  const { get } = table([], new Error('away'));
  const asked = await Promise.allSettled([get(key('a')), get(key('b'))]);
  assert.deepEqual(
    asked.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
});
