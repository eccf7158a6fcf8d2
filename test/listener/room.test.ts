import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Room, Turnstile } from '../../listener/room.ts';

const gigabyte = 1024 ** 3;
const quiet = { directory: '.', onTrouble: () => undefined };

for (const [why, disk, full] of [
  ['half a disk', { used: 0.5, free: gigabyte }, false],
  ['a small volume nearly full', { used: 0.9, free: gigabyte }, true],
  ['a large disk with plenty left', { used: 0.95, free: 50 * gigabyte }, false],
] as const)
  test(`disk: ${why}`, async () => {
    const room = new Room({ ...quiet, memory: 64 * gigabyte, disk: async () => disk });
    assert.equal(await room.isFull(), full);
  });

test('a process at 90 % of its memory is full', async () => {
  const room = new Room({
    ...quiet,
    memory: process.memoryUsage.rss(),
    disk: async () => ({ used: 0, free: 1 }),
  });
  assert.equal(await room.isFull(), true);
});

test('bodies in memory get a quarter of it together', () => {
  const room = new Room({ ...quiet, memory: 4000 });
  assert.equal(room.hold(900), true);
  assert.equal(room.hold(101), false);
  room.release(1);
  assert.equal(room.hold(101), true);
  assert.equal(room.held, 1000);
});

test('memory is ample while bodies have taken less than a quarter of theirs', () => {
  const room = new Room({ ...quiet, memory: 4000 });
  room.hold(249);
  assert.equal(room.isAmple, true);
  room.hold(1);
  assert.equal(room.isAmple, false);
});

test('a disk that cannot be looked at is told of, and does not stop mail', async () => {
  const troubles: unknown[] = [];
  const cause = new Error('no such folder');
  const room = new Room({
    directory: '.',
    memory: 64 * gigabyte,
    onTrouble: (trouble: unknown) => void troubles.push(trouble),
    disk: () => Promise.reject(cause),
  });
  assert.equal(await room.isFull(), false);
  assert.deepEqual(troubles, [cause]);
});

test('a turnstile lets so many through, in order, also when one fails', async () => {
  const turnstile = new Turnstile(1);
  const order: number[] = [];
  const work = [1, 2, 3].map((n) =>
    turnstile.through(async () => {
      order.push(n);
      await new Promise(setImmediate);
      order.push(-n);
      if (n === 1) throw new Error('first');
    }),
  );
  const outcomes = await Promise.allSettled(work);
  assert.deepEqual(order, [1, -1, 2, -2, 3, -3]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
});
