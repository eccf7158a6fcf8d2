/** The conditions that the runs in memory rest on, held by the embedded DynamoDB as well. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awsDue } from '../../aws/due.ts';
import { awsSpoolDesk } from '../../aws/spool-desk.ts';
import { wakeAfterRestart } from '../../aws/spool-restart.ts';
import { awsSpool } from '../../aws/spool.ts';
import type { Plan, Spool } from '../../mail/spool/doors.ts';
import { deliveryPart, later, minute } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { steer, type Steering } from '../../mail/spool/steer.ts';
import { waitingBeforeRouting } from '../../mail/spool/waiting.ts';
import { delivery, envelope, messageRecord, now } from '../builders/spool.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

let services: TestServices;
let table: { client: TestServices['dynamodb']; table: string };
let spool: Spool;
before(async () => {
  services = await startTestServices();
  table = { client: services.dynamodb, table: services.spool };
  const rest = { keepMessage: () => Promise.resolve(), onFault: () => undefined };
  spool = awsSpool({ ...table, clock: () => now, ...rest });
});
after(() => services.stop());

async function steered(one: Delivery, verb: Steering): Promise<boolean> {
  const answer = steer(one, verb, { now, clockHours: 24 });
  assert.ok('next' in answer);
  return awsSpoolDesk(table).write(answer.next, one);
}

async function waits(id: string): Promise<Delivery> {
  const facts = {
    phase: 'unrouted',
    state: 'pending',
    reason: 'smtpRouting',
    now,
    timeoutHours: 24,
  } as const;
  const plan = waitingBeforeRouting(envelope({ id }), facts);
  assert.equal(await spool.plan(plan), true);
  return plan.deliveries[0]!;
}

function planOf(id: string, count: number, waited: boolean): Plan {
  const deliveries = Array.from({ length: count }, (_, n) =>
    delivery({ message: id, part: deliveryPart(n + 1) }),
  );
  return { message: messageRecord({ message: id, planKey: `plans/${id}` }), deliveries, waited };
}

describe('a message that waited before routing', () => {
  for (const count of [1, 95]) {
    test(`is planned to ${count}, and its record goes`, async () => {
      const id = `w${count}`;
      await waits(id);
      assert.equal(await spool.plan(planOf(id, count, true)), true);
      const parts = (await spool.deliveries(id)).map(({ part }) => part);
      assert.deepEqual([parts.length, parts.includes('d#0000')], [count, false]);
      assert.equal((await spool.message(id))?.phase, 'routed');
    });

    for (const verb of ['hold', 'delete'] as const)
      test(`and was ${verb === 'hold' ? 'held' : 'deleted'} meanwhile is not planned to ${count}`, async () => {
        const id = `${verb}${count}`;
        assert.equal(await steered(await waits(id), verb), true);
        assert.equal(await spool.plan(planOf(id, count, true)), false);
        assert.equal((await spool.deliveries(id)).length, 1);
      });
  }

  test('is not planned by who thought it new', async () => {
    await waits('new');
    assert.equal(await spool.plan(planOf('new', 1, false)), false);
  });
});

test('a sweep does not write over a wish that came after it looked', async () => {
  await spool.plan({ message: messageRecord({ message: 's1' }), deliveries: [delivery({ message: 's1' })] });
  const claimed = await spool.claim({ message: 's1', part: 'd#0001' }, later(now, minute));
  assert.ok(claimed?.wakeAt);
  const seen = { message: 's1', part: 'd#0001', wakeAt: claimed.wakeAt };
  assert.equal(await steered(claimed, 'delete'), true);
  const next: Delivery = { ...claimed, state: 'pending', version: claimed.version + 1 };
  assert.equal(await awsDue(table).replace(seen, next), false);
});

test('a restart leaves a wish for the sweep to carry out', async () => {
  await spool.plan({ message: messageRecord({ message: 's2' }), deliveries: [delivery({ message: 's2' })] });
  const claimed = await spool.claim({ message: 's2', part: 'd#0001' }, later(now, minute));
  assert.ok(claimed);
  await steered(claimed, 'hold');
  await wakeAfterRestart({ client: services.dynamodb, spoolTable: services.spool });
  const [one] = await spool.deliveries('s2');
  assert.deepEqual([one?.state, one?.want, one?.lease], ['pending', 'hold', undefined]);
});

test('five claims and a wish: the sweep carries the wish out, nobody holds it as a fault', async () => {
  const one = delivery({
    message: 's3',
    state: 'sending',
    claims: 5,
    want: 'delete',
    leaseUntil: '2026-11-21T11:59:30.000Z',
  });
  await spool.plan({ message: messageRecord({ message: 's3' }), deliveries: [one] });
  assert.equal(await spool.claim(one, later(now, minute)), undefined);
  assert.equal((await spool.deliveries('s3'))[0]?.state, 'sending');
});
