import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steerOne } from '../../cli/steer.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { now, outbound, sending } from '../builders/spool.ts';

const bodies = { keepMessage: () => Promise.resolve(), restoreMessage: () => Promise.resolve() };
const order = { verb: 'hold', steering: { now, clockHours: 24 } } as const;

test('what a worker writes between reading and writing is read and decided anew', async () => {
  const { desk, stored } = deskOf(sending({ version: 2 }));
  const steered = await steerOne(bodies, desk, { ...order, delivery: outbound({ version: 1 }) });
  assert.deepEqual(
    { said: steered.said, refused: steered.refused },
    { said: 'hold takes effect when the running attempt ends', refused: false },
  );
  assert.equal(stored().want, 'hold');
});

test('what never stands still is refused', async () => {
  const desk = { one: () => Promise.resolve(outbound()), write: () => Promise.resolve(false) };
  const { refused, said } = await steerOne(bodies, desk, { ...order, delivery: outbound() });
  assert.deepEqual({ refused, said }, { refused: true, said: 'it changed meanwhile; look again' });
});

function deskOf(first: Delivery) {
  let stored = first;
  const desk = {
    one: () => Promise.resolve(stored),
    write(next: Delivery, before: Delivery) {
      if (before.version !== stored.version) return Promise.resolve(false);
      stored = { ...next, version: before.version + 1 };
      return Promise.resolve(true);
    },
  };
  return { desk, stored: () => stored };
}
