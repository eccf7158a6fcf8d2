/** The table of crash points of the spool, a test for each: where a process dies, and what brings the work back. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { minute } from '../../mail/spool/keys.ts';
import { outboundSettings } from '../builders/outbound.ts';
import {
  assertMailbox,
  assertNothingOwed,
  assertOutcomes,
  assertReported,
  copiesTo,
  reportIds,
} from './checks.ts';
import type { WayToFail } from './faults.ts';
import { World } from './world.ts';
import type { Component } from './work.ts';

const settings = outboundSettings({
  routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' },
});
const refused = { outcome: 'failed', reply: '550 5.1.1 No', replyBy: 'smtp' } as const;

const mailIn = { id: 'one' };
const mailOut = { id: 'one', from: 'bob@acme.example', recipients: [{ address: 'anna@there.example' }] };

/** The run in which the nth call of a component with this command goes wrong. */
async function world(
  envelope: typeof mailIn | typeof mailOut,
  at: { component: Component | 'listener'; command: string; nth?: number; way: WayToFail },
  remote?: World['remote'],
): Promise<{ world: World; accepted: boolean }> {
  const run = async (fault?: { at: number; way: WayToFail }) => {
    const made = new World(settings, fault);
    if (remote !== undefined) made.remote = remote;
    const accepted = await made.accept(envelope);
    await made.untilQuiet();
    return { world: made, accepted };
  };
  const { world: well } = await run();
  const places = well.faults.calls.flatMap(({ component, command }, n) =>
    component === at.component && command === `${at.command}Command` ? [n + 1] : [],
  );
  const place = places.at((at.nth ?? 1) - 1);
  assert.ok(place !== undefined, `${at.component} makes ${at.nth ?? 1} ${at.command}`);
  return run({ at: place, way: at.way });
}

function settled(made: World): void {
  assertNothingOwed(made);
  assertOutcomes(made, 'one', { 'alice@acme.example': 'delivered' });
  assertMailbox(made, 'mail/alice', ['one']);
}

describe('dies between', () => {
  test('S3 put and SQS send: no 250 was given, and nothing is routed', async () => {
    const at = { component: 'listener', command: 'PutObject', way: 'killed after' } as const;
    const { world: made, accepted } = await world(mailIn, at);
    assert.equal(accepted, false);
    assert.deepEqual([made.messages(), made.mailbox('mail/alice')], [[], []]);
  });

  test('SQS send and 250: kept', async () => {
    const at = { component: 'listener', command: 'SendMessage', way: 'killed after' } as const;
    const { world: made, accepted } = await world(mailIn, at);
    assert.equal(accepted, false);
    settled(made);
  });

  test('the decision and the plan: the route message comes again', async () => {
    const at = { component: 'route', command: 'TransactWriteItems', way: 'killed before' } as const;
    settled((await world(mailIn, at)).world);
  });

  test('plan and pointers: the route message comes again, or wakeAt brings them', async () => {
    const at = { component: 'route', command: 'TransactWriteItems', way: 'killed after' } as const;
    const { world: made } = await world(mailIn, at);
    settled(made);
    const lost = new World(settings);
    await lost.accept(mailIn);
    await lost.drainQueues('route');
    lost.lose('deliver');
    const before = lost.now.getTime();
    await lost.untilQuiet();
    settled(lost);
    assert.ok(lost.now.getTime() - before <= 3 * minute);
  });

  test('claim and outcome: the lease ends', async () => {
    const at = { component: 'deliver', command: 'UpdateItem', way: 'killed after' } as const;
    settled((await world(mailIn, at)).world);
  });

  test('deposit and settle: the row is found, and not written twice', async () => {
    const at = { component: 'deliver', command: 'PutItem', way: 'killed before' } as const;
    const { world: made } = await world(mailIn, at);
    settled(made);
    assert.equal(made.mailbox('mail/alice')[0]?.uid, 1);
  });

  test('remote 250 and settle: sent again, the only outbound window', async () => {
    // The slot is a PutItem too.
    const at = { component: 'relay', command: 'PutItem', nth: 2, way: 'killed before' } as const;
    const { world: made } = await world(mailOut, at);
    assertNothingOwed(made);
    assertOutcomes(made, 'one', { 'anna@there.example': 'relayed' });
    assert.equal(copiesTo(made, 'anna@there.example'), 2);
  });

  for (const way of ['refused', 'throttled', 'answer lost', 'asked again', 'killed after'] as const)
    test(`a settle that is ${way} does not send again`, async () => {
      const { world: made } = await world(mailOut, { component: 'relay', command: 'PutItem', nth: 2, way });
      assertNothingOwed(made);
      assert.equal(copiesTo(made, 'anna@there.example'), 1);
    });

  test('settle and report: the debt wakes', async () => {
    const at = { component: 'relay', command: 'SendMessage', way: 'killed before' } as const;
    reported((await world(mailOut, at, () => refused)).world);
  });

  const steps = [
    ['the report record and its body', 'TransactWriteItems', 'killed after'],
    ['the body and the route message', 'PutObject', 'killed after'],
    ['the route message and the end of the record', 'SendMessage', 'killed after'],
    ['the end of the record and the acknowledgement', 'UpdateItem', 'killed after'],
  ] as const;
  for (const [between, command, way] of steps)
    test(`two steps of a report, ${between}: one report message`, async () =>
      reported((await world(mailOut, { component: 'report', command, way }, () => refused)).world));

  test('sweep and send: wakes again in 15 minutes', async () => {
    const made = new World(settings);
    await made.accept(mailIn);
    await made.drainQueues('route');
    made.lose('deliver');
    made.now = new Date(made.now.getTime() + 3 * minute);
    await made.invoke('sweep', '{}');
    assert.equal(made.queued('deliver').length, 1);
    made.lose('deliver');
    const before = made.now.getTime();
    await made.untilQuiet();
    settled(made);
    assert.ok(made.now.getTime() - before <= 16 * minute);
  });
});

function reported(made: World): void {
  assertNothingOwed(made);
  assertReported(made, 'one', { 'anna@there.example': 'failed' });
  assert.equal(reportIds(made, 'one').length, 1);
  assertMailbox(made, 'mail/bob', ['one-r1']);
}
