/** The worker of one next hop over records in memory: slots, order, closures, time, faults. */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import type { Attempt, Carrier } from '../../../functions/relay-outbound/carrier.ts';
import { waitingRecipients } from '../../../functions/relay-outbound/carrier.ts';
import { drainHop, type HopDoors } from '../../../functions/relay-outbound/hop-worker.ts';
import type { Settings } from '../../../mail/directory/settings.ts';
import { BodyMissing, type HopWork } from '../../../mail/spool/doors.ts';
import { hour, later, minute } from '../../../mail/spool/keys.ts';
import type { Delivery, Want } from '../../../mail/spool/records.ts';
import {
  MemorySpool,
  outboundDelivery,
  outboundSettings,
  recipient,
  settledLog,
} from '../../builders/outbound.ts';

const work: HopWork = { transport: 'smtp', nextHop: 'relay.example' };
const hop = 'smtp#relay.example';
const start = new Date('2026-11-21T12:00:00.000Z');

let now: Date;
let told: string[];
let queued: string[];
let sent: string[];
let closed: number;

beforeEach(() => {
  now = start;
  told = [];
  queued = [];
  sent = [];
  closed = 0;
});

test('everything due is sent over one carrier, settled, and the slot is free again', async () => {
  const spool = spoolOf(due('a'), due('b'), due('c'), due('later', { dueAt: later(start, minute) }));
  await drain(spool, () => relayed);
  assert.deepEqual(sent.sort(), ['a', 'b', 'c']);
  assert.equal(spool.record(key('a')).state, 'delivered');
  assert.equal(spool.record(key('later')).state, 'pending');
  assert.equal(spool.slots.size, 0);
  assert.equal(closed, 1);
  assert.deepEqual(told.sort(), ['relayed a', 'relayed b', 'relayed c']);
});

test('more than a page is drained in one run', async () => {
  const spool = spoolOf(...Array.from({ length: 250 }, (_, n) => due(`n${n}`)));
  await drain(spool, () => relayed);
  assert.equal(new Set(sent).size, 250);
  assert.equal(sent.length, 250);
});

test('settings that change while a hop is drained hold from the next delivery on, over a session of its own', async () => {
  const spool = spoolOf(due('a'), due('b'));
  let settings = outboundSettings();
  const refused = (delivery: Delivery): Attempt => {
    settings = { ...outboundSettings({ undeliverable: { hold: true } }), version: '2' };
    return results(delivery, 'failed', '550 5.1.1 who?');
  };
  await drain(spool, refused, { settings: () => settings });
  const states = sent.map((message) => spool.record(key(message)).state);
  assert.deepEqual(states, ['failed', 'held']);
  assert.equal(closed, 2);
});

test('without a slot nothing is touched: its holders drain', async () => {
  const spool = spoolOf(due('a'));
  for (let n = 0; n < 10; n++) await spool.takeSlot(work, 10, '');
  await drain(spool, () => relayed);
  assert.deepEqual(sent, []);
  assert.equal(spool.record(key('a')).state, 'pending');
});

test('what comes while the slot is being freed is sent too', async () => {
  const spool = spoolOf(due('a'));
  const free = spool.freeSlot.bind(spool);
  spool.freeSlot = async (slot) => {
    await free(slot);
    if (!sent.includes('b') && !spool.records.has('b d#0001')) spool.put(due('b'));
  };
  await drain(spool, () => relayed);
  assert.deepEqual(sent, ['a', 'b']);
});

test('an index that is a moment behind is looked at once more', async () => {
  const spool = spoolOf();
  await drain(spool, () => relayed, { onPause: () => spool.put(due('a')), indexDelay: 300 });
  assert.deepEqual(sent, ['a']);
});

test('failed recipients are owed a report, which is queued', async () => {
  const spool = spoolOf(due('a', { recipients: [recipient('anna@x.example', { notify: 'FAILURE' })] }));
  await drain(spool, (delivery) => results(delivery, 'failed', '550 5.1.1 who?'));
  assert.equal(spool.record(key('a')).recipients[0]?.owes, 'failed');
  assert.deepEqual(queued, ['report a']);
  assert.deepEqual(told, ['failed a 550 5.1.1 who?']);
});

describe('a wish that came while the attempt ran', () => {
  const cases: [want: Want, told: string[], queued: string[], why: string][] = [
    ['hold', ['held a'], [], 'the log names what was written, not what the attempt came to'],
    ['delete', [], [], 'nobody is told, and nothing has failed'],
    ['delete-report', ['failed a Deleted by an administrator'], ['report a'], 'the report is on its way'],
    ['retry', ['deferred a'], ['hop relay.example'], 'the next attempt waits for no sweep'],
  ];
  for (const [want, expected, wakes, why] of cases)
    test(`${want}: ${why}`, async () => {
      const spool = spoolOf(due('a'));
      await drain(spool, (delivery) => {
        spool.put({ ...spool.record(key('a')), want });
        return results(delivery, 'waiting', '450 later');
      });
      assert.deepEqual([told, queued], [expected, wakes]);
    });

  test('delete-report, said to mail that is settled untried: the report is on its way', async () => {
    const recipients = [recipient('anna@x.example', { notify: 'FAILURE' })];
    const called = { recipients, delayAt: later(start, -1) };
    const spool = spoolOf(due('a', called), due('b', called));
    const claim = spool.claim.bind(spool);
    spool.claim = async (which, until) => {
      const claimed = await claim(which, until);
      if (sent.length > 0) spool.put({ ...spool.record(which), want: 'delete-report' });
      return claimed;
    };
    await drain(spool, (delivery) => ({ ...results(delivery, 'waiting', '421 busy'), hop: 'down' }));
    const other = sent[0] === 'a' ? 'b' : 'a';
    assert.deepEqual([spool.record(key(other)).state, queued], ['failed', [`report ${other}`]]);
  });
});

test('who fails at the deadline is counted as failed, with the last that was heard', async () => {
  const spool = spoolOf(due('a', { expireAt: later(start, -1) }));
  await drain(spool, (delivery) => results(delivery, 'waiting', '450 later'));
  assert.deepEqual([told, queued], [['failed a 450 later'], ['report a']]);
});

test('a report that cannot be queued is no reason to fail: the due index brings it', async () => {
  const spool = spoolOf(due('a'), due('b'));
  await drain(spool, (delivery) => results(delivery, 'failed', '550 no'), {
    report: () => Promise.reject(new Error('no queue')),
  });
  assert.equal(sent.length, 2);
  assert.ok(spool.record(key('a')).wakeAt);
});

test('a hop that is down is closed until its next probe; the rest stay due', async () => {
  const spool = spoolOf(due('a'), due('b'), due('c'));
  await drain(spool, (delivery) => ({ ...results(delivery, 'waiting', '421 busy'), hop: 'down' }));
  assert.equal(sent.length, 1, 'one probe');
  const until = later(start, 15 * minute);
  const closure = { failures: 1, closedUntil: until, closedAt: start.toISOString(), lastReply: '421 busy' };
  assert.deepEqual(spool.states.get(hop), closure);
  const [probed, ...others] = ['a', 'b', 'c']
    .sort((one) => (sent.includes(one) ? -1 : 1))
    .map((id) => spool.record(key(id)));
  assert.deepEqual([probed!.state, probed!.attempts, probed!.dueAt], ['deferred', 1, until]);
  for (const other of others) {
    assert.deepEqual([other.state, other.attempts, other.lastReply], ['deferred', 0, '421 busy']);
    assert.deepEqual([other.wakeAt, other.claims], [until, 0], 'the sweep wakes it with the probe');
    assert.ok(other.dueAt <= start.toISOString(), 'it may leave as soon as the hop answers');
    assert.ok(other.hopKey);
  }
});

test('with the hop down, a delivery past its deadline expires and one past its delay is told of it', async () => {
  const first = due('a', { dueAt: later(start, -2 * hour) });
  const expired = due('b', { expireAt: later(start, -1) });
  const delayed = due('c', { delayAt: later(start, -1) });
  const spool = spoolOf(first, expired, delayed);
  await drain(spool, (delivery) => ({ ...results(delivery, 'waiting', '421 busy'), hop: 'down' }));
  assert.equal(spool.record(key('b')).recipients[0]?.failure, 'expiration');
  assert.equal(spool.record(key('c')).recipients[0]?.owes, 'delayed');
  assert.deepEqual(queued.sort(), ['report b', 'report c']);
});

test('of those that find at one time that the hop is down, one has paid; the others are untried', async () => {
  const spool = spoolOf(...['a', 'b', 'c'].map((message) => due(message)));
  const down = (delivery: Delivery): Attempt => ({
    ...results(delivery, 'waiting', '421 busy'),
    hop: 'down',
  });
  await Promise.all(Array.from({ length: 3 }, () => drain(spool, down)));
  const records = [...spool.records.values()];
  assert.deepEqual(records.map(({ attempts }) => attempts).sort(), [0, 0, 1]);
  for (const { state, lastReply } of records) assert.deepEqual([state, lastReply], ['deferred', '421 busy']);
  assert.equal(spool.states.get(hop)?.failures, 1);
  assert.deepEqual(
    told,
    sent.slice(0, 1).map((id) => `deferred ${id}`),
  );
});

test('a closure that cannot be written costs no outcome, and is told of', async () => {
  const spool = spoolOf(due('a'));
  spool.close = () => Promise.reject(new Error('no table'));
  await drain(spool, (delivery) => ({ ...results(delivery, 'waiting', '421 busy'), hop: 'down' }));
  const { state, attempts } = spool.record(key('a'));
  assert.deepEqual([state, attempts], ['deferred', 1]);
  assert.deepEqual(told, ['fault A next hop could not be closed', 'deferred a']);
});

test('what was sent in part before the hop went down is on record, whoever closed it', async () => {
  const spool = spoolOf(due('a'));
  await drain(spool, (delivery) => {
    void spool.close(work, later(start, hour), '421 busy');
    const [first, ...rest] = results(delivery, 'waiting', '421 busy').results;
    return { results: [{ ...first!, outcome: 'relayed' }, ...rest], hop: 'down' };
  });
  assert.equal(spool.record(key('a')).recipients[0]?.outcome, 'relayed');
});

test('with the hop down a few are marked at once, and the rest is left to the sweep', async () => {
  const spool = spoolOf(...Array.from({ length: 30 }, (_, n) => due(`n${n}`)));
  await drain(spool, (delivery) => ({ ...results(delivery, 'waiting', '421 busy'), hop: 'down' }));
  const states = [...spool.records.values()].map(({ state }) => state);
  assert.equal(sent.length, 1);
  assert.equal(states.filter((state) => state === 'deferred').length, 11);
  assert.equal(states.filter((state) => state === 'pending').length, 19);
});

describe('a hop that breaks sessions off', () => {
  const broke = (delivery: Delivery): Attempt => ({
    ...results(delivery, 'waiting', '451 4.4.2 broke off'),
    hop: 'broke',
  });
  const five = ['a', 'b', 'c', 'd', 'e'];
  const drainFive = async (spool: MemorySpool, broken: (n: number) => boolean): Promise<void> => {
    for (const message of five) spool.put(due(message));
    await drain(spool, (delivery) => (broken(sent.length) ? broke(delivery) : relayed));
  };

  test('three in a row: it is closed, with what was heard', async () => {
    const spool = spoolOf();
    await drainFive(spool, () => true);
    assert.equal(sent.length, 3);
    assert.equal(spool.states.get(hop)?.lastReply, '451 4.4.2 broke off');
    assert.deepEqual([...spool.records.values()].map(({ attempts }) => attempts).sort(), [0, 0, 1, 1, 1]);
  });

  test('two in a row may be the messages: a third is tried, and the rest follows', async () => {
    const spool = spoolOf();
    await drainFive(spool, (n) => n !== 3);
    assert.equal(sent.length, 5);
    assert.equal(spool.states.has(hop), false);
  });

  test('a probe that is broken off does not open it, and the next is tried', async () => {
    const spool = spoolOf();
    await spool.close(work, later(start, -1), '421 busy');
    await drainFive(spool, (n) => n === 1);
    assert.equal(sent.length, 5);
    assert.equal(spool.states.has(hop), false, 'the second has opened it');
  });

  test('the only one that waits is broken off: what was known of the hop stays', async () => {
    const spool = spoolOf(due('a'));
    await spool.close(work, later(start, -1), '421 busy');
    await drain(spool, broke);
    assert.deepEqual([spool.states.get(hop)?.failures, spool.record(key('a')).attempts], [1, 1]);
  });
});

test('a closed hop is not tried before its time', async () => {
  const spool = spoolOf(due('a'));
  await spool.close(work, later(start, minute), '421 busy');
  await drain(spool, () => relayed);
  assert.deepEqual(sent, []);
});

test('a failing hop has one worker, and opens with the first success', async () => {
  const spool = spoolOf(...Array.from({ length: 60 }, (_, n) => due(`n${n}`)));
  await spool.close(work, later(start, -1), '421 busy');
  await Promise.all([drain(spool, () => relayed), drain(spool, () => relayed)]);
  assert.equal(spool.busiest, 1);
  assert.equal(spool.states.has(hop), false);
  assert.equal(new Set(sent).size, 60);
  assert.ok(queued.filter((work) => work === 'hop relay.example').length > 0, 'others are called to help');
});

const pool: HopWork = { transport: 'smtp', nextHop: '* slow test' };

test('a slow hop goes on with a place among the slow ones, and gives it back', async () => {
  const spool = spoolOf(due('a'), due('b'));
  const held: number[] = [];
  await drain(spool, () => {
    held.push([...spool.slots.values()].filter(({ hop }) => hop.includes('slow')).length);
    now = new Date(now.getTime() + (held.length === 1 ? 5_000 : 10));
    return relayed;
  });
  assert.deepEqual(held, [0, 1]);
  assert.equal(spool.slots.size, 0);
});

test('where slow hops hold all their places, a slow worker leaves, and one pointer comes back', async () => {
  const spool = spoolOf(due('a'), due('b'));
  for (let n = 0; n < 2; n++) await spool.takeSlot(pool, 2, '');
  await drain(spool, () => {
    now = new Date(now.getTime() + 5_000);
    return relayed;
  });
  assert.equal(sent.length, 1);
  assert.deepEqual(queued, ['hop relay.example later']);
});

describe('a hop that takes nobody', () => {
  const greylisting = (delivery: Delivery): Attempt => results(delivery, 'waiting', '450 later');
  const many = (): MemorySpool => spoolOf(...Array.from({ length: 25 }, (_, n) => due(`n${n}`)));
  const withoutPlace = async (spool: MemorySpool): Promise<void> => {
    for (let n = 0; n < 2; n++) await spool.takeSlot(pool, 2, '');
  };

  test('gives way after ten messages where slow hops hold all their places; its turn comes again', async () => {
    const spool = many();
    await withoutPlace(spool);
    await drain(spool, greylisting);
    assert.equal(sent.length, 10);
    assert.deepEqual(queued, ['hop relay.example later']);
  });

  test('is gone through where there is a place, which is free again', async () => {
    const spool = many();
    await drain(spool, greylisting);
    assert.equal(sent.length, 25);
    assert.deepEqual([queued, spool.slots.size], [[], 0]);
  });

  test('is another once it takes one', async () => {
    const spool = many();
    await withoutPlace(spool);
    await drain(spool, (delivery) => (sent.length % 9 === 0 ? relayed : greylisting(delivery)));
    assert.equal(sent.length, 25);
  });
});

test('a worker whose attempt turns out slow leaves it where slow hops hold all their places', async () => {
  const spool = spoolOf(due('a'), due('b'));
  for (let n = 0; n < 2; n++) await spool.takeSlot(pool, 2, '');
  await drain(spool, () => relayed, { hangs: true });
  const [left] = sent.map((id) => spool.record(key(id)));
  assert.equal(sent.length, 1);
  assert.deepEqual([left!.state, left!.attempts, left!.claims], ['deferred', 0, 0]);
  assert.ok(left!.dueAt <= now.toISOString(), 'it is still due');
  assert.ok(left!.hopKey);
  assert.match(left!.lastReply ?? '', /answers slowly/);
  assert.deepEqual([told, queued], [[], ['hop relay.example later']]);
});

test('a place that is free is taken in the midst of a slow attempt', async () => {
  const spool = spoolOf(due('a'));
  const { promise: placed, resolve } = Promise.withResolvers<void>();
  const takeSlot = spool.takeSlot.bind(spool);
  spool.takeSlot = async (work, limit, until) => {
    const slot = await takeSlot(work, limit, until);
    if (work.nextHop.startsWith('*')) resolve();
    return slot;
  };
  await drain(spool, () => relayed, { slowAfter: 1, until: placed });
  assert.equal(spool.record(key('a')).state, 'delivered');
  assert.equal(spool.slots.size, 0, 'and given back');
});

test('a hop that is quick again is no longer known as slow', async () => {
  const spool = spoolOf(due('a'));
  await spool.slow(work, later(start, minute), false);
  await drain(spool, () => relayed);
  assert.ok((spool.states.get(hop)?.slowUntil ?? '') <= start.toISOString());
  assert.equal(spool.slots.size, 0);
});

test('an attempt that ends as it turns out slow holds one place, and gives it back', async () => {
  const spool = spoolOf(due('a'));
  const takeSlot = spool.takeSlot.bind(spool);
  spool.takeSlot = async (work, limit, until) => {
    // The timer's turn comes while the end of the attempt asks for a place.
    if (work.nextHop.startsWith('*')) await new Promise((resolve) => void setTimeout(resolve, 5));
    return takeSlot(work, limit, until);
  };
  await drain(
    spool,
    () => {
      const until = performance.now() + 3;
      while (performance.now() < until);
      now = new Date(now.getTime() + 10);
      return relayed;
    },
    { slowAfter: 1 },
  );
  assert.equal(spool.slots.size, 0);
});

test('many pointers of a slow hop come back as one', async () => {
  const spool = spoolOf(due('a'));
  await spool.slow(work, later(start, minute), false);
  for (let n = 0; n < 2; n++) await spool.takeSlot(pool, 2, '');
  for (let n = 0; n < 5; n++) await drain(spool, () => relayed);
  assert.deepEqual(queued, ['hop relay.example later']);
});

test('a hop that is known to be slow takes no worker beyond the places, however many pointers come', async () => {
  const spool = spoolOf(due('a'));
  await spool.slow(work, later(start, minute), true);
  for (let n = 0; n < 2; n++) await spool.takeSlot(pool, 2, '');
  for (let n = 0; n < 5; n++) await drain(spool, () => relayed);
  assert.deepEqual([sent, queued], [[], ['hop relay.example later']]);
});

test('a hop that timed out gets one slot', async () => {
  const spool = spoolOf(due('a'), due('b'));
  await drain(spool, (delivery) => {
    now = new Date(now.getTime() + 61_000);
    return results(delivery, 'waiting', '451 no reply within 60 s');
  });
  assert.ok(spool.states.get(hop)?.aloneUntil);
  const slot = await spool.takeSlot(work, 10, '');
  assert.ok(slot);
  spool.put(due('c'));
  await drain(spool, () => relayed);
  assert.ok(!sent.includes('c'), 'somebody has it');
  await spool.freeSlot(slot);
  await drain(spool, () => relayed);
  assert.ok(sent.includes('c'));
});

test('with too little time left nothing is begun, and the hop is queued again', async () => {
  const spool = spoolOf(due('a'), due('b'));
  const left = [600_000, 600_000];
  await drain(spool, () => relayed, { timeLeft: () => left.shift() ?? 100_000 });
  assert.equal(sent.length, 1);
  assert.deepEqual(queued, ['hop relay.example']);
  assert.equal(spool.slots.size, 0);
});

test('a missing body is an alarm and a failure, never a success', async () => {
  const spool = spoolOf(due('a'));
  await drain(spool, () => {
    throw new BodyMissing('spool/00/a');
  });
  const { state, recipients } = spool.record(key('a'));
  assert.equal(state, 'failed');
  assert.match(recipients[0]?.reply ?? '', /stored body is missing/);
  assert.deepEqual(queued, ['report a']);
  assert.ok(told.includes('fault The body of an accepted message is missing'));
});

test('a fault of ours leaves the delivery waiting, with the cause in the log alone', async () => {
  const spool = spoolOf(due('a'), due('b'));
  await drain(spool, () => {
    throw new TypeError('secret detail');
  });
  assert.deepEqual([spool.record(key('a')).state, spool.record(key('b')).state], ['deferred', 'deferred']);
  assert.doesNotMatch(JSON.stringify([...spool.records.values()]), /secret detail/);
  assert.equal(spool.states.size, 0, 'the hop is not to blame');
});

test('an outcome that could not be recorded is tried on', async () => {
  const spool = spoolOf(due('a'));
  const settle = spool.settle.bind(spool);
  let failures = 2;
  spool.settle = (claimed, next) =>
    failures-- > 0 ? Promise.reject(new Error('throttled')) : settle(claimed, next);
  await drain(spool, () => relayed);
  assert.equal(spool.record(key('a')).state, 'delivered');
  assert.deepEqual(sent, ['a']);
});

test('whose lease was lost says nothing of the outcome', async () => {
  const spool = spoolOf(due('a'));
  spool.settle = () => Promise.resolve(undefined);
  await drain(spool, (delivery) => results(delivery, 'failed', '550 no'));
  assert.deepEqual([told, queued], [[], []]);
});

test('the slot is freed when the worker fails', async () => {
  const spool = spoolOf(due('a'));
  spool.claim = () => Promise.reject(new Error('no table'));
  await assert.rejects(
    drain(spool, () => relayed),
    /no table/,
  );
  assert.equal(spool.slots.size, 0);
  assert.equal(closed, 1);
});

test('the slot is freed though the place among the slow ones cannot be', async () => {
  const spool = spoolOf(due('a'));
  await spool.slow(work, later(start, minute), false);
  const freeSlot = spool.freeSlot.bind(spool);
  spool.freeSlot = (slot) =>
    slot.hop.includes('slow') ? Promise.reject(new Error('no table')) : freeSlot(slot);
  await assert.rejects(
    drain(spool, () => relayed),
    /no table/,
  );
  assert.deepEqual(
    [...spool.slots.values()].map(({ hop: name }) => name.includes('slow')),
    [true],
  );
});

type Send = (delivery: Delivery) => Attempt | typeof relayed;
const relayed = 'relayed';

interface Turns {
  readonly onPause?: () => void;
  readonly indexDelay?: number;
  readonly report?: () => Promise<void>;
  readonly timeLeft?: () => number;
  /** No attempt ends by itself. */
  readonly hangs?: true;
  /** Attempts wait for it. */
  readonly until?: Promise<void>;
  readonly slowAfter?: number;
  readonly settings?: () => Settings;
}

function drain(spool: MemorySpool, send: Send, turns: Turns = {}): Promise<void> {
  const doors: HopDoors = {
    spool,
    hops: spool,
    queue: {
      hop: ({ nextHop }, delaySeconds) =>
        Promise.resolve(void queued.push(`hop ${nextHop}${delaySeconds === undefined ? '' : ' later'}`)),
      report: turns.report ?? (({ message }) => Promise.resolve(void queued.push(`report ${message}`))),
    },
    settings: { current: () => Promise.resolve((turns.settings ?? outboundSettings)()) },
    carrierFor: () => carrier(send, turns),
    clock: () => now,
    log: {
      ...settledLog(told),
      fault: (what) => void told.push(`fault ${what}`),
    },
    pause: () => Promise.resolve(turns.onPause?.()),
    random: () => 0.5,
    limits: {
      closing: 1_000,
      beginning: 300_000,
      indexDelay: turns.indexDelay ?? 0,
      slowAfter: turns.slowAfter ?? (turns.hangs === true ? 1 : 3_000),
      timedOutAfter: 60_000,
      slowWorkers: 2,
      pool: 'test',
    },
  };
  return drainHop(work, doors, turns.timeLeft ?? (() => 900_000));
}

function carrier(send: Send, { hangs, until }: Turns): Carrier {
  const { promise: left, resolve: giveWay } = Promise.withResolvers<void>();
  return {
    giveWay,
    async send(delivery) {
      sent.push(delivery.message);
      await until;
      if (hangs === true) {
        await left;
        return { results: [], hop: 'answered', gaveWay: true };
      }
      const attempt = send(delivery);
      return attempt === relayed ? results(delivery, 'relayed', '250 Ok') : attempt;
    },
    close: () => Promise.resolve(void (closed += 1)),
  };
}

function results(delivery: Delivery, outcome: 'relayed' | 'failed' | 'waiting', reply: string): Attempt {
  const said = { outcome, reply, replyBy: 'smtp' } as const;
  return {
    results: waitingRecipients(delivery).map(({ address }) => ({ address, ...said })),
    hop: 'answered',
  };
}

function spoolOf(...deliveries: Delivery[]): MemorySpool {
  return new MemorySpool(() => now, deliveries);
}

function due(message: string, change: Partial<Delivery> = {}): Delivery {
  const times = {
    dueAt: later(start, -minute),
    acceptedAt: later(start, -minute),
    expireAt: later(start, 24 * hour),
  };
  return outboundDelivery({ message, ...times, ...change });
}

function key(message: string) {
  return { message, part: 'd#0001' };
}
