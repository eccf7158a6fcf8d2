/** The spool over the embedded DynamoDB: each transition's condition, and who wins when two come at once. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awsDue, type DueKey } from '../../aws/due.ts';
import { keptMessages } from '../../aws/kept-messages.ts';
import { awsHops } from '../../aws/hops.ts';
import { awsReportWriter } from '../../aws/report-writer.ts';
import { awsSpoolDesk } from '../../aws/spool-desk.ts';
import { wakeAfterRestart } from '../../aws/spool-restart.ts';
import { awsSpool } from '../../aws/spool.ts';
import { readTrace, tracedSince, writeTrace } from '../../aws/trace.ts';
import type { Plan, Spool } from '../../mail/spool/doors.ts';
import { deliveryPart, later, minute, restOf, wakeOf } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { gatherReport } from '../../mail/spool/report.ts';
import { settleAttempt } from '../../mail/spool/settle.ts';
import { rested } from '../../mail/spool/standing.ts';
import { steer } from '../../mail/spool/steer.ts';
import { configuration, delivery, messageRecord, now, outbound, waiting } from '../builders/spool.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

let services: TestServices;
let time = now;
const kept: string[] = [];
const faults: string[] = [];

before(async () => {
  services = await startTestServices();
});
after(() => services.stop());

function table() {
  return { client: services.dynamodb, table: services.spool };
}

function spool(): Spool {
  const clock = (): Date => time;
  const keepMessage = (id: string): Promise<void> => Promise.resolve(void kept.push(id));
  return awsSpool({ ...table(), clock, keepMessage, onFault: ({ message }) => faults.push(message) });
}

const until = later(now, 2 * minute);

async function planned(id: string, change: Partial<Delivery> = {}): Promise<Delivery> {
  const one = delivery({ message: id, ...change });
  assert.equal(await spool().plan({ message: messageRecord({ message: id }), deliveries: [one] }), true);
  return one;
}

async function read(id: string): Promise<Delivery> {
  const [one] = await spool().deliveries(id);
  assert.ok(one);
  return one;
}

function done(claimed: Delivery, outcome: 'delivered' | 'waiting' | 'failed' = 'delivered'): Delivery {
  const results = claimed.recipients.map(({ address }) => ({
    address,
    outcome,
    reply: 'said',
    replyBy: 'X-Notes' as const,
  }));
  return settleAttempt(claimed, results, { now: time, configuration: configuration() });
}

test('little that is due is found in one read, without what rests; much is not', async () => {
  const due = awsDue(table());
  const wakeAt = '2026-11-21T09:00:00.000Z';
  await planned('v1', { wakeAt });
  await planned('v2', { wakeAt, wake: restOf('v2') });
  await planned('v3', { wakeAt: '2026-11-21T09:30:00.000Z' });
  const [found, ...more] = (await due.few('2026-11-21T09:10:00.000Z')) ?? [];
  assert.deepEqual([found?.message, found?.part, found?.wakeAt, more.length], ['v1', 'd#0001', wakeAt, 0]);
  await Promise.all(Array.from({ length: 100 }, (_, n) => planned(`v1${n}`)));
  assert.equal(await due.few('2026-11-21T09:10:00.000Z'), undefined);
});

describe('plan', () => {
  test('is written once: of ten who try, one wins and the others follow it', async () => {
    const plan: Plan = {
      message: messageRecord({ message: 'p1' }),
      deliveries: [delivery({ message: 'p1' })],
    };
    const wins = await Promise.all(Array.from({ length: 10 }, () => spool().plan(plan)));
    assert.equal(wins.filter(Boolean).length, 1);
  });

  test('of more than 90 deliveries stands as planned, then as routed without a wake', async () => {
    const deliveries = Array.from({ length: 205 }, (_, n) =>
      delivery({ message: 'p2', part: deliveryPart(n + 1), mailFile: `mail/p${n}` }),
    );
    const plan: Plan = { message: messageRecord({ message: 'p2', planKey: 'plans/p2' }), deliveries };
    assert.equal(await spool().plan(plan), true);
    assert.equal((await spool().deliveries('p2')).length, 205);
    const message = await spool().message('p2');
    assert.equal(message?.phase, 'routed');
    assert.equal(message?.wakeAt, undefined);
    assert.ok(message?.expiresAt);
  });

  test('followed a second time changes nothing that a worker has done since', async () => {
    const deliveries = Array.from({ length: 95 }, (_, n) =>
      delivery({ message: 'p3', part: deliveryPart(n + 1) }),
    );
    const plan: Plan = { message: messageRecord({ message: 'p3', planKey: 'plans/p3' }), deliveries };
    await spool().plan(plan);
    const claimed = await spool().claim({ message: 'p3', part: deliveryPart(1) }, until);
    assert.ok(claimed);
    await spool().settle(claimed, done(claimed));
    await spool().follow(plan);
    assert.equal((await read('p3')).state, 'delivered');
  });

  test('replaces what waited before routing, its record included', async () => {
    const waits = delivery({ message: 'p4', part: 'd#0000', transport: 'route', reason: 'smtpRouting' });
    await spool().plan({ message: messageRecord({ message: 'p4', phase: 'unrouted' }), deliveries: [waits] });
    const plan: Plan = {
      message: messageRecord({ message: 'p4' }),
      deliveries: [delivery({ message: 'p4' })],
      waited: true,
    };
    const desk = awsSpoolDesk(table());
    assert.equal(await desk.isRouted('p4'), false);
    assert.equal(await spool().plan(plan), true);
    assert.equal(await desk.isRouted('p4'), true);
    assert.equal(await desk.isRouted('p4-unknown'), false);
    assert.deepEqual(
      (await spool().deliveries('p4')).map(({ part }) => part),
      ['d#0001'],
    );
  });
});

describe('how long a message is remembered', () => {
  const kept = () =>
    keptMessages({
      dynamodb: services.dynamodb,
      table: services.spool,
      s3: services.s3,
      bucket: services.bucket,
    });

  test('30 days once it is routed, for as long as it takes while anything of it rests', async () => {
    await planned('e1');
    assert.ok((await spool().message('e1'))?.expiresAt);
    await kept().keep('e1');
    assert.equal((await spool().message('e1'))?.expiresAt, undefined);
    await kept().restore('e1');
    assert.equal((await spool().message('e1'))?.expiresAt, undefined, 'others of it may rest still');
    await kept().remove('e1');
    assert.ok((await spool().message('e1'))?.expiresAt);
  });

  test('no end where something came to rest while its large plan was followed', async () => {
    for (const [id, rests] of [
      ['e4', true],
      ['e5', false],
    ] as const) {
      const plan: Plan = {
        message: messageRecord({ message: id, planKey: `plans/${id}` }),
        deliveries: Array.from({ length: 95 }, (_, n) =>
          delivery({ message: id, part: deliveryPart(n + 1) }),
        ),
      };
      await spool().plan({ ...plan, message: { ...plan.message, phase: 'planned' } });
      if (rests) await kept().keep(id);
      await spool().follow(plan);
      const message = await spool().message(id);
      assert.equal(message?.phase, 'routed');
      assert.equal(message.expiresAt === undefined, rests);
    }
  });

  test('a message that is held as it is planned, or waits for its plan, has no end', async () => {
    await planned('e2', { state: 'held' });
    assert.equal((await spool().message('e2'))?.expiresAt, undefined);
    const waits = delivery({ message: 'e3', part: 'd#0000', transport: 'route' });
    await spool().plan({ message: messageRecord({ message: 'e3', phase: 'unrouted' }), deliveries: [waits] });
    await kept().restore('e3');
    assert.equal((await spool().message('e3'))?.expiresAt, undefined);
  });
});

describe('claim', () => {
  test('gives a due delivery to one of many', async () => {
    const one = await planned('c1');
    const claims = await Promise.all(Array.from({ length: 8 }, () => spool().claim(one, until)));
    const [claimed, ...others] = claims.filter((claim) => claim !== undefined);
    assert.equal(others.length, 0);
    assert.equal(claimed?.state, 'sending');
    assert.equal(claimed?.wakeAt, until);
    assert.equal(claimed?.claims, 1);
  });

  const leases: [string, wakeAt: string, leaseUntil: string, after: string][] = [
    ['ends before the record wakes: it stands', until, later(now, minute), until],
    ['ends when the record wakes: it stands', until, until, until],
    ['ends later: it moves to the end', until, later(now, 2.5 * minute), later(now, 2.5 * minute)],
    ['is long, as of a worker that sends: it moves', until, later(now, 15 * minute), later(now, 15 * minute)],
    ['ends long before: it moves, or nobody looked after a crash', later(now, 15 * minute), until, until],
  ];
  for (const [reason, wakeAt, leaseUntil, after] of leases)
    test(`whose lease ${reason}`, async () => {
      const id = `c-${reason.replaceAll(/\W+/g, '-')}`;
      const claimed = await spool().claim(await planned(id, { wake: wakeOf(id), wakeAt }), leaseUntil);
      assert.equal(claimed?.leaseUntil, leaseUntil);
      assert.equal(claimed?.wakeAt, after);
    });

  const refusals: [string, Partial<Delivery>][] = [
    ['what is not due yet', { dueAt: '2026-11-21T12:30:00.000Z', state: 'deferred' }],
    ['what is held', { state: 'held' }],
    ['what is ended', { state: 'delivered' }],
    ['what has a wish to be carried out first', { want: 'hold' }],
  ];
  for (const [reason, change] of refusals)
    test(`refuses ${reason}`, async () => {
      const id = `c-${reason.replaceAll(' ', '-')}`;
      assert.equal(await spool().claim(await planned(id, change), until), undefined);
    });

  test('takes over from a worker whose lease has passed', async () => {
    const one = await planned('c2');
    await spool().claim(one, until);
    time = new Date('2026-11-21T12:05:00.000Z');
    const second = await spool().claim(one, later(time, minute));
    time = now;
    assert.equal(second?.claims, 2);
  });

  test('after five claims without an outcome holds the delivery, keeps its body and says so', async () => {
    const one = await planned('c3', { claims: 5 });
    assert.equal(await spool().claim(one, until), undefined);
    const held = await read('c3');
    assert.equal(held.state, 'held');
    assert.equal(held.reason, 'fault');
    assert.ok(kept.includes('c3') && faults.includes('c3'));
  });
});

describe('settle', () => {
  test('ends a delivery: no wake, days to live', async () => {
    const claimed = await spool().claim(await planned('s1'), until);
    assert.ok(claimed);
    assert.ok(await spool().settle(claimed, done(claimed)));
    const after = await read('s1');
    assert.equal(after.state, 'delivered');
    assert.equal(after.wakeAt, undefined);
    assert.ok(after.expiresAt);
  });

  test('is void for a worker that lost its lease', async () => {
    const one = await planned('s2');
    const first = await spool().claim(one, later(now, -minute));
    const second = await spool().claim(one, until);
    assert.ok(first && second);
    assert.equal(await spool().settle(first, done(first)), undefined);
    assert.equal((await read('s2')).lease, second.lease);
  });

  test('carries out a wish that came while the worker was busy', async () => {
    const claimed = await spool().claim(await planned('s3'), until);
    assert.ok(claimed);
    const answer = steer(claimed, 'hold', { now, clockHours: 24 });
    assert.ok('next' in answer);
    assert.equal(await awsSpoolDesk(table()).write(answer.next, claimed), true);
    assert.ok(await spool().settle(claimed, done(claimed, 'waiting')));
    assert.equal((await read('s3')).state, 'held');
    assert.ok(kept.includes('s3'));
  });

  test('a wish that was taken back costs nobody the outcome', async () => {
    const claimed = await spool().claim(await planned('s5'), until);
    assert.ok(claimed);
    const desk = awsSpoolDesk(table());
    for (const verb of ['hold', 'release'] as const) {
      const before = await read('s5');
      const answer = steer(before, verb, { now, clockHours: 24, by: 'root@mail1' });
      assert.ok('next' in answer);
      assert.equal(await desk.write(answer.next, before), true);
    }
    assert.ok(await spool().settle(claimed, done(claimed, 'waiting')));
    const after = await read('s5');
    assert.deepEqual(
      [
        after.state,
        after.want,
        after.events.filter(({ stage }) => stage === 'steer').map(({ outcome }) => outcome),
      ],
      ['deferred', undefined, ['hold wanted', 'release']],
    );
  });

  test('a wish that came too late changes nothing', async () => {
    const claimed = await spool().claim(await planned('s4'), until);
    assert.ok(claimed);
    const answer = steer(claimed, 'delete', { now, clockHours: 24 });
    assert.ok('next' in answer);
    await awsSpoolDesk(table()).write(answer.next, claimed);
    assert.ok(await spool().settle(claimed, done(claimed)));
    assert.equal((await read('s4')).state, 'delivered');
  });
});

describe('put off', () => {
  const why = { reply: '451 4.4.1 nobody there', until };

  test('says why, and when the sweep looks again; the delivery stays due', async () => {
    const one = await planned('o1');
    const before = await read('o1');
    assert.equal(await spool().putOff(one, why), true);
    const { state, lastReply, wakeAt, version, ...rest } = await read('o1');
    assert.deepEqual([state, lastReply, wakeAt, version], ['deferred', why.reply, until, before.version + 1]);
    for (const [name, value] of Object.entries(rest))
      assert.deepEqual(value, before[name as keyof Delivery], name);
    assert.ok(await spool().claim(one, until));
  });

  for (const [id, change, reason] of [
    ['o2', { dueAt: later(now, minute) }, 'it is not due'],
    ['o3', { expireAt: later(now, -minute) }, 'its deadline has come'],
    ['o4', { delayAt: later(now, -minute) }, 'its delay is to be told'],
  ] as const)
    test(`not where ${reason}`, async () => {
      const one = await planned(id, change);
      const before = await read(id);
      assert.equal(await spool().putOff(one, why), false);
      assert.deepEqual(await read(id), before);
    });

  test('not where a worker has it', async () => {
    const one = await planned('o5');
    const claimed = await spool().claim(one, until);
    assert.ok(claimed);
    assert.equal(await spool().putOff(one, why), false);
    assert.ok(await spool().settle(claimed, done(claimed)));
  });
});

describe('report', () => {
  test('record, count and cleared debts are one transaction, won once', async () => {
    const claimed = await spool().claim(await planned('r1'), until);
    assert.ok(claimed);
    await spool().settle(claimed, done(claimed, 'failed'));
    const message = await spool().message('r1');
    assert.ok(message);
    const reporting = gatherReport(message, await spool().deliveries('r1'), now);
    assert.ok(reporting);
    const writer = awsReportWriter(table());
    const wins = await Promise.all([writer.write(message, reporting), writer.write(message, reporting)]);
    assert.deepEqual(wins.toSorted(), [false, true]);
    assert.equal((await spool().message('r1'))?.reports, 1);
    assert.equal((await read('r1')).wakeAt, undefined);
    const [report] = await spool().reports('r1');
    assert.ok(report?.wakeAt);
    await writer.finish(report, now);
    assert.equal((await spool().reports('r1'))[0]?.wakeAt, undefined);
  });
});

describe('hops', () => {
  const work = { transport: 'smtp', nextHop: 'relay.example:587' } as const;
  const hops = () => awsHops({ ...table(), clock: () => time });

  test('no more slots than the limit; a freed one, and one whose time has passed, can be taken again', async () => {
    const slots = await Promise.all(Array.from({ length: 6 }, () => hops().takeSlot(work, 3, until)));
    const taken = slots.filter((slot) => slot !== undefined);
    assert.ok(taken.length >= 1 && taken.length <= 3);
    while (taken.length < 3) taken.push((await hops().takeSlot(work, 3, until))!);
    assert.equal(await hops().takeSlot(work, 3, until), undefined);
    await hops().freeSlot(taken[0]!);
    assert.ok(await hops().takeSlot(work, 3, until));
    time = new Date('2026-11-21T12:05:00.000Z');
    assert.ok(await hops().takeSlot(work, 3, later(time, minute)));
    time = now;
  });

  test('lists what is due for one hop, not what waits and not what goes elsewhere', async () => {
    const due = rested(outbound({ message: 'h1', state: 'pending' }), until);
    const waits = rested(
      outbound({ message: 'h2', state: 'deferred', dueAt: '2026-11-21T13:00:00.000Z' }),
      until,
    );
    const other = rested(outbound({ message: 'h3', state: 'pending', nextHop: 'other.example' }), until);
    for (const one of [due, waits, other])
      await spool().plan({ message: messageRecord({ message: one.message }), deliveries: [one] });
    assert.deepEqual(await hops().due(work, now.toISOString(), 10), [{ message: 'h1', part: 'd#0001' }]);
    await spool().claim(due, until);
    assert.deepEqual(await hops().due(work, now.toISOString(), 10), []);
  });

  test('closes with the last reply, once at a time, counts, and opens', async () => {
    assert.equal(await hops().close(work, now.toISOString(), 'no'), true);
    const closing = ['421 busy', '421 busy'].map((reply) => hops().close(work, until, reply));
    assert.deepEqual((await Promise.all(closing)).toSorted(), [false, true]);
    const { failures, closedUntil, closedAt, lastReply } = (await hops().state(work))!;
    assert.deepEqual(
      { failures, closedUntil, closedAt, lastReply },
      { failures: 2, closedUntil: until, closedAt: now.toISOString(), lastReply: '421 busy' },
    );
    await hops().open(work);
    assert.equal(await hops().state(work), undefined);
  });
});

describe('due', () => {
  test('an item is moved by one of two sweeps', async () => {
    await planned('w1', { wakeAt: '2026-11-21T11:00:00.000Z' });
    const due = awsDue(table());
    const key = (await due.read(wakeOf('w1'), now.toISOString(), 100)).find(
      ({ message }) => message === 'w1',
    );
    assert.ok(key);
    const moves = await Promise.all([due.move(key, until), due.move(key, until)]);
    assert.deepEqual(moves.toSorted(), [false, true]);
  });

  test('the index is read on from behind an entry, even one that has moved away', async () => {
    const shard = wakeOf('x1');
    const ids = Array.from({ length: 400 }, (_, n) => `x${n}`).filter((id) => wakeOf(id) === shard);
    assert.ok(ids.length >= 3, `${ids.length} of a shard`);
    for (const [n, id] of ids.entries()) await planned(id, { wakeAt: `2026-11-21T10:00:0${n}.000Z` });
    const due = awsDue(table());
    const seen: string[] = [];
    for (let after: DueKey | undefined, more = true; more;) {
      const page = await due.read(shard, '2026-11-21T10:59:00.000Z', 1, after);
      after = page[0];
      more = after !== undefined;
      if (after === undefined) continue;
      seen.push(after.message);
      await due.move(after, until);
    }
    assert.deepEqual(seen, ids);
  });

  test('after a restart leases and slots are void, and pending work is due; deferred mail keeps its time', async () => {
    const claimed = await spool().claim(await planned('w2'), until);
    assert.ok(claimed);
    const deferred = await planned('w3', {
      state: 'deferred',
      dueAt: '2026-11-21T15:00:00.000Z',
      wakeAt: '2026-11-21T15:00:00.000Z',
    });
    await wakeAfterRestart({ client: services.dynamodb, spoolTable: services.spool });
    const after = await read('w2');
    assert.equal(after.state, 'pending');
    assert.equal(after.lease, undefined);
    assert.equal(after.claims, 0);
    assert.equal((await read('w3')).wakeAt, deferred.wakeAt);
  });
});

describe('desk and trace', () => {
  test('lists what is open, by state, and what has ended where asked', async () => {
    await planned('k1', { state: 'held', wake: wakeOf('k1').replace('w', 'h') });
    const desk = awsSpoolDesk(table());
    const held = (await desk.list('held')).map(({ message }) => message);
    assert.ok(held.includes('k1'));
    assert.ok(!(await desk.list()).some(({ state }) => state === 'delivered'));
    assert.ok((await desk.list('delivered')).some(({ message }) => message === 's1'));
  });

  test('writes nothing over what changed meanwhile', async () => {
    const one = await planned('k2');
    await spool().claim(one, until);
    assert.equal(await awsSpoolDesk(table()).write({ ...one, state: 'held' }, one), false);
  });

  test('a message is found by sender, recipient and Message-ID, in any case', async () => {
    await writeTrace(table(), { record: messageRecord({ message: 't1' }), deliveries: [] }, now);
    for (const word of [
      'BOB@elsewhere.example',
      'alice@acme.example',
      'x@Elsewhere.example',
      '<x@elsewhere.example>',
    ])
      assert.deepEqual(await readTrace(table(), word, '2026-11-21'), ['t1'], word);
    assert.deepEqual(await readTrace(table(), 'nobody@acme.example', '2026-11-21'), []);
  });
});

test('of a time on all is found, but for what may not be traced', async () => {
  const off = { document: 'Configuration *', field: 'tracking.enabled', entry: 'false' };
  const accepted = { acceptedAt: '2026-12-24T08:00:00.000Z' };
  for (const record of [
    messageRecord({ message: 'of1', ...accepted }),
    messageRecord({ message: 'of2', ...accepted, tracking: { off } }),
  ])
    assert.ok(await spool().plan({ message: record, deliveries: [] }));
  assert.deepEqual(await tracedSince(table(), accepted.acceptedAt), ['of1']);
  assert.deepEqual(await tracedSince(table(), '2026-12-24T08:00:00.001Z'), []);
});

test('records that only wait for nobody are not listed twice', async () => {
  const recipients = [waiting('a@acme.example'), waiting('b@acme.example')];
  await planned('u1', { recipients });
  const found = (await awsSpoolDesk(table()).list('pending')).filter(({ message }) => message === 'u1');
  assert.equal(found.length, 1);
});
