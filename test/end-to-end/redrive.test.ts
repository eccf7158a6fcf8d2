/** `postern spool redrive` with letters of every queue that nothing else would wake: each goes back, and its work is done. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { toItem } from '../../aws/items.ts';
import { bodyKeyOf, hour, later } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { rested } from '../../mail/spool/standing.ts';
import { type SharedGateway } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { outboundDelivery, recipient } from '../builders/outbound.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';
import { delivery, envelope, messageRecord } from '../builders/spool.ts';

const text = 'From: you@elsewhere.example\r\nSubject: parked\r\n\r\nHello.\r\n';
const many = 12;

type Queue = keyof SharedGateway['endpoints']['queues'];

test('dead letters go back to their queue, where they are done', async (t) => {
  await using sink = await smtpSink();
  const gateway = await sharedGateway(t);
  const world = new MailWorld(gateway);
  const { clients, endpoints } = gateway;
  const { bucket: Bucket, tables, queues } = endpoints;
  const spooled = (id: string) =>
    clients.s3.send(new PutObjectCommand({ Bucket, Key: bodyKeyOf(id), Body: text }));
  const dead = (queue: Queue, body: object) =>
    clients.sqs.send(
      new SendMessageCommand({ QueueUrl: `${queues[queue]}-dead`, MessageBody: JSON.stringify(body) }),
    );
  const enveloped = (id: string) => {
    const size = Buffer.byteLength(text);
    const common = { id, size, headerSize: text.indexOf('\r\n\r\n') + 4 };
    return envelope({ ...common, acceptedAt: new Date().toISOString() });
  };
  /** A message whose delivery looks as if its worker had been told already. */
  const onRecord = async (parked: Delivery): Promise<void> => {
    const id = parked.message;
    await spooled(id);
    const times = { acceptedAt: later(new Date(), -hour), expireAt: later(new Date(), hour) };
    const fits = { ...times, size: Buffer.byteLength(text), bodyKey: bodyKeyOf(id) };
    const message = messageRecord({ message: id, envelope: { ...enveloped(id), from: parked.from } });
    for (const item of [message, { ...rested(parked, later(new Date(), hour)), ...fits }])
      await clients.dynamodb.send(new PutItemCommand({ TableName: tables.spool, Item: toItem(item) }));
  };
  const redrive = (queue: Queue) => world.postern.json<unknown>('spool', 'redrive', queue);

  await t.test('route: more than one call of SQS takes, each the only copy of its envelope', async () => {
    for (let n = 0; n < many; n++) {
      const id = `route-${n}`;
      await spooled(id);
      const header = { subject: 'parked', messageId: `<${n}.${'x'.repeat(150_000)}@elsewhere.example>` };
      await dead('route', { id, envelope: { ...enveloped(id), header } });
    }
    assert.deepEqual(await redrive('route'), { queue: 'route', moved: many });
    assert.equal((await gateway.mail('mail/alice', many)).length, many);
  });

  await t.test('deliver', async () => {
    const { message, part } = delivery({ message: 'parked-deliver', dueAt: later(new Date(), -hour) });
    await onRecord(delivery({ message, dueAt: later(new Date(), -hour) }));
    await dead('deliver', { message, part });
    assert.deepEqual(await redrive('deliver'), { queue: 'deliver', moved: 1 });
    assert.ok((await gateway.mail('mail/alice', many + 1)).some(({ id }) => id === message));
  });

  await t.test('relay', async () => {
    const hop = { transport: 'ses', nextHop: 'ses' } as const;
    await onRecord(outboundDelivery({ message: 'parked-relay', ...hop }));
    await dead('relay', hop);
    assert.deepEqual(await redrive('relay'), { queue: 'relay', moved: 1 });
    assert.match((await world.delivery('parked-relay', 'delivered')).lastReply ?? '', /^$|SES/);
  });

  await t.test('direct', async () => {
    const hop = { transport: 'smtp', nextHop: `127.0.0.1:${sink.port}` } as const;
    await onRecord(outboundDelivery({ message: 'parked-direct', ...hop }));
    await dead('direct', hop);
    assert.deepEqual(await redrive('direct'), { queue: 'direct', moved: 1 });
    await sink.received(1);
    await world.delivery('parked-direct', 'delivered');
  });

  await t.test('report', async () => {
    const message = 'parked-report';
    const failed = recipient('anna@there.example', {
      outcome: 'failed',
      owes: 'failed',
      reply: '550 5.1.1 no',
    });
    await onRecord(outboundDelivery({ message, state: 'failed', recipients: [failed] }));
    await dead('report', { message });
    assert.deepEqual(await redrive('report'), { queue: 'report', moved: 1 });
    await world.reported(message);
    assert.equal((await gateway.mail('mail/bob', 1)).length, 1);
  });

  await t.test('said again, it finds nothing', async () => {
    for (const queue of Object.keys(queues) as Queue[]) await isEmpty(queue);
  });

  async function isEmpty(queue: Queue): Promise<void> {
    assert.deepEqual(await redrive(queue), { queue, moved: 0 });
    const QueueUrl = `${queues[queue]}-dead`;
    const AttributeNames = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
    const { Attributes } = await clients.sqs.send(
      new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
    );
    const counts = AttributeNames.map((name) => Attributes?.[name]);
    assert.deepEqual(counts, ['0', '0'], queue);
  }
});
