/**
 * A message is accepted whatever becomes of the short way: the call that breaks is asked again of the SDK, and work
 * never stands in the queue before its body stands in the store.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { awsAcceptance } from '../../aws/acceptance.ts';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsObjects } from '../../aws/objects.ts';
import { quickS3, quickSqs } from '../../aws/quick-call.ts';
import { messageRecord } from '../builders/spool.ts';

/** Breaks one call of the short way, before or after it was carried out. */
interface Fault {
  readonly why: string;
  readonly isLost: boolean;
  readonly answer: (response: ServerResponse) => void;
}

const faults: readonly Fault[] = [
  { why: 'closed before it was carried out', isLost: true, answer: ({ socket }) => socket!.end() },
  { why: 'closed after it was carried out', isLost: false, answer: ({ socket }) => socket!.end() },
  { why: 'broken', isLost: false, answer: ({ socket }) => socket!.resetAndDestroy() },
  { why: 'refused', isLost: true, answer: (response) => response.writeHead(503).end() },
  {
    why: 'half answered',
    isLost: true,
    answer: ({ socket }) => socket!.end('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{'),
  },
];

const stored = new Set<string>();
/** Ids of the work in the queue, and whether its body stood in the store by then. */
const queued = new Map<string, boolean>();
let pending: { readonly method: string; readonly fault: Fault } | undefined;

function carryOut(request: IncomingMessage, body: string): string {
  if (request.method === 'PUT') {
    stored.add(request.url!.split('?')[0]!.split('/').at(-1)!);
    return '';
  }
  const { MessageBody } = JSON.parse(body) as { MessageBody: string };
  const { id } = JSON.parse(MessageBody) as { id: string };
  queued.set(id, stored.has(id));
  return JSON.stringify({
    MessageId: '1',
    MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
  });
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = (await buffer(request)).toString();
  // The SDK says who it is; the short way does not.
  const isQuick = request.headers['user-agent'] === undefined;
  const fault = isQuick && request.method === pending?.method ? pending?.fault : undefined;
  if (fault !== undefined) pending = undefined;
  const words = fault?.isLost ? '' : carryOut(request, body);
  if (fault !== undefined) return fault.answer(response);
  response.writeHead(200, { 'content-length': Buffer.byteLength(words) }).end(words);
}

describe('the call is', () => {
  const server = createServer((request, response) => void serve(request, response));
  before(async () => void (await once(server.listen(0, '127.0.0.1'), 'listening')));
  after(() => server.close().closeAllConnections());

  for (const fault of faults)
    for (const method of ['PUT', 'POST'])
      test(`${fault.why}: ${method}`, async () => {
        const accept = accepting(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
        const [first, second] = [`first-${method}`, `second-${method}`];
        stored.clear();
        queued.clear();
        await accept(first);
        pending = { method, fault };
        await accept(second);
        assert.equal(pending, undefined, 'the fault came');
        assert.deepEqual([...stored], [first, second]);
        assert.deepEqual(
          [...queued],
          [first, second].map((id) => [id, true]),
        );
      });
});

function accepting(endpoint: string): (id: string) => Promise<void> {
  const options = {
    region: 'us-east-1',
    endpoint,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    maxAttempts: 1,
  };
  const client = new S3Client({ ...options, forcePathStyle: true });
  const sqs = new SQSClient({ ...options, useQueueUrlAsEndpoint: false });
  const bucket = { client, bucket: 'bucket' };
  const acceptance = awsAcceptance({
    bodies: awsBodyStore({ ...bucket, quick: quickS3(client, 'bucket') }),
    objects: awsObjects(bucket),
    client: sqs,
    quick: quickSqs(sqs),
    routeQueue: `${endpoint}/0/route`,
  });
  return (id) =>
    acceptance.accept(
      { ...messageRecord({ message: id }).envelope, id },
      Buffer.from('Subject: one\r\n\r\n'),
    );
}
