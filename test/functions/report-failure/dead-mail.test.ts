/** Dead mail, tried again by itself (Configuration, `undeliverable.processDeadMail`): the recipients at home, then the report. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assertMailbox, assertNothingOwed } from '../../faults/checks.ts';
import { World } from '../../faults/world.ts';
import { outboundSettings } from '../../builders/outbound.ts';
import type { Delivery } from '../../../mail/spool/records.ts';

const refused = { outcome: 'failed', reply: '550 5.1.1 No such user', replyBy: 'smtp' } as const;
const sender = 'you@there.example';

const routing = { smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' };

function settingsOf(undeliverable: object, overQuota = 'return') {
  return outboundSettings({ undeliverable, routing, delivery: { overQuota } });
}

/** Bob's mail cannot be delivered, and nobody takes the report. */
async function dead(undeliverable: object, to = 'full@acme.example', from = sender): Promise<World> {
  const world = new World(settingsOf(undeliverable));
  world.remote = () => refused;
  await world.accept({ id: 'm1', from, recipients: [{ address: to }] });
  return world;
}

const on = { processDeadMail: true, deadMailAttempts: 3 };

function attempts(world: World, message: string): number {
  return world
    .deliveries()
    .find((one) => one.message === message)!
    .events.filter(isAttempt).length;
}
const isAttempt = ({ stage, outcome }: Delivery['events'][number]): boolean =>
  outcome === 'failed' && (stage === 'relay' || stage === 'deliver');

function stateOf(world: World, message: string): string {
  const one = world.deliveries().find((delivery) => delivery.message === message)!;
  return `${one.state} ${one.reason ?? ''}`.trim();
}

describe('rounds', () => {
  test('the recipient, then the report, so many times; then it is dropped', async () => {
    const world = await dead(on);
    await world.untilQuiet();
    assert.equal(attempts(world, 'm1'), 1 + 3, 'the mailbox, once a round');
    assert.equal(attempts(world, 'm1-r1'), 1 + 3, 'the report, once a round');
    assert.equal(stateOf(world, 'm1-r1'), 'failed dropped after 3 rounds');
    assert.equal(world.reports().length, 1, 'nobody is told of the rounds');
    assertNothingOwed(world);
  });

  test('a recipient who is not in the directory is looked for again, without a report about it', async () => {
    const world = await dead(on, 'nobody@acme.example');
    await world.untilQuiet();
    assert.equal(stateOf(world, 'm1-r1'), 'failed dropped after 3 rounds');
    assert.equal(world.reports().length, 1);
    const all = world.deliveries().filter(({ message }) => message === 'm1');
    const named = all.flatMap(({ recipients }) => recipients.map(({ outcome }) => outcome));
    assert.deepEqual(named, ['failed'], 'one recipient, in one record');
    assertNothingOwed(world);
  });

  test('a sender to whom nothing leads: rounds are counted all the same', async () => {
    const world = await dead(on);
    world.settings = outboundSettings({ undeliverable: on, delivery: { overQuota: 'return' } });
    await world.untilQuiet();
    const all = world.deliveries().filter(({ message }) => message === 'm1-r1');
    assert.deepEqual(
      all.map(({ state, reason = '' }) => `${state} ${reason}`.trim()),
      ['deleted', 'deleted', 'deleted', 'failed dropped after 3 rounds'],
    );
    assertNothingOwed(world);
  });

  test('they end on day 12, however many there are to be', async () => {
    const world = await dead({ processDeadMail: true, deadMailAttempts: 10_000 });
    await world.untilQuiet();
    const one = world.deliveries().find(({ message }) => message === 'm1-r1')!;
    assert.match(one.reason ?? '', /^dropped after \d+ rounds$/);
    assert.ok(Number(/\d+/.exec(one.reason ?? '')![0]) > 50);
    assert.ok(world.now.getTime() - Date.parse(one.acceptedAt) <= 12 * 86_400_000 + 3_600_000);
  });

  test('none: dropped at once', async () => {
    const world = await dead({ processDeadMail: true, deadMailAttempts: 0 });
    await world.untilQuiet();
    assert.equal(attempts(world, 'm1-r1'), 1);
    assert.equal(stateOf(world, 'm1-r1'), 'failed dropped after 0 rounds');
    assertNothingOwed(world);
  });

  test('switched off: it rests for a person', async () => {
    const world = await dead({});
    await world.untilQuiet();
    assert.equal(stateOf(world, 'm1-r1'), 'dead no sender');
    assertNothingOwed(world);
  });
});

/** Until the report is dead and waits for its first round. */
async function untilDead(world: World): Promise<void> {
  await world.drainQueues();
  assert.equal(stateOf(world, 'm1-r1'), 'dead no sender');
}

describe('what changes meanwhile', () => {
  test('the recipient gets it: the report is not needed any more', async () => {
    const world = await dead(on);
    await untilDead(world);
    world.settings = settingsOf(on, 'deliver');
    await world.untilQuiet();
    assertMailbox(world, 'mail/full', ['m1']);
    assert.equal(attempts(world, 'm1-r1'), 1);
    assert.match(stateOf(world, 'm1-r1'), /^failed no longer needed/);
    assertNothingOwed(world);
  });

  test('the sender can be told again', async () => {
    const world = await dead(on);
    await untilDead(world);
    world.remote = () => ({ outcome: 'relayed', reply: '250 2.0.0 Ok', replyBy: 'smtp' });
    await world.untilQuiet();
    assert.deepEqual(world.sent, [{ message: 'm1-r1', to: [sender] }]);
    assert.equal(stateOf(world, 'm1-r1'), 'delivered');
    assertNothingOwed(world);
  });

  test('the administrator switches it off: it rests', async () => {
    const world = await dead(on);
    await untilDead(world);
    world.settings = settingsOf({});
    await world.untilQuiet();
    assert.equal(stateOf(world, 'm1-r1'), 'dead no sender');
    assert.ok(world.aws.objects.has('kept/m1-r1'));
    assertNothingOwed(world);
  });
});

describe('mail from <> that is no report', () => {
  test('is tried again at home', async () => {
    const world = await dead(on, 'full@acme.example', '');
    await world.drainQueues();
    world.settings = settingsOf(on, 'deliver');
    await world.untilQuiet();
    assertMailbox(world, 'mail/full', ['m1']);
    assertNothingOwed(world);
  });

  test('but not elsewhere: its rounds pass', async () => {
    const world = await dead(on, 'carl@there.example', '');
    await world.untilQuiet();
    assert.equal(attempts(world, 'm1'), 1);
    assert.equal(stateOf(world, 'm1'), 'failed dropped after 3 rounds');
    assertNothingOwed(world);
  });
});
