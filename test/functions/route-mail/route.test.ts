/** One `route` message: planned once, whatever dies when; followed again; released, put off and given up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { giveUp, route } from '../../../functions/route-mail/route.ts';
import type { RouteWork } from '../../../mail/spool/doors.ts';
import { later, minute } from '../../../mail/spool/keys.ts';
import { steer } from '../../../mail/spool/steer.ts';
import { now } from '../../builders/spool.ts';
import { people, routerWorld, shortly, type RouterWorld } from '../../mail/router/world.ts';
import { Crash, RouteWorld } from './doors.ts';

const relay = { configuration: { routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example' } } };
const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) });
const mixed: RouterWorld = {
  ...relay,
  people: [
    ...people,
    { name: 'Ann', internetAddress: 'ann@acme.example', forwardingAddress: 'a@there.example' },
  ],
  envelope: { from: 'x@far.example', ...to('alice@acme.example', 'ann@acme.example', 'ghost@acme.example') },
};
const members = Array.from({ length: 95 }, (_, n) => ({
  name: `P${n}`,
  internetAddress: `p${n}@acme.example`,
}));
const large: RouterWorld = {
  people: members,
  groups: [{ name: 'All', internetAddress: 'all@acme.example', members: members.map(({ name }) => name) }],
  envelope: to('all@acme.example'),
};

function workOf(given: RouterWorld): RouteWork {
  const { envelope } = routerWorld(given);
  return { id: envelope.id, envelope };
}

/** Until it is done, as the queue would: the same message again after each crash. */
async function carriedOut(
  world: RouteWorld,
  work: RouteWork,
  crashes: readonly string[] = [],
): Promise<void> {
  for (const step of crashes) {
    world.crashBefore = step;
    await assert.rejects(route(work, world.doors), Crash);
  }
  world.crashBefore = undefined;
  await route(work, world.doors);
}

const lines = (world: RouteWorld) => world.ofMessage('m1').map(shortly);

describe('a message', () => {
  const expected = [
    'd#0000 route local failed: ghost@acme.example',
    'd#0001 mailbox mail/alice pending: alice@acme.example',
    'd#0002 smtp relay.example pending: a@there.example',
  ];

  test('is planned, traced, and everybody is told', async () => {
    const world = new RouteWorld(mixed);
    await route(workOf(mixed), world.doors);
    assert.deepEqual(lines(world), expected);
    assert.deepEqual(world.steps, ['plan', 'trace', 'deliver', 'hop', 'report']);
    assert.deepEqual(world.told, ['deliver d#0001', 'hop smtp#relay.example', 'report m1']);
  });

  for (const step of ['plan', 'trace', 'deliver', 'hop', 'report'])
    test(`whose worker dies before "${step}" has one plan and is told in the end`, async () => {
      const world = new RouteWorld(mixed);
      await carriedOut(world, workOf(mixed), [step]);
      assert.deepEqual(lines(world), expected);
      for (const word of ['deliver d#0001', 'hop smtp#relay.example', 'report m1'])
        assert.ok(world.told.includes(word));
    });

  test('that comes again follows its plan, whatever the documents say now', async () => {
    const world = new RouteWorld(mixed);
    await route(workOf(mixed), world.doors);
    world.given = { ...mixed, people: [], configuration: {} };
    await route(workOf(mixed), world.doors);
    assert.deepEqual(lines(world), expected);
    assert.equal(world.steps.filter((step) => step === 'plan').length, 1);
  });

  test('that somebody else planned meanwhile is followed', async () => {
    const world = new RouteWorld(mixed);
    world.race = async () => {
      const faster = new RouteWorld(mixed);
      await route(workOf(mixed), faster.doors);
      for (const [id, message] of faster.messages) world.messages.set(id, message);
      for (const record of faster.records.values()) world.put({ ...record, version: 7 });
    };
    await route(workOf(mixed), world.doors);
    assert.deepEqual(
      world.ofMessage('m1').map(({ version }) => version),
      [7, 7, 7],
    );
    assert.deepEqual(world.told, ['deliver d#0001', 'hop smtp#relay.example', 'report m1']);
  });

  test('whose envelope is in S3 is read from there', async () => {
    const world = new RouteWorld(mixed);
    world.objects.set('envelopes/m1', workOf(mixed).envelope);
    await route({ id: 'm1', envelopeKey: 'envelopes/m1' }, world.doors);
    assert.deepEqual(lines(world), expected);
  });

  test('without any envelope is an error, so that it is not forgotten', async () => {
    await assert.rejects(
      route({ id: 'm1' }, new RouteWorld(mixed).doors),
      /route message of m1 carries no envelope/,
    );
  });

  test('whose body is missing is routed all the same: who delivers it finds out', async () => {
    const given = {
      ...mixed,
      envelope: { ...mixed.envelope, origin: 'report' as const, bodyKey: 'missing' },
    };
    const world = new RouteWorld({
      ...given,
      configuration: {
        ...relay.configuration,
        dkimSigning: [{ domain: 'acme.example', selector: 's', secret: 'k' }],
      },
    });
    await route(workOf(given), world.doors);
    assert.equal(world.ofMessage('m1').length, 3);
  });

  test('of low priority is told to nobody before its hours', async () => {
    const given = { ...mixed, envelope: { ...mixed.envelope, header: { priority: 'low' as const } } };
    const world = new RouteWorld(given);
    await route(workOf(given), world.doors);
    assert.deepEqual(world.told, ['deliver d#0001', 'report m1']);
  });
});

describe('a large plan', () => {
  test('stands in S3 before it is written', async () => {
    const world = new RouteWorld(large);
    await route(workOf(large), world.doors);
    assert.deepEqual(world.steps.slice(0, 3), ['object', 'plan', 'put d#0000']);
    assert.equal(world.ofMessage('m1').length, 96);
    assert.equal(world.messages.get('m1')?.phase, 'routed');
    assert.equal(world.told.length, 95);
  });

  for (const step of ['object', 'plan', 'put d#0000', 'put d#0050', 'routed', 'trace', 'deliver'])
    test(`that dies before "${step}" is the same plan in the end`, async () => {
      const world = new RouteWorld(large);
      world.crashBefore = step;
      await assert.rejects(route(workOf(large), world.doors), Crash);
      const planned = world.messages.has('m1');
      world.given = planned ? { ...large, people: [] } : large;
      await carriedOut(world, workOf(large));
      assert.equal(world.ofMessage('m1').length, 96);
      assert.deepEqual(
        world.ofMessage('m1').map(({ state }) => state),
        ['delivered', ...Array.from({ length: 95 }, () => 'pending')],
      );
      assert.equal(new Set(world.told).size, 95);
    });
});

describe('what waits before routing', () => {
  const rules = [{ rule: 'look', document: 'Configuration *', action: 'hold' as const }];
  const held: RouterWorld = { envelope: { ...to('alice@acme.example'), rules } };
  const off: RouterWorld = { server: { smtpRouting: false }, envelope: to('alice@acme.example') };
  const routed = ['d#0001 mailbox mail/alice pending: alice@acme.example'];
  const released = (world: RouteWorld): void => {
    for (const record of world.ofMessage('m1')) {
      const steered = steer(record, 'release', { now, clockHours: 24 });
      if ('next' in steered) world.put(steered.next);
    }
  };

  test('is held with its body kept, and stays so when it comes again', async () => {
    const world = new RouteWorld(held);
    await route(workOf(held), world.doors);
    await route(workOf(held), world.doors);
    assert.deepEqual(lines(world), ['d#0000 route local held: alice@acme.example']);
    assert.deepEqual(world.kept, ['m1']);
    assert.deepEqual(world.told, []);
  });

  test('is routed once it is released, its rules already run', async () => {
    const world = new RouteWorld(held);
    await route(workOf(held), world.doors);
    released(world);
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world), routed);
    assert.deepEqual(world.told, ['deliver d#0001']);
    assert.deepEqual(
      world.ofMessage('m1')[0]?.events.map(({ stage, outcome }) => `${stage} ${outcome}`),
      ['route held', 'steer release', 'route to mail/alice'],
    );
  });

  test('is not routed where it was held again meanwhile', async () => {
    const world = new RouteWorld(held);
    await route(workOf(held), world.doors);
    const [before] = world.ofMessage('m1');
    released(world);
    world.race = () => Promise.resolve(world.put(before!));
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world), ['d#0000 route local held: alice@acme.example']);
  });

  test('waits while routing is off, and goes when it is on', async () => {
    const world = new RouteWorld(off);
    await route(workOf(off), world.doors);
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world), ['d#0000 route local pending: alice@acme.example']);
    world.given = { ...off, server: {} };
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world), routed);
  });
});

describe('what routing itself held or let fail, released', () => {
  const ann = { name: 'Ann', internetAddress: 'ann@acme.example' };
  const nobody: RouterWorld = { envelope: { from: '', ...to('ann@acme.example', 'alice@acme.example') } };
  const nowThere = { ...nobody, people: [...people, ann] };

  async function dead(): Promise<RouteWorld> {
    const world = new RouteWorld(nobody);
    await route(workOf(nobody), world.doors);
    assert.deepEqual(lines(world), [
      'd#0000 route local dead: ann@acme.example',
      'd#0001 mailbox mail/alice pending: alice@acme.example',
    ]);
    const steered = steer(world.ofMessage('m1')[0]!, 'retry', { now, clockHours: 24 });
    assert.ok('next' in steered);
    world.put(steered.next);
    world.given = nowThere;
    world.told.length = 0;
    return world;
  }
  const expected = [
    'd#0000 route local deleted: ',
    'd#0001 mailbox mail/alice pending: alice@acme.example',
    'd#1000000 mailbox mail/ann pending: ann@acme.example',
  ];

  test('is routed again for those who wait, and for nobody else', async () => {
    const world = await dead();
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world), expected);
    assert.equal(world.ofMessage('m1')[0]?.wake, undefined);
    assert.ok(world.told.includes('deliver d#1000000'));
  });

  for (const step of ['object', 'claim', 'settle', 'read object', 'put d#1000000', 'routed', 'deliver'])
    test(`has one plan, though its worker dies before "${step}"`, async () => {
      const world = await dead();
      world.crashBefore = step;
      await assert.rejects(route({ id: 'm1' }, world.doors), Crash);
      world.crashBefore = undefined;
      world.now = new Date(later(now, 3 * minute));
      for (const record of world.ofMessage('m1'))
        if (record.state === 'sending') world.put({ ...record, state: 'pending' });
      await route({ id: 'm1' }, world.doors);
      assert.deepEqual(lines(world), expected);
    });

  test('waits where there is still nobody, and holds no others up', async () => {
    const given: RouterWorld = { envelope: to('postmaster', 'alice@acme.example') };
    const world = new RouteWorld(given);
    await route(workOf(given), world.doors);
    assert.deepEqual(lines(world), [
      'd#0000 route local held: postmaster',
      'd#0001 mailbox mail/alice pending: alice@acme.example',
    ]);
    assert.deepEqual(world.kept, ['m1']);
    const steered = steer(world.ofMessage('m1')[0]!, 'release', { now, clockHours: 24 });
    world.put('next' in steered ? steered.next : world.ofMessage('m1')[0]!);
    await route({ id: 'm1' }, world.doors);
    assert.deepEqual(lines(world).at(-1), 'd#1000000 route local held: postmaster');
    world.given = { ...given, server: { postmaster: 'Bob Example/Acme' } };
    const again = steer(world.ofMessage('m1').at(-1)!, 'release', { now, clockHours: 24 });
    world.put('next' in again ? again.next : world.ofMessage('m1')[0]!);
    await route({ id: 'm1' }, world.doors);
    assert.ok(lines(world).some((line) => line.endsWith('mailbox mail/bob pending: postmaster')));
  });

  test('is numbered so that people and DynamoDB can name it, however often it is released', async () => {
    const given: RouterWorld = { envelope: to('postmaster') };
    const world = new RouteWorld(given);
    await route(workOf(given), world.doors);
    for (let n = 0; n < 6; n++) {
      const last = world.ofMessage('m1').find(({ state }) => state === 'held')!;
      const steered = steer(last, 'release', { now, clockHours: 24 });
      assert.ok('next' in steered);
      world.put(steered.next);
      await route({ id: 'm1' }, world.doors);
    }
    const parts = world.ofMessage('m1').map(({ part }) => part);
    assert.equal(new Set(parts).size, 7);
    for (const part of parts) assert.ok(Number.isSafeInteger(Number(part.slice(2))), part);
  });
});

describe('given up', () => {
  test('it is kept as stuck, for a person to look at', async () => {
    const world = new RouteWorld(mixed);
    assert.equal(await giveUp(workOf(mixed), world.doors, 'stuck'), true);
    assert.equal(world.messages.get('m1')?.phase, 'stuck');
    assert.deepEqual(lines(world), [
      'd#0000 route local held: alice@acme.example ann@acme.example ghost@acme.example',
    ]);
    assert.deepEqual(world.kept, ['m1']);
    assert.equal(
      await giveUp(workOf(mixed), world.doors, 'stuck'),
      true,
      'whoever died before saying so says it',
    );
  });

  test('a message that has a plan is not', async () => {
    const world = new RouteWorld(mixed);
    await route(workOf(mixed), world.doors);
    assert.equal(await giveUp({ id: 'm1' }, world.doors, 'stuck'), false, 'nobody is alarmed');
    assert.equal(world.messages.get('m1')?.phase, 'routed');
  });
});
