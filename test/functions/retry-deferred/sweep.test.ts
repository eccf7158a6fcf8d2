/** The sweep over the spool in memory: who is woken, how often, and what waits on. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { sweep, type SweepDoors } from '../../../functions/retry-deferred/sweep.ts';
import { notDeployed } from '../../../functions/retry-deferred/untried.ts';
import { hour, later, minute, wakeOf } from '../../../mail/spool/keys.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { rested } from '../../../mail/spool/standing.ts';
import { outboundSettings, settledLog } from '../../builders/outbound.ts';
import { delivery, now, outbound, sending, waiting } from '../../builders/spool.ts';
import { process } from '../../faults/faults.ts';
import { World } from '../../faults/world.ts';

let world: World;
let sent: string[];
let faults: unknown[];
let told: string[];

beforeEach(() => {
  world = new World(outboundSettings());
  world.now = now;
  sent = [];
  faults = [];
  told = [];
  world.aws.onSend = (queue, body) => void sent.push(`${queue} ${body}`);
});

function put(...items: Delivery[]): void {
  for (const item of items)
    world.aws
      .table('spool')
      .set(`${item.message} ${item.part}`, JSON.parse(JSON.stringify(item)) as Record<string, unknown>);
}

function run(change: Partial<SweepDoors> = {}): Promise<number> {
  return sweep({
    ...world.doors(process('sweep')),
    log: settledLog(told),
    reaches: () => true,
    jitter: () => 0.5,
    remainingMilliseconds: () => 55_000,
    onFault: (cause) => void faults.push(cause),
    ...change,
  });
}

function record(message: string): Delivery {
  const found = world.deliveries().find((one) => one.message === message);
  assert.ok(found);
  return found;
}

const hop = { transport: 'smtp', nextHop: 'relay.example:587' } as const;
const due = later(now, -minute);

function waitingFor(message: string): Delivery {
  return rested(outbound({ message, state: 'deferred', dueAt: due }), due);
}

test('each hop is woken once per sweep, each mailbox delivery by itself', async () => {
  put(...['a', 'b', 'c', 'd'].map(waitingFor));
  put(delivery({ message: 'e', wakeAt: due }), delivery({ message: 'f', wakeAt: due }));
  assert.equal(await run(), 6);
  assert.deepEqual(sent.map((one) => one.split(' ')[0]).toSorted(), ['deliver', 'deliver', 'relay']);
  assert.equal(record('a').wakeAt, later(now, 15 * minute));
  assert.equal(await run(), 0, 'and not again until then');
});

test('a closed hop is left until it opens, spread by jitter', async () => {
  put(waitingFor('a'), waitingFor('b'));
  const { hops } = world.doors(process('sweep'));
  const until = later(now, hour);
  await hops.close(hop, until, '421 busy');
  await run();
  assert.deepEqual(sent, []);
  assert.equal(record('a').wakeAt, later(new Date(until), 30_000));
  world.now = new Date(Date.parse(until) + 2 * minute);
  await run();
  assert.equal(sent.length, 1, 'one probe');
});

test('what waits for a closed hop says what was heard from it, and is still due', async () => {
  put(waitingFor('a'), { ...waitingFor('b'), state: 'pending' });
  await world.doors(process('sweep')).hops.close(hop, later(now, hour), '421 busy');
  await run();
  for (const { state, lastReply, attempts, dueAt, hopKey } of [record('a'), record('b')]) {
    assert.deepEqual([state, lastReply, attempts, dueAt], ['deferred', '421 busy', 0, due]);
    assert.ok(hopKey);
  }
  assert.deepEqual(told, []);
});

describe('while its hop is closed', () => {
  const closedSince = async (at: Date): Promise<void> => {
    world.now = at;
    await world.doors(process('sweep')).hops.close(hop, later(now, hour), '421 busy');
    world.now = now;
  };

  test('a delivery has expired where the hop was tried past its deadline', async () => {
    put({ ...waitingFor('a'), expireAt: later(now, -minute) });
    await closedSince(new Date(now.getTime() - minute));
    await run();
    const { state, recipients } = record('a');
    assert.deepEqual([state, recipients[0]?.failure], ['failed', 'expiration']);
    assert.deepEqual([sent, told], [['report {"message":"a"}'], ['failed a 421 busy']]);
  });

  test('and has not where the hop was last tried before it', async () => {
    put({ ...waitingFor('a'), expireAt: later(now, -1) });
    await closedSince(new Date(now.getTime() - minute));
    await run();
    assert.deepEqual([record('a').state, sent], ['deferred', []]);
  });

  test('its delay is told of', async () => {
    put({ ...waitingFor('a'), delayAt: later(now, -1) });
    await closedSince(new Date(now.getTime() - minute));
    await run();
    assert.deepEqual([record('a').recipients[0]?.owes, sent], ['delayed', ['report {"message":"a"}']]);
  });
});

test('of many that wait for a failing hop one is the probe; the others are looked at when it has found out', async () => {
  const many = Array.from({ length: 9 }, (_, n) => `n${n}`);
  put(...many.map(waitingFor));
  const { hops } = world.doors(process('sweep'));
  world.now = new Date(now.getTime() - hour);
  await hops.close(hop, later(now, -minute), '421 busy');
  world.now = now;
  await run();
  assert.equal(sent.length, 1);
  const wakes = many.map((one) => record(one).wakeAt).sort();
  assert.deepEqual(wakes, [...Array<string>(8).fill(later(now, 2 * minute)), later(now, 15 * minute)]);
  await hops.close(hop, later(now, hour), '421 busy');
  world.now = new Date(now.getTime() + 2 * minute);
  await run();
  assert.equal(many.filter((one) => record(one).lastReply === '421 busy').length, 8);
});

test('what waits for a hop closed for a second does not wait a minute', async () => {
  put(waitingFor('a'));
  const until = later(now, 1_000);
  await world.doors(process('sweep')).hops.close(hop, until, '421 busy');
  await run();
  assert.equal(record('a').wakeAt, later(new Date(until), 500));
});

test('an abandoned delivery of a closed hop is free again, and waits with it', async () => {
  const lease = { leaseUntil: due, wakeAt: due };
  put(outbound({ message: 'a', ...lease }));
  await world.doors(process('sweep')).hops.close(hop, later(now, hour), '421 busy');
  await run();
  const { state, lease: held, hopKey, wakeAt } = record('a');
  assert.deepEqual([state, held], ['pending', undefined]);
  assert.ok(hopKey && wakeAt! > later(now, hour));
});

test('a wish to hold, left on an abandoned delivery: its body is kept, then it is held', async () => {
  put(sending({ message: 'a', want: 'hold', leaseUntil: due, wakeAt: due }));
  world.aws.objects.set(record('a').bodyKey, Buffer.from('x'));
  await run();
  assert.equal(record('a').state, 'held');
  assert.ok(world.aws.objects.has('kept/a'));
});

test('a debt is woken while the next attempt is not due', async () => {
  const recipients = [waiting('a@there.example', { owes: 'delayed' })];
  put(outbound({ message: 'a', state: 'deferred', dueAt: later(now, hour), recipients, wakeAt: due }));
  await run();
  assert.deepEqual(sent, ['report {"message":"a"}']);
});

describe('faults', () => {
  test('what fails is told of, and holds up nobody else', async () => {
    put(waitingFor('a'), delivery({ message: 'b', wakeAt: due }));
    const { queue } = world.doors(process('sweep'));
    const broken = { ...queue, hop: () => Promise.reject(new Error('no queue')) };
    assert.equal(await run({ queue: broken }), 1);
    assert.equal(faults.length, 1);
    assert.deepEqual(
      sent.map((one) => one.split(' ')[0]),
      ['deliver'],
    );
    assert.equal(record('a').wakeAt, later(now, 15 * minute), 'and it is due again');
  });

  test('near its own end it stops; the rest is due a minute later', async () => {
    put(delivery({ message: 'a', wakeAt: due }));
    assert.equal(await run({ remainingMilliseconds: () => 5_000 }), 0);
    assert.equal(record('a').wakeAt, due);
  });

  test('any shard may come first, and every shard is read', async () => {
    const items = Array.from({ length: 200 }, (_, n) => delivery({ message: `m${n}`, wakeAt: due }));
    assert.ok(new Set(items.map(({ message }) => wakeOf(message))).size > 50);
    put(...items);
    assert.equal(await run({ jitter: () => 0.99 }), 200);
  });
});

describe('without direct sending', () => {
  const reaches = (): boolean => false;

  test('mail for it is deferred with the reason', async () => {
    put(waitingFor('a'));
    await run({ reaches });
    const { state, reason, lastReply, attempts } = record('a');
    assert.deepEqual([state, attempts, lastReply], ['deferred', 1, notDeployed.reply]);
    assert.match(reason ?? '', /direct sending is not deployed/);
    assert.deepEqual(sent, []);
  });

  test('at its deadline it has failed, and the sender is told', async () => {
    put({ ...waitingFor('a'), expireAt: due });
    await run({ reaches });
    assert.equal(record('a').state, 'failed');
    assert.deepEqual(sent, ['report {"message":"a"}']);
  });
});
