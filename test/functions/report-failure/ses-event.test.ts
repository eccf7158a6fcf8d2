/** Events of SES against records: relayed becomes failed and owed, once; nothing else moves. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { settleSesEvent } from '../../../functions/report-failure/ses-event.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { outboundDelivery, outboundSettings, recipient } from '../../builders/outbound.ts';
import { messageRecord } from '../../builders/spool.ts';

const anna = 'anna@there.example';
const carl = 'carl@there.example';
const now = new Date('2026-11-21T12:00:00.000Z');

let record: Delivery;
let reported: string[];
let kept: string[];
let told: string[];
let races: number;
let gone: boolean;

beforeEach(() => {
  reported = [];
  kept = [];
  told = [];
  races = 0;
  gone = false;
});

test('a bounce fails who was relayed, brings a report, and reopens the record for it', async () => {
  relayed();
  await settle(bounce(anna.toUpperCase()));
  const [one, other] = record.recipients;
  assert.deepEqual([one?.outcome, one?.owes, one?.reply], ['failed', 'failed', '550 5.1.1 unknown']);
  assert.equal(other?.outcome, 'relayed');
  assert.deepEqual([record.state, record.expiresAt, record.version], ['failed', undefined, 2]);
  assert.ok(record.wake && record.wakeAt);
  assert.deepEqual([reported, told], [['m1'], ['550 5.1.1 unknown']]);
});

test('where the message is gone after all, the word is noted and nobody waits for a report', async () => {
  relayed();
  gone = true;
  await settle(bounce(anna));
  assert.deepEqual([record.recipients[0]?.outcome, record.events[0]?.outcome], ['relayed', 'bounce']);
  assert.deepEqual([record.expiresAt, reported], [1, []]);
});

test('a rejection is for all whom the call was for', async () => {
  relayed();
  await settle({
    eventType: 'Reject',
    mail: { ...mail, destination: [anna, carl] },
    reject: { reason: 'x' },
  });
  assert.deepEqual(
    record.recipients.map(({ outcome, owes }) => [outcome, owes]),
    [
      ['failed', 'failed'],
      ['failed', 'failed'],
    ],
  );
  assert.deepEqual(reported, ['m1'], 'in one report');
});

test('a record of a hundred stays small, however long the replies are', async () => {
  const addresses = Array.from({ length: 100 }, (_, n) => `p${n}@there.example`);
  relayed({ recipients: addresses.map((one) => recipient(one, { outcome: 'relayed' })) });
  const bouncedRecipients = addresses.map((emailAddress) => ({
    emailAddress,
    diagnosticCode: `smtp; 550 ${'x'.repeat(2_000)}`,
  }));
  await settle({ eventType: 'Bounce', mail, bounce: { bounceType: 'Permanent', bouncedRecipients } });
  assert.ok(record.recipients.every(({ outcome }) => outcome === 'failed'));
  assert.ok(Buffer.byteLength(JSON.stringify(record)) < 80 * 1024, JSON.stringify(record).length.toString());
});

test('the same event again changes nothing', async () => {
  relayed();
  await settle(bounce(anna));
  const after = structuredClone(record);
  await settle(bounce(anna));
  assert.deepEqual(record, after);
  assert.equal(reported.length, 1);
});

test('who asked for no report gets none', async () => {
  relayed({ recipients: [recipient(anna, { outcome: 'relayed', notify: 'NEVER' })] });
  await settle(bounce(anna));
  assert.equal(record.recipients[0]?.outcome, 'failed');
  assert.ok(record.expiresAt, 'it has ended');
  assert.deepEqual(reported, []);
});

test('failed mail from nobody is dead, and its body is kept', async () => {
  relayed({ from: '' });
  await settle(bounce(anna));
  assert.deepEqual([record.state, kept], ['dead', ['m1']]);
});

test('with others waiting, the record goes on waiting', async () => {
  const recipients = [recipient(anna, { outcome: 'relayed' }), recipient(carl)];
  relayed({ recipients, state: 'deferred', dueAt: '2026-11-21T13:00:00.000Z' });
  await settle(bounce(anna));
  assert.deepEqual([record.state, record.dueAt], ['deferred', '2026-11-21T13:00:00.000Z']);
  assert.equal(record.wakeAt, '2026-11-21T12:02:00.000Z', 'for the report');
  assert.ok(record.hopKey);
});

for (const state of ['failed', 'deleted'] as const)
  test(`who is ${state} already stays so`, async () => {
    relayed({ recipients: [recipient(anna, { outcome: state })] });
    await settle(bounce(anna));
    assert.deepEqual([record.recipients[0]?.outcome, reported], [state, []]);
  });

test('deliveries and complaints are noted for the trace, no more', async () => {
  relayed();
  const before = structuredClone(record);
  await settle({ eventType: 'Delivery', mail, delivery: { recipients: [anna], smtpResponse: '250 done' } });
  await settle({
    eventType: 'Complaint',
    mail,
    complaint: { complainedRecipients: [{ emailAddress: anna }] },
  });
  assert.deepEqual(
    record.events.map(({ outcome }) => outcome),
    ['delivery', 'complaint'],
  );
  assert.deepEqual({ ...record, events: [], version: 1 }, before);
});

test('a record in work is not touched: the event comes again', async () => {
  relayed({ state: 'sending' });
  await assert.rejects(settle(bounce(anna)), /is being sent/);
});

test('a record that changes meanwhile is read again', async () => {
  relayed();
  races = 2;
  await settle(bounce(anna));
  assert.equal(record.recipients[0]?.outcome, 'failed');
});

test('an event before its pointer comes again; one of other mail is let go', async () => {
  relayed();
  const stranger = { ...bounce(anna), mail: { messageId: 'other' } };
  await assert.rejects(settle(stranger, 1), /before the record of its message/);
  await settle(stranger, 3);
  assert.equal(record.version, 1);
});

const mail = { messageId: 'ses-1' };

function bounce(emailAddress: string) {
  const bouncedRecipients = [{ emailAddress, diagnosticCode: 'smtp; 550 5.1.1 unknown' }];
  return { eventType: 'Bounce', mail, bounce: { bounceType: 'Permanent', bouncedRecipients } };
}

function relayed(change: Partial<Delivery> = {}): void {
  const recipients = [anna, carl].map((address) => recipient(address, { outcome: 'relayed' }));
  const {
    wake: _,
    wakeAt: __,
    hopKey: ___,
    ...delivery
  } = outboundDelivery({
    message: 'm1',
    transport: 'ses',
    nextHop: 'ses',
    state: 'delivered',
    recipients,
    expiresAt: 1,
    ...change,
  });
  record = delivery;
}

function settle(body: object, receives = 1): Promise<void> {
  return settleSesEvent(body, receives, {
    pointers: {
      read: (id) => Promise.resolve(id === 'ses-1' ? { message: 'm1', part: 'd#0001' } : undefined),
    },
    spool: {
      deliveries: () => Promise.resolve([structuredClone(record)]),
      message: () => Promise.resolve(gone ? undefined : messageRecord()),
    },
    settings: { current: () => Promise.resolve(outboundSettings()) },
    put(next, version) {
      if (races-- > 0) record = { ...record, version: record.version + 1 };
      if (record.version !== version) return Promise.resolve(false);
      record = next;
      return Promise.resolve(true);
    },
    keepMessage: (id) => Promise.resolve(void kept.push(id)),
    report: (message) => Promise.resolve(void reported.push(message)),
    clock: () => now,
    log: { failed: ({ reason }) => void told.push(reason) },
  });
}
