import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gatherReport } from '../../../mail/spool/report.ts';
import type { Delivery, MessageRecord, ReportRecord } from '../../../mail/spool/records.ts';
import { sweepItem, type Wake } from '../../../mail/spool/sweep.ts';
import { delivery, messageRecord, now, outbound, sending, waiting } from '../../builders/spool.ts';

const owing = [waiting('x@acme.example', { outcome: 'failed', owes: 'failed' })];
const report: ReportRecord = {
  message: 'm1',
  part: 'r#01',
  kind: 'failed',
  recipients: owing,
  reportId: 'm1-r1',
  date: now.toISOString(),
  boundary: 'b',
};
const hopWork = { transport: 'smtp', nextHop: 'relay.example:587' } as const;

describe('what the sweep wakes', () => {
  const cases: [string, Delivery | MessageRecord | ReportRecord, Wake[]][] = [
    ['a plan half written', messageRecord({ phase: 'planned' }), [{ queue: 'route', id: 'm1' }]],
    ['a report not spooled yet', report, [{ queue: 'report', message: 'm1' }]],
    [
      'a mailbox delivery whose pointer was lost',
      delivery(),
      [{ queue: 'deliver', message: 'm1', part: 'd#0001' }],
    ],
    ['a deferred delivery that is due', outbound({ state: 'deferred' }), [{ queue: 'hop', work: hopWork }]],
    [
      'a debt, while the next attempt is not due',
      outbound({
        state: 'deferred',
        dueAt: '2026-11-21T15:00:00.000Z',
        recipients: [waiting('a@b.example', { owes: 'delayed' })],
      }),
      [{ queue: 'report', message: 'm1' }],
    ],
    [
      'a failure that routing settled',
      delivery({ transport: 'route', state: 'failed', recipients: owing }),
      [{ queue: 'report', message: 'm1' }],
    ],
    [
      'what waits before routing',
      delivery({ transport: 'route', part: 'd#0000' }),
      [{ queue: 'route', id: 'm1' }],
    ],
  ];
  for (const [reason, item, wakes] of cases)
    test(reason, () => assert.deepEqual(sweepItem(item, now).wakes, wakes));

  test('an item that was woken is looked at again in 15 minutes', () => {
    assert.deepEqual(sweepItem(delivery(), now).move, { wakeAt: '2026-11-21T12:15:00.000Z' });
  });

  test('what waits for smtpRouting is looked at with every sweep, what was released a minute later', () => {
    const waits = delivery({ transport: 'route', part: 'd#0000', reason: 'smtpRouting' });
    assert.deepEqual(sweepItem(waits, now).move, { wakeAt: '2026-11-21T12:00:10.000Z' });
    const { reason: _, ...released } = waits;
    assert.deepEqual(sweepItem(released, now).move, { wakeAt: '2026-11-21T12:01:00.000Z' });
  });

  test('a worker that still holds its lease is left alone', () => {
    const held = sending({ leaseUntil: '2026-11-21T12:05:00.000Z' });
    assert.deepEqual(sweepItem(held, now), { move: { wakeAt: '2026-11-21T12:05:00.000Z' }, wakes: [] });
  });

  test('a lease that has passed: the work is offered again, claims kept', () => {
    const { move, wakes } = sweepItem(outbound({ leaseUntil: '2026-11-21T11:59:59.000Z', claims: 2 }), now);
    assert.ok('next' in move);
    assert.equal(move.next.state, 'pending');
    assert.equal(move.next.claims, 2);
    assert.ok(move.next.hopKey);
    assert.deepEqual(wakes, [{ queue: 'hop', work: hopWork }]);
  });

  test('a lease that has passed, with a wish: the wish is carried out', () => {
    const { move } = sweepItem(sending({ leaseUntil: '2026-11-21T11:59:59.000Z', want: 'hold' }), now);
    assert.ok('next' in move);
    assert.equal(move.next.state, 'held');
    assert.equal(move.next.lease, undefined);
  });
});

describe('wishes', () => {
  const kinds: [string, Delivery][] = [
    ['on an abandoned delivery', outbound({ leaseUntil: '2026-11-21T11:59:59.000Z', want: 'retry' })],
    ['that a restart left on a pending one', outbound({ state: 'pending', want: 'retry' })],
  ];
  for (const [reason, item] of kinds)
    test(`${reason} are carried out, and the work offered`, () => {
      const { move, wakes } = sweepItem(item, now);
      assert.ok('next' in move);
      assert.equal(move.next.want, undefined);
      assert.equal(move.next.version, item.version + 1);
      assert.deepEqual(wakes, [{ queue: 'hop', work: hopWork }]);
    });
});

describe('a report gathers what is owed at one moment', () => {
  test('all recipients of all deliveries in one, debts cleared', () => {
    const first = delivery({ part: 'd#0001', state: 'failed', recipients: owing });
    const second = outbound({
      part: 'd#0002',
      state: 'deferred',
      recipients: [waiting('late@there.example', { owes: 'delayed' })],
    });
    const reporting = gatherReport(messageRecord(), [first, second], now);
    assert.equal(reporting?.report.kind, 'mixed');
    assert.equal(reporting?.report.reportId, 'm1-r1');
    assert.deepEqual(
      reporting?.report.recipients.map(({ address }) => address),
      ['x@acme.example', 'late@there.example'],
    );
    const [ended, waits] = reporting?.cleared.map(({ next }) => next) ?? [];
    assert.equal(ended?.wakeAt, undefined);
    assert.equal(waits?.wakeAt, second.dueAt);
    assert.equal(waits?.recipients[0]?.owes, undefined);
  });

  test('a record in a worker’s hands is left for later', () => {
    assert.equal(gatherReport(messageRecord(), [sending({ recipients: owing })], now), undefined);
  });

  test('no more than fits an item and a transaction; the rest is another report', () => {
    const reply = 'x'.repeat(1000);
    const recipients = Array.from({ length: 40 }, (_, n) =>
      waiting(`p${n}@there.example`, { outcome: 'failed', owes: 'failed', reply }),
    );
    const many = Array.from({ length: 50 }, (_, n) =>
      delivery({ part: `d#${n}`, state: 'failed', recipients }),
    );
    const reporting = gatherReport(messageRecord(), many, now);
    assert.ok(reporting);
    assert.ok(JSON.stringify(reporting.report).length < 300_000);
    assert.ok(reporting.cleared.length > 1 && reporting.cleared.length < 10);
    assert.equal(reporting.report.recipients.length, 40 * reporting.cleared.length);
  });

  test('nothing owed, no report', () =>
    assert.equal(gatherReport(messageRecord(), [delivery()], now), undefined));
});
