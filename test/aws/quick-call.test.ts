/** The short way to S3 and SQS: its signature against AWS's own example, its calls against the embedded services. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, beforeEach, describe, test } from 'node:test';
import { HeadObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { awsAcceptance } from '../../aws/acceptance.ts';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsObjects } from '../../aws/objects.ts';
import { quickS3, quickSqs, type QuickCalls } from '../../aws/quick-call.ts';
import { signed } from '../../aws/signature.ts';
import { bodyKeyOf } from '../../mail/spool/keys.ts';
import { messageRecord } from '../builders/spool.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

test('the PUT example of the Amazon S3 API reference (Authorization header, single chunk)', () => {
  const { authorization } = signed(
    {
      service: 's3',
      region: 'us-east-1',
      method: 'PUT',
      path: '/test%24file.text',
      headers: {
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        host: 'examplebucket.s3.amazonaws.com',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
      body: 'Welcome to Amazon S3.',
    },
    { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' },
    new Date('2013-05-24T00:00:00Z'),
  );
  assert.equal(
    authorization,
    'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
      'SignedHeaders=date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, ' +
      'Signature=98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  );
});

describe('with the embedded services', () => {
  let services: TestServices;
  before(async () => void (services = await startTestServices()));
  after(() => services.stop());

  test('thirty messages at once: the first asks the SDK the way, every one arrives once', async () => {
    const bucket = { client: services.s3, bucket: services.bucket };
    const asked: [string, boolean][] = [];
    const routeQueue = await services.queue('quick-route');
    const bodies = awsBodyStore({ ...bucket, quick: told(quickS3(services.s3, services.bucket), asked) });
    const acceptance = awsAcceptance({
      bodies,
      objects: awsObjects(bucket),
      client: services.sqs,
      quick: told(quickSqs(services.sqs), asked),
      routeQueue,
    });
    const ids = Array.from({ length: 30 }, (_, n) => `quick-${n}`);
    const accept = (id: string) =>
      acceptance.accept(
        { ...messageRecord({ message: id }).envelope, id },
        Buffer.from(`Subject: ${id}\r\n\r\n`),
      );
    await accept(ids[0]!);
    assert.deepEqual(asked.splice(0), [
      ['PUT', false],
      ['POST', false],
    ]);
    await Promise.all(ids.slice(1).map(accept));
    assert.equal(asked.filter(([method, taken]) => method === 'PUT' && taken).length, 29);
    assert.ok(asked.every(([, taken]) => taken));
    assert.ok(asked.length < 29 * 2, 'work leaves in batches');
    assert.deepEqual((await received(services, 'quick-route', 30)).sort(), ids.toSorted());
    const stored = await buffer(await bodies.open(bodyKeyOf('quick-7')));
    assert.equal(stored.toString(), 'Subject: quick-7\r\n\r\n');
  });
});

describe('what is not plainly a success', () => {
  let server: Server;
  let status = 200;
  let requests = 0;
  let client: S3Client;
  let quick: QuickCalls;
  before(async () => {
    server = createServer((request, response) => {
      requests += 1;
      request
        .resume()
        .on('end', () => (status === 0 ? request.socket.destroy() : response.writeHead(status).end()));
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => server.close().closeAllConnections());
  beforeEach(async () => {
    status = 200;
    const { port } = server.address() as AddressInfo;
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const endpoint = `http://127.0.0.1:${port}`;
    client = new S3Client({
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      credentials,
      maxAttempts: 1,
    });
    quick = quickS3(client, 'bucket');
    await client.send(new HeadObjectCommand({ Bucket: 'bucket', Key: 'learn/the-way' }));
    requests = 0;
  });

  const put = (resource = '/spool/00/one') => quick.call({ method: 'PUT', resource, headers: {}, body: 'x' });

  for (const [why, answer] of [
    ['a refusal', 403],
    ['a fault', 503],
    ['a redirection', 307],
    ['no answer', 0],
  ] as const)
    test(`${why} is for the SDK, and so are the next calls`, async () => {
      assert.ok(await put());
      status = answer;
      assert.equal(await put(), undefined);
      status = 200;
      assert.equal(await put(), undefined);
      assert.equal(requests, 2);
    });

  test('so is a path that would need escaping', async () => {
    assert.equal(await put('/spool/00/one two'), undefined);
    assert.equal(requests, 0);
  });
});

/** Notes of each call whether it succeeded. */
function told(quick: QuickCalls, asked: [string, boolean][]): QuickCalls {
  return {
    async call(request) {
      const answer = await quick.call(request);
      asked.push([request.method, answer !== undefined]);
      return answer;
    },
  };
}

async function received(services: TestServices, name: string, count: number): Promise<string[]> {
  const QueueUrl = await services.queue(name);
  const messages: Message[] = [];
  while (messages.length < count) {
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 5 });
    const { Messages = [] } = await services.sqs.send(receive);
    if (Messages.length === 0) break;
    messages.push(...Messages);
  }
  return messages.map(({ Body }) => (JSON.parse(Body ?? '{}') as { id: string }).id);
}
