/** What Amazon SES tells afterwards, in the shapes in which SNS brings it: through the queue, to a report in Bob's mailbox. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { until } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import type { Delivery, State } from '../../mail/spool/records.ts';

const anna = 'anna@there.example';
const carl = 'carl@there.example';
const dora = 'dora@there.example';

test('SES takes a message, and tells later what became of it', async (t) => {
  const gateway = await sharedGateway(t);
  const world = new MailWorld(gateway);
  const [id = ''] = await world.bobWrites([anna, carl, dora].map((one) => `<${one}>`));
  const relayed = await world.delivery(id, 'delivered');
  const messageId = /took the message as (\S+)$/.exec(relayed.recipients[0]?.reply ?? '')?.[1] ?? '';
  const mail = {
    timestamp: '2026-11-21T12:00:00.000Z',
    source: 'bob@acme.example',
    sourceArn: 'arn:aws:ses:eu-west-1:123456789012:identity/acme.example',
    sendingAccountId: '123456789012',
    messageId,
    destination: [anna, carl, dora],
    headersTruncated: false,
    tags: { 'ses:configuration-set': ['postern'] },
  };
  const raw = (event: object) => world.enqueue('report', JSON.stringify(event));
  const wrapped = (event: object) => {
    const TopicArn = 'arn:aws:sns:eu-west-1:123456789012:postern-ses-events';
    const Message = JSON.stringify(event);
    const more = {
      MessageId: 'f6e5',
      Timestamp: mail.timestamp,
      Subject: 'Amazon SES Email Event Notification',
    };
    return raw({ Type: 'Notification', TopicArn, Message, SignatureVersion: '1', ...more });
  };
  const noted = (state: State, outcome: string, address: string): Promise<Delivery> =>
    until(`${outcome} of ${address} is on record`, async () => {
      const found = await world.delivery(id, state);
      return found.events.some((one) => one.outcome === outcome && one.recipient === address)
        ? found
        : undefined;
    });
  const outcomes = ({ recipients }: Delivery) => recipients.map(({ outcome }) => outcome);

  await t.test('it was taken as', () => {
    assert.ok(messageId, JSON.stringify(relayed.recipients));
    assert.deepEqual(outcomes(relayed), ['relayed', 'relayed', 'relayed']);
    assert.ok(relayed.expiresAt);
  });

  await t.test('a delivery, a delay and a complaint change nothing but the trace', async () => {
    await wrapped({
      eventType: 'Delivery',
      mail,
      delivery: {
        recipients: [anna],
        smtpResponse: '250 2.6.0 Message received',
        reportingMTA: 'mta.example',
      },
    });
    const delayedRecipients = [
      { emailAddress: carl, status: '4.4.1', diagnosticCode: 'smtp; 421 4.4.1 busy' },
    ];
    await raw({
      eventType: 'DeliveryDelay',
      mail,
      deliveryDelay: { delayType: 'TransientCommunicationFailure', delayedRecipients },
    });
    const complainedRecipients = [{ emailAddress: dora }];
    await wrapped({
      eventType: 'Complaint',
      mail,
      complaint: { complainedRecipients, complaintFeedbackType: 'abuse' },
    });
    await noted('delivered', 'delivery', anna);
    await noted('delivered', 'delay', carl);
    const record = await noted('delivered', 'complaint', dora);
    assert.deepEqual(
      [outcomes(record), record.expiresAt],
      [['relayed', 'relayed', 'relayed'], relayed.expiresAt],
    );
  });

  await t.test('a bounce of one, told twice, is one report', async () => {
    const bouncedRecipients = [
      {
        emailAddress: carl,
        action: 'failed',
        status: '5.1.1',
        diagnosticCode: 'smtp; 550 5.1.1 user unknown',
      },
    ];
    const bounce = { bounceType: 'Permanent', bounceSubType: 'General', bouncedRecipients };
    await wrapped({ eventType: 'Bounce', mail, bounce });
    await raw({ eventType: 'Bounce', mail, bounce });
    const [row] = await gateway.mail('mail/bob', 1);
    const text = (await gateway.body(row!)).toString();
    assert.match(text, /^Final-Recipient: rfc822; ?carl@there\.example\r$/im);
    assert.match(text, /^Diagnostic-Code: smtp; 550 5\.1\.1 user unknown\r$/im);
    assert.doesNotMatch(text, /^Final-Recipient: .*(anna|dora)/im);
    const record = await noted('failed', 'bounce', carl);
    assert.deepEqual(outcomes(record), ['relayed', 'failed', 'relayed']);
  });

  await t.test('what waits in nobody’s way ends again: the record has its 30 days from then', async () => {
    const record = await until('nothing is owed', async () => {
      const found = await world.delivery(id, 'failed');
      return found.wake === undefined && found.expiresAt !== undefined ? found : undefined;
    });
    assert.ok(record.expiresAt! >= relayed.expiresAt!);
  });

  await t.test('a suppressed address later on is a report of its own, in the words of SES', async () => {
    const diagnosticCode =
      'Amazon SES did not send the message to this address because it is on the suppression list for your account.';
    const bouncedRecipients = [{ emailAddress: dora, action: 'failed', status: '5.1.1', diagnosticCode }];
    const bounce = { bounceType: 'Permanent', bounceSubType: 'OnAccountSuppressionList', bouncedRecipients };
    await raw({ notificationType: 'Bounce', mail, bounce });
    const rows = await gateway.mail('mail/bob', 2);
    const text = (await gateway.body(rows.at(-1)!)).toString();
    assert.match(text, /Status: 5\.1\.1\r/i);
    assert.match(
      text.replaceAll(/\r\n\s+/g, ' '),
      /OnAccountSuppressionList.*suppression list for your account/,
    );
    assert.equal((await gateway.mail('mail/bob')).length, 2, 'and no more');
  });
});
