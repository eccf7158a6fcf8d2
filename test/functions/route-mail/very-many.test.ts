/**
 * An envelope that no item of the spool could hold: it is planned, held, stuck, steered and reported like any other,
 * with its recipients in as many records as they take.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { largestItem, itemSize } from '../../../aws/item-size.ts';
import { toItem } from '../../../aws/items.ts';
import { giveUp, route } from '../../../functions/route-mail/route.ts';
import type { RouteWork } from '../../../mail/spool/doors.ts';
import { later, minute } from '../../../mail/spool/keys.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { gatherReport } from '../../../mail/spool/report.ts';
import { steer } from '../../../mail/spool/steer.ts';
import { recipientsOf } from '../../../mail/spool/story.ts';
import { now } from '../../builders/spool.ts';
import { routerWorld, type RouterWorld } from '../../mail/router/world.ts';
import { Crash, RouteWorld } from './doors.ts';

const count = 5000;
const addresses = Array.from({ length: count }, (_, n) => `recipient.number.${n}.of.many@acme.example`);
const envelope = {
  recipients: addresses.map((address) => ({ address, notify: 'FAILURE,DELAY', orcpt: `rfc822;${address}` })),
};
/** Whom no document names goes to the smart host. */
const all = { configuration: { routing: { localDomainSmartHost: 'smart.example' } } };
const rule = { rule: 'wait', document: 'Configuration *', action: 'hold' } as const;
const held: RouterWorld = { ...all, envelope: { ...envelope, rules: [rule] } };
const off: RouterWorld = { ...all, server: { smtpRouting: false }, envelope };
const plain: RouterWorld = { ...all, envelope };

function workOf(given: RouterWorld): RouteWork {
  const { id, ...rest } = routerWorld(given).envelope;
  return { id, envelope: { id, ...rest } };
}

/** The rows as `postern spool` would change them. */
function steerAll(
  world: RouteWorld,
  verb: 'release' | 'delete-report',
  some: (one: Delivery, n: number) => boolean = () => true,
) {
  for (const one of world.ofMessage('m1').filter(some)) {
    const steered = steer(one, verb, { now, clockHours: 24 });
    assert.ok('next' in steered, one.part);
    world.put(steered.next);
  }
}

function assertAllFit(world: RouteWorld): void {
  for (const item of [...world.messages.values(), ...world.records.values()])
    assert.ok(itemSize(toItem(item)) < largestItem, `${item.part} fits an item`);
}

const waitingFor = (world: RouteWorld, where: (one: Delivery) => boolean): string[] =>
  world
    .ofMessage('m1')
    .filter(where)
    .flatMap(({ recipients }) => recipients.map(({ original }) => original));

const same = (found: readonly string[]): void => assert.deepEqual([...found].sort(), [...addresses].sort());

describe('very many recipients', () => {
  test('are planned: record m leaves them to the deliveries, which trace reads', async () => {
    const world = new RouteWorld(plain);
    await route(workOf(plain), world.doors);
    assertAllFit(world);
    same(waitingFor(world, ({ transport, state }) => transport === 'smtp' && state === 'pending'));
    same(recipientsOf(world.messages.get('m1')!, world.ofMessage('m1')));
  });

  test('are held by a rule, a record at a time released, and each is routed once', async () => {
    const world = new RouteWorld(held);
    await route(workOf(held), world.doors);
    assertAllFit(world);
    assert.equal(world.messages.get('m1')?.phase, 'unrouted');
    assert.deepEqual(world.kept, ['m1']);
    same(waitingFor(world, ({ state, reason }) => state === 'held' && reason === 'rule wait'));
    steerAll(world, 'release', (_, n) => n === 3);
    await route({ id: 'm1' }, world.doors);
    assert.ok(waitingFor(world, ({ transport }) => transport === 'smtp').length <= 100);
    steerAll(world, 'release', ({ state }) => state === 'held');
    await route({ id: 'm1' }, world.doors);
    same(waitingFor(world, ({ transport }) => transport === 'smtp'));
    assert.deepEqual(
      waitingFor(world, ({ transport }) => transport === 'route'),
      [],
    );
  });

  test('wait while routing is off, and go by the rules and documents of the day it is on', async () => {
    const world = new RouteWorld(off);
    await route(workOf(off), world.doors);
    await route({ id: 'm1' }, world.doors);
    same(waitingFor(world, ({ state, reason }) => state === 'pending' && reason === 'smtpRouting'));
    assert.deepEqual(world.kept, ['m1'], 'for longer than the spool keeps bodies');
    world.given = plain;
    await route({ id: 'm1' }, world.doors);
    assert.ok(world.restored.includes('m1'));
    same(waitingFor(world, ({ transport }) => transport === 'smtp'));
  });

  test('of a message nobody can route are kept as stuck; deleted with a report, all are told of', async () => {
    const world = new RouteWorld(plain);
    await giveUp(workOf(plain), world.doors, 'stuck');
    assertAllFit(world);
    assert.equal(world.messages.get('m1')?.phase, 'stuck');
    assert.deepEqual(world.traced, ['m1']);
    steerAll(world, 'delete-report');
    const told: string[] = [];
    let message = world.messages.get('m1')!;
    for (;;) {
      const reporting = gatherReport(message, world.ofMessage('m1'), now);
      if (reporting === undefined) break;
      assert.ok(itemSize(toItem(reporting.report)) < largestItem, 'the report fits an item');
      told.push(...reporting.report.recipients.map(({ original }) => original));
      for (const { next } of reporting.cleared) world.put(next);
      message = { ...message, reports: message.reports + 1 };
    }
    same(told);
  });

  test('are carried on with from any crash on the way', async () => {
    const world = new RouteWorld(held);
    await route(workOf(held), world.doors);
    steerAll(world, 'release');
    for (const step of ['object', 'claim', 'settle', 'read object', 'routed', 'deliver']) {
      world.crashBefore = step;
      await assert.rejects(route({ id: 'm1' }, world.doors), Crash, step);
      world.now = new Date(later(world.now, 3 * minute));
      for (const record of world.ofMessage('m1'))
        if (record.state === 'sending') world.put({ ...record, state: 'pending' });
    }
    world.crashBefore = undefined;
    await route({ id: 'm1' }, world.doors);
    same(waitingFor(world, ({ transport }) => transport === 'smtp'));
  });
});
