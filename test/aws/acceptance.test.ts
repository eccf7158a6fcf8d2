/** Acceptance over the embedded S3 and SQS, and over an SQS whose answers get lost. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { awsAcceptance, type AcceptanceOptions } from '../../aws/acceptance.ts';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsObjects } from '../../aws/objects.ts';
import { BodyMissing, type ObjectStore, type RouteWork } from '../../mail/spool/doors.ts';
import { bodyKeyOf } from '../../mail/spool/keys.ts';
import { messageRecord } from '../builders/spool.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

const address = (n: number): string => `recipient-with-a-long-name-${n}@acme.example`;

function envelope(id: string, recipients = 1) {
  const one = messageRecord({ message: id }).envelope;
  return { ...one, id, recipients: Array.from({ length: recipients }, (_, n) => ({ address: address(n) })) };
}

describe('with S3 and SQS', () => {
  let services: TestServices;
  let options: AcceptanceOptions;
  let objects: ObjectStore;
  before(async () => {
    services = await startTestServices();
    const bucket = { client: services.s3, bucket: services.bucket };
    objects = awsObjects(bucket);
    options = {
      bodies: awsBodyStore(bucket),
      objects,
      client: services.sqs,
      routeQueue: await services.queue('test-route'),
    };
  });
  after(() => services.stop());

  async function work(): Promise<RouteWork> {
    const receive = new ReceiveMessageCommand({ QueueUrl: options.routeQueue, WaitTimeSeconds: 5 });
    const { Messages } = await services.sqs.send(receive);
    return JSON.parse(Messages?.[0]?.Body ?? 'null') as RouteWork;
  }

  test('a small body and its work', async () => {
    const one = envelope('small');
    await awsAcceptance(options).accept(one, Buffer.from('Subject: x\r\n\r\n'));
    assert.deepEqual(await work(), { id: 'small', envelope: one });
    assert.equal(
      (await buffer(await options.bodies.open(bodyKeyOf('small')))).toString(),
      'Subject: x\r\n\r\n',
    );
  });

  test('a large body goes in parts, a large envelope beside it', async () => {
    const octets = Buffer.alloc(12 * 1024 * 1024, 'large\r\n');
    const one = envelope('large', 5000);
    const pieces = Array.from({ length: 48 }, (_, n) => octets.subarray(n * 262_144, (n + 1) * 262_144));
    await awsAcceptance(options).accept(one, Readable.from(pieces));
    const { envelopeKey = '', ...rest } = await work();
    assert.deepEqual(rest, { id: 'large' });
    assert.match(envelopeKey, /^envelopes\//);
    assert.deepEqual(await objects.getJson(envelopeKey), one);
    assert.ok((await buffer(await options.bodies.open(bodyKeyOf('large')))).equals(octets));
    const range = await options.bodies.open(bodyKeyOf('large'), { start: 7, end: 13 });
    assert.equal((await buffer(range)).toString(), 'large\r\n');
  });

  test('a body that is not there', async () => {
    await assert.rejects(options.bodies.open('spool/00/none'), BodyMissing);
  });
});

describe('with an SQS that fails', () => {
  const refusal = Object.assign(new Error('no such queue'), {
    name: 'QueueDoesNotExist',
    $metadata: { httpStatusCode: 400 },
  });
  const lost = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
  const broken = Object.assign(new Error('internal'), { $metadata: { httpStatusCode: 500 } });
  const throttled = Object.assign(new Error('slow down'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });

  function accepting(outcomes: (Error | 'taken')[], patience = 10_000) {
    const sent: string[] = [];
    const puts: string[] = [];
    const client = {
      send: async ({ input }: { input: { MessageBody: string } }) => {
        sent.push((JSON.parse(input.MessageBody) as RouteWork).id);
        const outcome = outcomes.shift() ?? lost;
        if (outcome !== 'taken') throw outcome;
      },
    } as unknown as SQSClient;
    const bodies = {
      put: async (id: string) => void puts.push(id),
      putNew: () => assert.fail('no report'),
      open: () => assert.fail('not opened'),
    };
    const objects = { putJson: () => assert.fail('not large') };
    const acceptance = awsAcceptance({ bodies, objects, client, routeQueue: 'route', patience });
    return { sent, puts, accept: () => acceptance.accept(envelope('one'), Buffer.from('x')) };
  }

  for (const [why, failure] of [
    ['no answer', lost],
    ['5xx', broken],
    ['throttled', throttled],
  ] as const)
    test(`${why}: the same id again until it is known`, async () => {
      const { accept, sent, puts } = accepting([failure, 'taken']);
      await accept();
      assert.deepEqual(sent, ['one', 'one']);
      assert.deepEqual(puts, ['one']);
    });

  test('a plain refusal is known at once', async () => {
    const { accept, sent } = accepting([refusal, 'taken']);
    await assert.rejects(accept(), refusal);
    assert.deepEqual(sent, ['one']);
  });

  test('what stays unknown ends when patience does', async () => {
    const { accept, sent } = accepting([], 500);
    await assert.rejects(accept(), lost);
    assert.ok(sent.length > 1);
  });
});
