import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { PutObjectCommandInput, S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { startQueuesAndObjects } from '../../../local/services/queues-and-objects.ts';
import { decodeChunks } from '../../../local/services/s3/aws-chunked.ts';
import { slicesOf } from '../../../local/services/s3/object-files.ts';
import { byteRange } from '../../../local/services/s3/s3-protocol.ts';
import { folder, s3Client, unexpected } from './clients.ts';

const Bucket = 'postern';
const part = 5 * 1024 * 1024;

interface Started {
  readonly client: S3Client;
  bodies(): Promise<string[]>;
  restart(): Promise<Started>;
}

const started = async (t: TestContext): Promise<Started> => open(t, await folder(t));

async function open(t: TestContext, path: string): Promise<Started> {
  const service = await startQueuesAndObjects({ queues: path, objects: join(path, 's3') }, unexpected);
  let running = true;
  const stop = async () => {
    if (running) await service.stop();
    running = false;
  };
  t.after(stop);
  const client = s3Client(service.url, t);
  await client.send(new CreateBucketCommand({ Bucket }));
  const restart = async () => {
    await stop();
    return open(t, path);
  };
  return { client, bodies: () => readdir(join(path, 's3', 'bodies')), restart };
}

const put = ({ client }: Started, Key: string, Body: PutObjectCommandInput['Body'], more: object = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body, ...more }));

async function get({ client }: Started, Key: string, more: object = {}): Promise<Buffer> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

const upload = ({ client }: Started, Key: string, Body: Readable, more: object = {}) =>
  new Upload({ client, params: { Bucket, Key, Body, ...more }, partSize: part, queueSize: 1 }).done();

suite('an object', () => {
  test('is what was put, its type and metadata kept, in the next start too', async (t) => {
    const running = await started(t);
    const bytes = randomBytes(70_000);
    await put(running, 'spool/ab/id', bytes, { ContentType: 'message/rfc822', Metadata: { id: 'm1' } });
    const second = await running.restart();
    assert.deepEqual(await get(second, 'spool/ab/id'), bytes);
    const head = await second.client.send(new HeadObjectCommand({ Bucket, Key: 'spool/ab/id' }));
    assert.equal(head.ContentLength, bytes.length);
    assert.equal(head.ContentType, 'message/rfc822');
    assert.deepEqual(head.Metadata, { id: 'm1' });
  });

  test('may be empty, and its key may hold any character', async (t) => {
    const running = await started(t);
    const keys = ['mailboxes/mail/älice & bob+1@x.example/?.eml', '../up', 'a//b', `long/${'x'.repeat(400)}`];
    for (const key of keys) await put(running, key, key === 'a//b' ? Buffer.alloc(0) : key);
    for (const key of keys) assert.equal((await get(running, key)).toString(), key === 'a//b' ? '' : key);
    const { Contents } = await running.client.send(new ListObjectsV2Command({ Bucket }));
    assert.deepEqual(new Set(Contents?.map(({ Key }) => Key)), new Set(keys));
  });

  test('that is not there is NoSuchKey', async (t) => {
    await assert.rejects(get(await started(t), 'none'), NoSuchKey);
  });

  test('is read in ranges', async (t) => {
    const running = await started(t);
    await put(running, 'k', '0123456789');
    const cases = { 'bytes=2-4': '234', 'bytes=7-': '789', 'bytes=-3': '789', 'bytes=5-99': '56789' };
    for (const [Range, expected] of Object.entries(cases))
      assert.equal((await get(running, 'k', { Range })).toString(), expected, Range);
    await assert.rejects(get(running, 'k', { Range: 'bytes=10-' }), { name: 'InvalidRange' });
  });

  test('leaves no file behind when it is overwritten or deleted', async (t) => {
    const running = await started(t);
    await put(running, 'k', 'one');
    await put(running, 'k', 'two');
    assert.equal((await running.bodies()).length, 1);
    await running.client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    assert.deepEqual(await running.bodies(), []);
  });

  test('is copied, and the copy outlives the original', async (t) => {
    const running = await started(t);
    const bytes = randomBytes(part + 100);
    await upload(running, 'spool/a b', Readable.from([bytes]));
    const source = { Bucket, CopySource: `${Bucket}/${encodeURIComponent('spool/a b')}` };
    await running.client.send(new CopyObjectCommand({ ...source, Key: 'mailboxes/1' }));
    await running.client.send(new DeleteObjectCommand({ Bucket, Key: 'spool/a b' }));
    assert.deepEqual(await get(running, 'mailboxes/1'), bytes);
    await assert.rejects(
      running.client.send(new CopyObjectCommand({ ...source, Key: 'mailboxes/2' })),
      NoSuchKey,
    );
  });

  test('that comes in parts is whole, of 24 MB, and read in a range across parts', async (t) => {
    const running = await started(t);
    const bytes = randomBytes(24 * 1024 * 1024);
    const pieces = Array.from({ length: 384 }, (_, i) => bytes.subarray(i * 65_536, (i + 1) * 65_536));
    await upload(running, 'big', Readable.from(pieces));
    const second = await running.restart();
    assert.ok((await get(second, 'big')).equals(bytes));
    const Range = `bytes=${part - 3}-${2 * part + 2}`;
    assert.ok((await get(second, 'big', { Range })).equals(bytes.subarray(part - 3, 2 * part + 3)));
  });

  test('that was never completed leaves no file behind', async (t) => {
    const running = await started(t);
    const started1 = async () => {
      const { UploadId } = await running.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }));
      const upload1 = { Bucket, Key: 'k', UploadId };
      await running.client.send(new UploadPartCommand({ ...upload1, PartNumber: 1, Body: 'bytes' }));
      return upload1;
    };
    await running.client.send(new AbortMultipartUploadCommand(await started1()));
    assert.deepEqual(await running.bodies(), []);
    await started1();
    assert.equal((await running.bodies()).length, 1);
    assert.deepEqual(await (await running.restart()).bodies(), []);
  });

  test('whose bytes are not those of its checksum is refused', async (t) => {
    const running = await started(t);
    await assert.rejects(put(running, 'k', 'bytes', { ChecksumCRC32: 'AAAAAA==' }), { name: 'BadDigest' });
    assert.deepEqual(await running.bodies(), []);
  });
});

const refused = (error: unknown) =>
  (error as { name: string; $metadata: { httpStatusCode: number } }).$metadata.httpStatusCode === 412;

suite('a conditional write', () => {
  test('with If-None-Match makes an object once, also of racing writers', async (t) => {
    const running = await started(t);
    const once = (n: number) => put(running, 'k', `writer ${n}`, { IfNoneMatch: '*' });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => once(n)));
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled');
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.ok(outcomes.every((o) => o.status === 'fulfilled' || refused(o.reason)));
    assert.equal((await get(running, 'k')).toString(), `writer ${winner}`);
    assert.equal((await running.bodies()).length, 1);
  });

  test('with If-Match replaces only what was read', async (t) => {
    const running = await started(t);
    const { ETag } = await put(running, 'k', 'one');
    await put(running, 'k', 'two', { IfMatch: ETag });
    await assert.rejects(put(running, 'k', 'three', { IfMatch: ETag }), refused);
    await assert.rejects(put(running, 'none', 'x', { IfMatch: ETag }), NoSuchKey);
    assert.equal((await get(running, 'k')).toString(), 'two');
  });

  test('holds at the end of an upload in parts', async (t) => {
    const running = await started(t);
    await put(running, 'k', 'there');
    const body = () => Readable.from([randomBytes(part), Buffer.from('end')]);
    await assert.rejects(upload(running, 'k', body(), { IfNoneMatch: '*' }), refused);
    await upload(running, 'new', body(), { IfNoneMatch: '*' });
    assert.equal((await get(running, 'k')).toString(), 'there');
    assert.equal((await get(running, 'new')).length, part + 3);
  });
});

async function allOf(pieces: AsyncIterable<Buffer>): Promise<Buffer[]> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(piece);
  return all;
}

suite('aws-chunked', () => {
  const coded = '3;chunk-signature=ab\r\n\r\nx\r\n4\r\nlast\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n';

  test('is decoded wherever the pieces are cut', async () => {
    for (const size of [1, 2, 3, 7, coded.length]) {
      const pieces = Array.from({ length: Math.ceil(coded.length / size) }, (_, i) =>
        Buffer.from(coded.slice(i * size, (i + 1) * size)),
      );
      const trailers = new Map<string, string>();
      const decoded = await allOf(decodeChunks(Readable.from(pieces), trailers));
      assert.equal(Buffer.concat(decoded).toString(), '\r\nxlast', `pieces of ${size}`);
      assert.equal(trailers.get('x-amz-checksum-crc32'), 'AAAA');
    }
  });

  for (const [reason, text] of [
    ['it stops before the last chunk', '3\r\nabc\r\n'],
    ['it stops within a chunk', '5\r\nabc'],
    ['a size is not a number', 'zz\r\nabc\r\n0\r\n\r\n'],
  ] as const)
    test(`is refused where ${reason}`, async () => {
      const decoded = allOf(decodeChunks(Readable.from([Buffer.from(text)]), new Map()));
      await assert.rejects(decoded, /The upload/);
    });
});

test('ranges of bytes and the slices of segments they mean', () => {
  const segments = [3, 0, 4].map((size, i) => ({ file: `f${i}`, size }));
  const named = (header?: string) => {
    const { start, end } = byteRange(header, 7);
    return slicesOf(segments, start, end).map(({ file, from, to }) => `${file}:${from}-${to}`);
  };
  assert.deepEqual(named(), ['f0:0-3', 'f2:0-4']);
  assert.deepEqual(named('bytes=2-3'), ['f0:2-3', 'f2:0-1']);
  assert.deepEqual(named('bytes=3-3'), ['f2:0-1']);
  assert.deepEqual(named('lines=1-2'), ['f0:0-3', 'f2:0-4'], 'a unit S3 does not know is ignored');
});
