/** The story of a message from its records: everybody is told of, however few events the records keep. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Recipient } from '../../../mail/spool/records.ts';
import { settleAttempt } from '../../../mail/spool/settle.ts';
import { storyOf } from '../../../mail/spool/story.ts';
import { configuration, envelope, messageRecord, now, outbound, waiting } from '../../builders/spool.ts';

const because = { document: 'Configuration *', field: 'routing.relayHost', entry: 'relay.example' };
const accepted = { document: 'Person Bob Example/Acme', field: 'internetAddress' };

function many(count: number): Recipient[] {
  return Array.from({ length: count }, (_, n) => waiting(`x${n}@there.example`, { because }));
}

test('a hundred recipients: each is routed and relayed, with the reason', () => {
  const claimed = outbound({ recipients: many(100) });
  const results = claimed.recipients.map(({ address }) => ({
    address,
    outcome: 'relayed' as const,
    reply: '250 Ok',
    replyBy: 'smtp' as const,
  }));
  const settled = settleAttempt(claimed, results, { now, configuration: configuration() });
  assert.equal(settled.events.length, 20, 'the record keeps the newest');
  const message = messageRecord({ envelope: envelope({ accepted, recipients: [] }) });
  const story = storyOf({ message, deliveries: [settled], reports: [] });
  const of = (stage: string) => story.events.filter((event) => event.stage === stage);
  assert.deepEqual(
    of('accept').map((event) => event.because),
    [accepted],
  );
  for (const stage of ['route', 'relay']) {
    assert.equal(new Set(of(stage).map(({ recipient }) => recipient)).size, 100);
    assert.equal(of(stage).length, 100);
    for (const event of of(stage)) assert.deepEqual(event.because, because);
  }
  assert.equal(story.recipients.length, 100, 'of a large envelope the deliveries name them');
});

test('each RCPT TO has the reason why it was accepted', () => {
  const other = { document: 'Configuration *', field: 'relayEnforcement.authenticatedUsers', entry: 'allow' };
  const recipients = [{ address: 'bob@acme.example' }, { address: 'x@there.example', accepted: other }];
  const message = messageRecord({ envelope: envelope({ accepted, recipients }) });
  const large = messageRecord({ envelope: envelope({ accepted, recipients: [] }) });
  for (const given of [{ message }, { message: large, recipients }]) {
    const { events } = storyOf({ ...given, deliveries: [], reports: [] });
    assert.deepEqual(
      events.map((event) => [event.recipient, event.because]),
      [
        ['bob@acme.example', accepted],
        ['x@there.example', other],
      ],
    );
  }
});

test('of a hundred who run out of time each has the deadline as the reason of its end', () => {
  const claimed = outbound({ recipients: many(100), expireAt: '2026-11-21T11:00:00.000Z' });
  const settled = settleAttempt(claimed, [], { now, configuration: configuration() });
  const { events } = storyOf({ message: messageRecord(), deliveries: [settled], reports: [] });
  const ends = events.filter(({ stage }) => stage === 'relay');
  assert.equal(ends.length, 100);
  for (const { because: why } of ends) assert.equal(why?.field, 'transfer.timeoutHours');
});

test('who runs out of time: the deadline is the reason', () => {
  const claimed = outbound({ recipients: many(1), expireAt: '2026-11-21T11:00:00.000Z' });
  const result = {
    address: 'x0@there.example',
    outcome: 'waiting',
    reply: '451 Not now',
    replyBy: 'smtp',
  } as const;
  const context = { now, configuration: configuration({ transfer: { timeoutHours: 5 } }) };
  const settled = settleAttempt(claimed, [result], context);
  const { events } = storyOf({ message: messageRecord(), deliveries: [settled], reports: [] });
  const ends = events.filter(({ stage }) => stage === 'relay');
  assert.deepEqual(
    ends.map((event) => [event.outcome, event.because?.field, event.because?.entry]),
    [
      ['deferred', 'routing.relayHost', 'relay.example'],
      ['failed', 'transfer.timeoutHours', '5'],
    ],
  );
});

test('what routing settled itself is told once; reports come last', () => {
  const failed = waiting('no@acme.example', { outcome: 'failed', reply: 'not listed', because });
  const settled = outbound({ transport: 'route', state: 'failed', recipients: [failed], events: [] });
  const report = {
    message: 'm1',
    part: 'r#01',
    kind: 'failed',
    recipients: [failed],
    reportId: 'm1-r1',
    date: now.toISOString(),
    boundary: 'b',
  } as const;
  const { events } = storyOf({ message: messageRecord(), deliveries: [settled], reports: [report] });
  assert.deepEqual(
    events.map(({ stage, outcome }) => `${stage} ${outcome}`),
    ['accept accepted', 'route failed', 'report failed, as message m1-r1'],
  );
});
