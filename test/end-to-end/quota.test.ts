/** Mail over a quota, through every real part: what waits goes in as soon as the document gives it room. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MailWorld } from '../builders/mail-world.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';

test('a quota that is raised reaches mail that waits', async (t) => {
  const gateway = await sharedGateway(t);
  const world = new MailWorld(gateway);
  const megabyte = `${'x'.repeat(998)}\r\n`.repeat(1_049);
  const dora = (quotaMB: number) => ({
    form: 'Person',
    name: 'Dora Example/Acme',
    lastName: 'Example',
    internetAddress: 'dora@acme.example',
    quotaMB,
  });
  await gateway.put(dora(1));
  const transfer = { initialRetryMinutes: 0.01 };
  await world.inForce({ form: 'Configuration', name: '*', delivery: { overQuota: 'hold' }, transfer });
  const first = await world.strangerWrites('dora@acme.example', megabyte);
  const waiting = await world.delivery(first, 'deferred');
  assert.deepEqual([waiting.reason, waiting.quotaMB], ['quota', 1]);
  assert.match(waiting.lastReply ?? '', /over its quota/);

  await gateway.put(dora(2));
  const [row] = await gateway.mail('mail/dora');
  assert.equal(row?.id, first);
  assert.equal((await world.delivery(first, 'delivered')).quotaMB, 1, 'the plan is as it was');

  await t.test('and no further than it says', async () => {
    const second = await world.strangerWrites('dora@acme.example', megabyte);
    await world.delivery(second, 'deferred');
    await gateway.put(dora(0));
    const rows = await gateway.mail('mail/dora', 2);
    assert.deepEqual(
      rows.map(({ id }) => id),
      [first, second],
    );
  });
  assert.deepEqual(gateway.calls()['deliver-to-mailbox']?.denied, []);
});
