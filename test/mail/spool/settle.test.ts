import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { RecipientResult } from '../../../mail/relay/doors.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { gatherReport } from '../../../mail/spool/report.ts';
import { putOff, settleAttempt, steppedBack } from '../../../mail/spool/settle.ts';
import { configuration, messageRecord, now, outbound, sending, waiting } from '../../builders/spool.ts';

const anna = 'anna@there.example';
const carl = 'carl@there.example';

function result(address: string, outcome: RecipientResult['outcome'], reply = 'said'): RecipientResult {
  return { address, outcome, reply, replyBy: 'smtp' };
}

function settle(delivery: Delivery, results: RecipientResult[], fields: object = {}): Delivery {
  return settleAttempt(delivery, results, { now, configuration: configuration(fields) });
}

function outcomes(delivery: Delivery): string[] {
  return delivery.recipients.map(({ outcome, owes }) =>
    owes === undefined ? outcome : `${outcome}, owes ${owes}`,
  );
}

describe('what an attempt makes of a delivery', () => {
  const cases: [
    string,
    Delivery,
    RecipientResult[],
    { state: string; outcomes: string[]; wakes: boolean; hop?: boolean },
  ][] = [
    [
      'all accepted: ended, nothing owed, no wake',
      outbound(),
      [result(anna, 'relayed'), result(carl, 'relayed')],
      { state: 'delivered', outcomes: ['relayed', 'relayed'], wakes: false },
    ],
    [
      'one refused for good: its sender is owed a word',
      outbound(),
      [result(anna, 'relayed'), result(carl, 'failed')],
      { state: 'failed', outcomes: ['relayed', 'failed, owes failed'], wakes: true },
    ],
    [
      'one told to come again: deferred, and in the index of its hop',
      outbound(),
      [result(anna, 'relayed'), result(carl, 'waiting')],
      { state: 'deferred', outcomes: ['relayed', 'waiting'], wakes: true, hop: true },
    ],
    [
      'an attempt without a word for somebody leaves them waiting',
      outbound(),
      [result(anna, 'relayed')],
      { state: 'deferred', outcomes: ['relayed', 'waiting'], wakes: true, hop: true },
    ],
    [
      'NOTIFY=NEVER: a failure is owed to nobody',
      outbound({ recipients: [waiting(anna, { notify: 'NEVER' })] }),
      [result(anna, 'failed')],
      { state: 'failed', outcomes: ['failed'], wakes: false },
    ],
    [
      'NOTIFY=SUCCESS: relayed to a server that sends no notifications is owed',
      outbound({ recipients: [waiting(anna, { notify: 'SUCCESS' })] }),
      [result(anna, 'relayed')],
      { state: 'delivered', outcomes: ['relayed, owes relayed'], wakes: true },
    ],
    [
      'NOTIFY=SUCCESS passed on with DSN: the next server will say so',
      outbound({ recipients: [waiting(anna, { notify: 'SUCCESS' })] }),
      [{ ...result(anna, 'relayed'), dsn: true }],
      { state: 'delivered', outcomes: ['relayed'], wakes: false },
    ],
    [
      'a final outcome never changes again',
      outbound({ recipients: [waiting(anna, { outcome: 'relayed' }), waiting(carl)] }),
      [result(anna, 'failed'), result(carl, 'relayed')],
      { state: 'delivered', outcomes: ['relayed', 'relayed'], wakes: false },
    ],
    [
      'tried past its deadline: who still waits has failed',
      outbound({ expireAt: '2026-11-21T11:00:00.000Z' }),
      [result(anna, 'relayed'), result(carl, 'waiting')],
      { state: 'failed', outcomes: ['relayed', 'failed, owes failed'], wakes: true },
    ],
    [
      'a delay that the sender wants to hear of',
      outbound({ delayAt: '2026-11-21T11:30:00.000Z', recipients: [waiting(carl)] }),
      [result(carl, 'waiting')],
      { state: 'deferred', outcomes: ['waiting, owes delayed'], wakes: true, hop: true },
    ],
    [
      'NOTIFY=FAILURE: no word of a delay',
      outbound({ delayAt: '2026-11-21T11:30:00.000Z', recipients: [waiting(carl, { notify: 'FAILURE' })] }),
      [result(carl, 'waiting')],
      { state: 'deferred', outcomes: ['waiting'], wakes: true, hop: true },
    ],
    [
      'failed mail from <> is dead: nobody can be told',
      outbound({ from: '' }),
      [result(anna, 'failed'), result(carl, 'relayed')],
      { state: 'dead', outcomes: ['failed', 'relayed'], wakes: true },
    ],
  ];
  for (const [reason, before, results, expected] of cases)
    test(reason, () => {
      const after = settle(before, results);
      assert.equal(after.state, expected.state);
      assert.deepEqual(outcomes(after), expected.outcomes);
      assert.equal(after.wakeAt !== undefined, expected.wakes);
      assert.equal(after.hopKey !== undefined, expected.hop === true);
      assert.equal(after.lease, undefined);
    });

  test('undeliverable.hold keeps failed mail and owes nobody a report', () => {
    const after = settle(outbound(), [result(anna, 'failed'), result(carl, 'failed')], {
      undeliverable: { hold: true },
    });
    assert.equal(after.state, 'held');
    assert.deepEqual(outcomes(after), ['failed', 'failed']);
    assert.match(after.wake ?? '', /^h#/);
  });

  test('the last reply is that to those who wait, else to those who failed', () => {
    const failed = result(carl, 'failed', '550 no');
    const last = (other: RecipientResult) => settle(outbound(), [other, failed]).lastReply;
    assert.equal(last(result(anna, 'waiting', '450 later')), '450 later');
    assert.equal(last(result(anna, 'relayed', '250 ok')), '550 no');
  });

  test('waits grow with every attempt and stop at four hours', () => {
    const due = (attempts: number): string => settle(outbound({ attempts }), []).dueAt;
    assert.equal(due(0), '2026-11-21T12:15:00.000Z');
    assert.equal(due(1), '2026-11-21T12:30:00.000Z');
    assert.equal(due(30), '2026-11-21T16:00:00.000Z');
  });

  test('a stored reply is at most 1 KB, whole characters', () => {
    const after = settle(outbound(), [result(anna, 'failed', 'x'.repeat(5000)), result(carl, 'relayed')]);
    assert.equal(after.recipients[0]?.reply?.length, 1024);
    const long = settle(outbound(), [result(anna, 'failed', '€'.repeat(5000))]);
    assert.equal(long.recipients[0]?.reply, '€'.repeat(341));
  });

  test('a record of a hundred recipients with long replies stays under 64 KB', () => {
    const recipients = Array.from({ length: 100 }, (_, n) => waiting(`recipient-${n}@there.example`));
    const results = recipients.map(({ address }) => result(address, 'failed', 'x'.repeat(5000)));
    assert.ok(JSON.stringify(settle(outbound({ recipients }), results)).length < 64_000);
  });

  test('the reason of an earlier wait goes with the wait', () => {
    const after = settle(outbound({ reason: 'fault' }), [result(anna, 'relayed'), result(carl, 'relayed')]);
    assert.equal(after.reason, undefined);
  });

  test('from <> nothing is owed, not even while others wait', () => {
    const recipients = [waiting(anna), waiting(carl, { notify: 'SUCCESS' }), waiting('d@there.example')];
    const after = settle(outbound({ from: '', recipients }), [
      result(anna, 'failed'),
      result(carl, 'relayed'),
    ]);
    assert.equal(after.state, 'deferred');
    assert.deepEqual(outcomes(after), ['failed', 'relayed', 'waiting']);
  });

  test('held instead of reported: who asked to hear of success still does, and then the record rests', () => {
    const recipients = [waiting(anna, { notify: 'SUCCESS' }), waiting(carl)];
    const after = settle(outbound({ recipients }), [result(anna, 'relayed'), result(carl, 'failed')], {
      undeliverable: { hold: true },
    });
    assert.deepEqual([after.state, ...outcomes(after)], ['held', 'relayed, owes relayed', 'failed']);
    assert.match(after.wake ?? '', /^w#/);
    const cleared = gatherReport(messageRecord(), [after], now)?.cleared[0]?.next;
    assert.deepEqual([cleared?.state, ...outcomes(cleared!)], ['held', 'relayed', 'failed']);
    assert.match(cleared?.wake ?? '', /^h#/);
  });

  test('a wish left by an administrator is carried out with the outcome', () => {
    assert.equal(settle(outbound({ want: 'hold' }), []).state, 'held');
    assert.equal(settle(outbound({ want: 'delete' }), []).state, 'deleted');
    assert.deepEqual(outcomes(settle(outbound({ want: 'delete-report' }), [])), [
      'failed, owes failed',
      'failed, owes failed',
    ]);
    assert.equal(settle(outbound({ want: 'retry' }), []).dueAt, now.toISOString());
    assert.equal(
      settle(outbound({ want: 'hold' }), [result(anna, 'relayed'), result(carl, 'relayed')]).state,
      'delivered',
    );
  });
});

test('the invariant: whatever becomes of a delivery, it wakes while anything is owed, and never afterwards', () => {
  const outcome = fc.constantFrom<RecipientResult['outcome'] | 'nothing'>(
    'relayed',
    'failed',
    'waiting',
    'nothing',
  );
  const notify = fc.constantFrom(undefined, 'NEVER', 'SUCCESS', 'SUCCESS,FAILURE,DELAY', 'DELAY');
  const facts = fc.record({
    recipients: fc.array(fc.record({ outcome, notify }), { minLength: 1, maxLength: 5 }),
    from: fc.constantFrom('', 'bob@acme.example'),
    late: fc.boolean(),
    slow: fc.boolean(),
    hold: fc.boolean(),
  });
  fc.assert(
    fc.property(facts, ({ recipients, from, late, slow, hold }) => {
      const who = recipients.map((one, n) =>
        waiting(`p${n}@there.example`, one.notify === undefined ? {} : { notify: one.notify }),
      );
      const results = recipients.flatMap((one, n) =>
        one.outcome === 'nothing' ? [] : [result(`p${n}@there.example`, one.outcome)],
      );
      const expireAt = late ? '2026-11-21T11:00:00.000Z' : '2026-11-22T11:00:00.000Z';
      const delay = slow ? { delayAt: '2026-11-21T11:30:00.000Z' } : {};
      const after = settle(outbound({ recipients: who, from, expireAt, ...delay }), results, {
        undeliverable: { hold },
      });
      const waits = after.recipients.some((one) => one.outcome === 'waiting');
      const owes = after.recipients.some((one) => one.owes !== undefined);
      const rests = after.state === 'held' || after.state === 'dead';
      assert.equal(after.wake !== undefined, waits || owes || rests);
      assert.equal(after.wakeAt !== undefined, after.wake !== undefined);
      assert.equal(after.expiresAt !== undefined, !waits && !owes && !rests);
      assert.equal(after.wake?.startsWith('h#') ?? false, rests && !owes);
      if (from === '') assert.equal(owes, false, 'nobody is told of mail from <>');
    }),
  );
});

test('a hop that is closed puts work off without counting an attempt', () => {
  const after = putOff(outbound({ attempts: 2 }), '2026-11-21T12:10:00.000Z', 'closed');
  assert.equal(after.attempts, 2);
  assert.equal(after.state, 'deferred');
  assert.equal(after.wakeAt, '2026-11-21T12:10:00.000Z');
  assert.equal(after.lease, undefined);
});

test('a fault of ours gives the lease back and goes on counting claims', () => {
  const after = steppedBack(sending({ claims: 3 }), now);
  assert.equal(after.claims, 3);
  assert.equal(after.dueAt, '2026-11-21T12:08:00.000Z');
  assert.equal(after.lease, undefined);
});
