/** SQS delivers at least once: the same work twice at once, in every order of their calls that is tried, and late. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { Settings } from '../../mail/directory/settings.ts';
import type { RouteWork } from '../../mail/spool/doors.ts';
import { awsSpoolDesk } from '../../aws/spool-desk.ts';
import { steer } from '../../mail/spool/steer.ts';
import { outboundSettings } from '../builders/outbound.ts';
import { assertMailbox, assertNothingOwed, assertOutcomes } from './checks.ts';
import { process, type Process } from './faults.ts';
import { World } from './world.ts';

const settings = outboundSettings();

function people(count: number): { address: string }[] {
  return Array.from({ length: count }, (_, n) => ({ address: `p${n}@acme.example` }));
}

async function accepted(count: number, id = 'one'): Promise<{ world: World; work: string }> {
  const world = new World(settings);
  await world.accept({ id, recipients: people(count) });
  return { world, work: world.queued('route')[0]! };
}

function delivered(count: number): Record<string, string> {
  return Object.fromEntries(people(count).map(({ address }) => [address, 'delivered']));
}

describe('the same route message', () => {
  test('twice at once, in any order of calls: one plan, one copy each', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, work } = await accepted(2);
        world.faults.turn = () => scheduler.schedule(Promise.resolve());
        const twice = Promise.all([world.invoke('route', work), world.invoke('route', work)]);
        await scheduler.waitFor(twice);
        world.faults.turn = () => Promise.resolve();
        await world.untilQuiet();
        assertNothingOwed(world);
        assertOutcomes(world, 'one', delivered(2));
        for (const n of [0, 1]) assertMailbox(world, `mail/p${n}`, ['one']);
      }),
      { numRuns: 60 },
    );
  });

  test('of more deliveries than one transaction takes, the documents changed between: one plan, whole', async () => {
    const elsewhere: Settings = outboundSettings({
      routing: { smartHostForAllLocalRecipients: true, localDomainSmartHost: 'smart.example' },
    });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const { world, work } = await accepted(95);
        world.faults.turn = () => scheduler.schedule(Promise.resolve());
        const first = world.invoke('route', work);
        world.settings = elsewhere;
        await scheduler.waitFor(Promise.all([first, world.invoke('route', work)]));
        world.settings = settings;
        world.faults.turn = () => Promise.resolve();
        await world.drainQueues('route');
        const transports = new Set(world.deliveries().map(({ transport }) => transport));
        assert.equal(transports.size, 1, 'no half of either plan');
        const recipients = world
          .deliveries()
          .flatMap((one) => one.recipients.map(({ original }) => original));
        assert.deepEqual(recipients.toSorted(), Object.keys(delivered(95)).toSorted());
        assert.equal(world.messages()[0]?.phase, 'routed');
      }),
      { numRuns: 5 },
    );
  });

  test('late, when all is delivered: nothing happens again', async () => {
    const { world, work } = await accepted(1);
    await world.untilQuiet();
    const before = JSON.stringify(world.deliveries());
    await world.invoke('route', work);
    await world.untilQuiet();
    assert.equal(JSON.stringify(world.deliveries()), before);
    assertMailbox(world, 'mail/p0', ['one']);
  });
});

test('a large plan whose writer dies at any call is followed to its end', async () => {
  const { world: well, work: first } = await accepted(92);
  const before = well.faults.calls.length;
  await well.invoke('route', first);
  for (let at = before + 1; at <= well.faults.calls.length; at++) {
    const world = new World(settings, { at, way: 'killed after' });
    await world.accept({ id: 'one', recipients: people(92) });
    await world.invoke('route', world.queued('route')[0]!);
    await world.invoke('route', world.queued('route')[0]!);
    const originals = world.deliveries().flatMap((one) => one.recipients.map(({ original }) => original));
    assert.deepEqual(originals.toSorted(), Object.keys(delivered(92)).toSorted(), `call ${at}`);
    assert.equal(world.messages()[0]?.phase, 'routed', `call ${at}`);
    assert.ok(new Set(world.queued('deliver')).size === 92 || at === well.faults.calls.length, `call ${at}`);
  }
});

test('switched off and on again: what waited is planned once, and its record goes with the plan', async () => {
  const off = outboundSettings({}, { smtpRouting: false });
  const { world, work } = await accepted(1);
  world.settings = off;
  await world.drainQueues('route');
  assert.deepEqual(
    world.deliveries().map(({ part, state, reason }) => [part, state, reason]),
    [['d#0000', 'pending', 'smtpRouting']],
  );
  world.settings = settings;
  const again = JSON.stringify({ id: (JSON.parse(work) as RouteWork).id });
  await Promise.all([world.invoke('route', work), world.invoke('route', again)]);
  await world.untilQuiet();
  assertNothingOwed(world);
  assert.deepEqual(
    world.deliveries().map(({ part, state }) => [part, state]),
    [['d#0001', 'delivered']],
  );
  assertMailbox(world, 'mail/p0', ['one']);
});

test('a writer of a large plan dies, another had stored its own: the plan that was begun is followed', async () => {
  const { world, work } = await accepted(95);
  const stored = Promise.withResolvers<void>();
  const owners = new Set<Process>();
  let begun = 0;
  world.faults.turn = async (owner, command) => {
    owners.add(owner);
    const [first] = owners;
    if (command !== 'TransactWriteItemsCommand') return;
    // Both have stored a plan before either writes m; the first dies after some of its records.
    if (owner === first) await stored.promise;
    else stored.resolve();
    if (owner === first) begun += 1;
    if (begun === 3) await setImmediate();
    if (owner !== first || begun === 3) owner.kill();
  };
  const one = world.invoke('route', work);
  world.settings = outboundSettings({ transfer: { timeoutHours: 48 } });
  await Promise.all([one, world.invoke('route', work)]);
  world.faults.turn = () => Promise.resolve();
  assert.equal(world.messages()[0]?.phase, 'planned');
  assert.ok(world.deliveries().length > 0, 'some records are written');
  await world.invoke('route', work);
  assert.equal(new Set(world.deliveries().map(({ expireAt }) => expireAt)).size, 1, 'no half of either plan');
  assert.equal(world.deliveries().length, 95);
});

test('what waits and is deleted while it is planned: deleted, or delivered, never both', async () => {
  const ends = new Set<string>();
  // The sweep's message: the listener's own takes more calls, and is too seldom first.
  const woken = JSON.stringify({ id: 'one' });
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      const { world } = await accepted(1);
      world.settings = outboundSettings({}, { smtpRouting: false });
      await world.drainQueues('route');
      world.settings = settings;
      world.faults.turn = () => scheduler.schedule(Promise.resolve());
      const [, deleted] = await scheduler.waitFor(
        Promise.all([world.invoke('route', woken), deletes(world)]),
      );
      world.faults.turn = () => Promise.resolve();
      await world.untilQuiet();
      assert.deepEqual(world.waking(), []);
      ends.add(String(deleted));
      assert.equal(world.mailbox('mail/p0').length, deleted ? 0 : 1);
    }),
    { numRuns: 60 },
  );
  assert.deepEqual([...ends].toSorted(), ['false', 'true'], 'both orders were tried');
});

async function deletes(world: World): Promise<boolean> {
  const client = world.faults.client<Parameters<typeof awsSpoolDesk>[0]['client']>(process('administrator'));
  const desk = awsSpoolDesk({ client, table: 'spool' });
  const before = await desk.one({ message: 'one', part: 'd#0000' });
  const answer = before && steer(before, 'delete', { now: world.now, clockHours: 24 });
  return answer !== undefined && 'next' in answer && desk.write(answer.next, before!);
}
