import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isFromSes, readSesEvent } from '../../../mail/relay/ses-event.ts';

const mail = { messageId: 'ses-1', destination: ['a@x.example', 'b@x.example'] };
const anna = { emailAddress: 'a@x.example' };

test('a bounce in an SNS envelope, in the words of the other host', () => {
  const bouncedRecipients = [
    { ...anna, action: 'failed', status: '5.1.1', diagnosticCode: 'smtp; 550 5.1.1 user\r\n unknown' },
  ];
  const event = { eventType: 'Bounce', mail, bounce: { bounceType: 'Permanent', bouncedRecipients } };
  const body = { Type: 'Notification', TopicArn: 'arn:aws:sns:x:1:t', Message: JSON.stringify(event) };
  assert.ok(isFromSes(body));
  const recipients = [
    { address: 'a@x.example', failed: true, reply: '550 5.1.1 user unknown', replyBy: 'smtp' },
  ];
  assert.deepEqual(readSesEvent(body), { kind: 'bounce', sesId: 'ses-1', recipients });
});

const bounces: readonly [bounce: object, recipient: object, failed: boolean, why: string][] = [
  [
    { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList' },
    anna,
    true,
    'the suppression list',
  ],
  [{ bounceType: 'Transient', bounceSubType: 'General' }, anna, false, 'out of office'],
  [
    { bounceType: 'Transient', bounceSubType: 'MailboxFull' },
    { ...anna, action: 'failed' },
    true,
    'given up',
  ],
  [{ bounceType: 'Undetermined' }, { ...anna, action: 'delayed' }, false, 'nobody knows'],
  [{ bounceType: 'Undetermined', bounceSubType: 'Undetermined' }, anna, true, 'it came back all the same'],
  [{ bounceType: 'Transient', bounceSubType: 'ContentRejected' }, anna, true, 'SES tries no more'],
  [{ bounceType: 'Transient' }, anna, false, 'an answer by a machine'],
];
for (const [bounce, recipient, failed, why] of bounces)
  test(`bounce ${JSON.stringify(bounce)}: ${why}`, () => {
    const body = { notificationType: 'Bounce', mail, bounce: { ...bounce, bouncedRecipients: [recipient] } };
    const event = readSesEvent(body);
    assert.deepEqual(
      event?.recipients.map((one) => one.failed),
      [failed],
    );
    assert.match(event.recipients[0]!.reply, /^550 5\.0\.0 Amazon SES reports a bounce \(/);
  });

test('a suppressed address, in the words and with the status of SES', () => {
  const words = 'Amazon SES did not send the message to this address because it is on the suppression list';
  const bouncedRecipients = [{ ...anna, action: 'failed', status: '5.1.1', diagnosticCode: `${words}.` }];
  const bounce = { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList', bouncedRecipients };
  const event = readSesEvent({ eventType: 'Bounce', mail, bounce });
  assert.equal(
    event?.recipients[0]?.reply,
    `550 5.1.1 Amazon SES reports a bounce (Permanent, OnAccountSuppressionList): ${words}.`,
  );
});

test('given up after a temporary error is a failure of the same kind', () => {
  const bouncedRecipients = [{ ...anna, action: 'failed', status: '4.4.7', diagnosticCode: 'Expired' }];
  const bounce = { bounceType: 'Transient', bounceSubType: 'General', bouncedRecipients };
  const event = readSesEvent({ eventType: 'Bounce', mail, bounce });
  assert.match(event?.recipients[0]?.reply ?? '', /^550 5\.4\.7 .*: Expired$/);
});

const others: readonly [event: object, kind: string | undefined, addresses: string[], why: string][] = [
  [
    { eventType: 'Delivery', mail, delivery: { recipients: ['a@x.example'], smtpResponse: '250 ok' } },
    'delivery',
    ['a@x.example'],
    'delivered',
  ],
  [
    { eventType: 'Complaint', mail, complaint: { complainedRecipients: [anna] } },
    'complaint',
    ['a@x.example'],
    'a complaint',
  ],
  [
    { eventType: 'DeliveryDelay', mail, deliveryDelay: { delayedRecipients: [anna] } },
    'delay',
    ['a@x.example'],
    'a delay',
  ],
  [
    { eventType: 'Reject', mail, reject: { reason: 'Bad content' } },
    'reject',
    ['a@x.example', 'b@x.example'],
    'all of them',
  ],
  [
    { eventType: 'Rendering Failure', mail, failure: { errorMessage: 'no such attribute' } },
    'reject',
    ['a@x.example', 'b@x.example'],
    'nobody has it',
  ],
  [
    {
      eventType: 'Complaint',
      mail,
      complaint: { complainedRecipients: [{ emailAddress: 'Anna <a@x.example>' }] },
    },
    'complaint',
    ['a@x.example'],
    'an address as a header has it',
  ],
  [{ eventType: 'Send', mail, send: {} }, undefined, [], 'we have that from SES itself'],
  [{ eventType: 'Open', mail }, undefined, [], 'somebody has opened it'],
  [{ eventType: 'toString', mail }, undefined, [], 'nonsense'],
  [{ eventType: 'Bounce' }, undefined, [], 'no message'],
  [{ TopicArn: 'x', Message: 'Successfully validated SNS topic' }, undefined, [], 'the topic itself'],
];
for (const [event, kind, addresses, why] of others)
  test(`${JSON.stringify(event).slice(0, 40)}: ${why}`, () => {
    assert.ok(isFromSes(event));
    const read = readSesEvent(event);
    assert.equal(read?.kind, kind);
    assert.deepEqual(read?.recipients.map(({ address }) => address) ?? [], addresses);
  });

test('our own work is not from SES', () => {
  assert.equal(isFromSes({ message: 'm1' }), false);
});

test('no JSON breaks the reader', () => {
  const kinds = fc.constantFrom('Bounce', 'Complaint', 'Delivery', 'DeliveryDelay', 'Reject');
  const names = ['mail', 'bounce', 'complaint', 'delivery', 'deliveryDelay', 'reject'];
  const parts = fc.record(Object.fromEntries(names.map((name) => [name, fc.jsonValue()])));
  fc.assert(
    fc.property(kinds, parts, (eventType, fields) => {
      readSesEvent({ ...fields, eventType });
      readSesEvent({ ...fields, eventType, mail });
    }),
  );
});
