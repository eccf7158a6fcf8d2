import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Delivery, State, Want } from '../../../mail/spool/records.ts';
import { atRest, closed, rested } from '../../../mail/spool/standing.ts';
import { steer, wished, withSteering, type Steering } from '../../../mail/spool/steer.ts';
import { delivery, now, outbound, sending, waiting } from '../../builders/spool.ts';

const context = { now, clockHours: 24, by: 'root@mail1', because: 'full disk' };
const event = (outcome: string) => ({
  at: now.toISOString(),
  stage: 'steer' as const,
  outcome,
  reply: 'by root@mail1: full disk',
});

function steered(before: Delivery, verb: Steering): Delivery {
  const answer = steer(before, verb, context);
  assert.ok('next' in answer, 'refused' in answer ? answer.refused : '');
  return answer.next;
}

const pending = delivery();
const deferred = delivery({ state: 'deferred', dueAt: '2026-11-21T15:00:00.000Z', attempts: 3 });
const held = atRest(delivery({ state: 'held', attempts: 4 }), 'rule x', now);
const failed = waiting('alice@acme.example', { outcome: 'failed' });
const dead = atRest(delivery({ state: 'dead', from: '', recipients: [failed] }), 'no sender', now);

const routed = closed(
  delivery({ state: 'deleted', recipients: [], events: [event('release'), event('routed again')] }),
  now,
);

describe('an administrator steers', () => {
  const cases: [string, Delivery, Steering, State][] = [
    ['pending mail can be held', pending, 'hold', 'held'],
    ['deferred mail can be held', deferred, 'hold', 'held'],
    ['held mail is released to be tried now', held, 'release', 'pending'],
    ['deferred mail is tried now', deferred, 'retry', 'pending'],
    ['dead mail is tried again', dead, 'retry', 'pending'],
    ['pending mail is deleted, nobody is told', pending, 'delete', 'deleted'],
    ['held mail is deleted with a report', held, 'delete-report', 'failed'],
    ['dead mail is deleted; there is nobody to report to', dead, 'delete-report', 'failed'],
  ];
  for (const [reason, before, verb, state] of cases)
    test(reason, () => assert.equal(steered(before, verb).state, state));

  const refusals: [string, Delivery, Steering, RegExp][] = [
    ['held mail is not retried behind the back of who held it', held, 'retry', /release it first/],
    ['only held mail is released', dead, 'release', /not held/],
    ['dead mail is at rest already', dead, 'hold', /retry or delete/],
    ['nor is it retried where others took its place', routed, 'retry', /has been routed/],
    ['ended mail is ended', closed(delivery({ state: 'delivered' }), now), 'delete', /delivered already/],
  ];
  for (const [reason, before, verb, words] of refusals)
    test(reason, () => {
      const answer = steer(before, verb, context);
      assert.match('refused' in answer ? answer.refused : '', words);
    });

  const twice: [string, Delivery, Steering, RegExp][] = [
    ['held mail is held already', held, 'hold', /held already/],
    ['released mail is pending already', pending, 'release', /pending already/],
    ['or put off', deferred, 'release', /deferred already/],
    ['or being sent', sending(), 'release', /sending already/],
    [
      'deleted mail is deleted already',
      closed(delivery({ state: 'deleted' }), now),
      'delete',
      /deleted already/,
    ],
    [
      'mail deleted with a report is deleted already',
      steered(held, 'delete-report'),
      'delete-report',
      /deleted already/,
    ],
    [
      'also where a wish was carried out later',
      wished(deferred, 'delete-report', now),
      'delete-report',
      /deleted already/,
    ],
    ['what was routed since its release is released already', routed, 'release', /released already/],
    ['a wish is a wish already', sending({ want: 'hold' }), 'hold', /takes effect when/],
  ];
  for (const [reason, before, verb, words] of twice)
    test(`said twice: ${reason}`, () => {
      const answer = steer(before, verb, context);
      assert.match('already' in answer ? answer.already : '', words);
    });

  test('what a worker holds gets a wish that takes effect later', () => {
    const answer = steer(sending(), 'hold', context);
    assert.deepEqual(answer, {
      next: sending({ want: 'hold', events: [event('hold wanted')] }),
      later: true,
    });
  });

  test('a wish to hold is taken back', () => {
    const answer = steer(sending({ want: 'hold' }), 'release', context);
    assert.deepEqual(answer, { next: sending({ events: [event('release')] }), later: false });
  });

  test('who did it and why is on the record, and stays when a worker writes what it read before', () => {
    assert.deepEqual(steered(pending, 'hold').events, [event('hold')]);
    const before = { at: '2026-11-20T00:00:00.000Z', stage: 'route', outcome: 'to x' } as const;
    const settled = delivery({ events: [before] });
    const seen = delivery({ events: [event('hold wanted')] });
    assert.deepEqual(withSteering(settled, seen).events, [before, event('hold wanted')]);
    assert.deepEqual(withSteering(withSteering(settled, seen), seen).events.length, 2);
  });

  test('released mail starts afresh: clock, attempts and claims', () => {
    const after = steered(held, 'release');
    assert.equal(after.attempts, 0);
    assert.equal(after.dueAt, now.toISOString());
    assert.equal(after.expireAt, '2026-11-22T12:00:00.000Z');
    assert.match(after.wake ?? '', /^w#/);
  });

  test('who has the message already is not given it again', () => {
    const recipients = [
      waiting('a@x.example', { outcome: 'relayed' }),
      waiting('b@x.example', { outcome: 'failed' }),
    ];
    const after = steered(atRest(outbound({ state: 'held', recipients }), 'failed', now), 'release');
    assert.deepEqual(
      after.recipients.map(({ outcome }) => outcome),
      ['relayed', 'waiting'],
    );
  });

  test('holding and releasing keeps what is owed for those who have ended, and their outcome', () => {
    const recipients = [
      waiting('a@x.example', { outcome: 'failed', owes: 'failed' }),
      waiting('b@x.example', { outcome: 'relayed', owes: 'relayed' }),
      waiting('c@x.example', { owes: 'delayed' }),
    ];
    const after = steered(outbound({ state: 'deferred', recipients }), 'hold');
    assert.match(after.wake ?? '', /^w#/, 'a report is due without anybody');
    const outcomes = (one: Delivery) => one.recipients.map(({ outcome, owes }) => `${outcome} ${owes ?? ''}`);
    assert.deepEqual(outcomes(after), ['failed failed', 'relayed relayed', 'waiting ']);
    assert.deepEqual(outcomes(steered(after, 'release')), ['failed failed', 'relayed relayed', 'waiting ']);
  });

  test('who was reported as failed stays failed', () => {
    const recipients = [
      waiting('a@x.example', { outcome: 'failed', told: true }),
      waiting('b@x.example', { outcome: 'failed' }),
    ];
    const kept = atRest(outbound({ state: 'held', recipients }), 'failed', now);
    assert.deepEqual(
      steered(kept, 'release').recipients.map(({ outcome }) => outcome),
      ['failed', 'waiting'],
    );
    assert.deepEqual(
      steered(kept, 'delete-report').recipients.map(({ owes }) => owes),
      [undefined, 'failed'],
    );
  });

  test('a deletion is our word, not that of the host that put it off', () => {
    const recipients = [
      waiting('a@x.example', { reply: '450 later', replyBy: 'smtp', remote: 'mx.x.example' }),
    ];
    const [one] = steered(outbound({ state: 'deferred', recipients }), 'delete-report').recipients;
    assert.deepEqual([one?.replyBy, one?.remote], ['X-Notes', undefined]);
  });

  test('what some have got is not called deleted', () => {
    const recipients = [waiting('a@x.example', { outcome: 'relayed' }), waiting('b@x.example')];
    assert.equal(steered(outbound({ state: 'deferred', recipients }), 'delete').state, 'delivered');
  });

  test('a deletion forgets the delay that nobody was told of', () => {
    const recipients = [waiting('a@x.example', { owes: 'delayed' })];
    const after = steered(outbound({ state: 'deferred', recipients }), 'delete');
    assert.equal(after.wake, undefined);
  });

  const settledAs: [string, Delivery, Want, State][] = [
    ['hold, and it waits', deferred, 'hold', 'held'],
    ['delete, and it waits', deferred, 'delete', 'deleted'],
    ['delete, and it is to be routed again', pending, 'delete', 'deleted'],
    ['delete, and it was held meanwhile', held, 'delete', 'deleted'],
    ['delete, and it is dead', dead, 'delete-report', 'failed'],
    ['hold, and it is dead', dead, 'hold', 'dead'],
    ['delete, and it has arrived', closed(delivery({ state: 'delivered' }), now), 'delete', 'delivered'],
  ];
  for (const [reason, settled, want, state] of settledAs)
    test(`a wish to ${reason}`, () => {
      const after = wished(settled, want, now);
      assert.equal(after.state, state);
      assert.equal(after.want, undefined);
    });

  test('a wish to try again now wakes at once', () => {
    const after = wished(rested(deferred, deferred.dueAt), 'retry', now);
    assert.deepEqual([after.dueAt, after.wakeAt], [now.toISOString(), now.toISOString()]);
  });

  test('a deletion with a report owes one and wakes for it; without one it ends', () => {
    const told = steered(pending, 'delete-report');
    assert.equal(told.recipients[0]?.owes, 'failed');
    assert.ok(told.wakeAt);
    const quiet = steered(pending, 'delete');
    assert.equal(quiet.wakeAt, undefined);
    assert.ok(quiet.expiresAt);
  });
});
