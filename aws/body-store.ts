/**
 * Bodies as received, in S3. A body in memory is one PutObject; a stream is uploaded in parts of 5 MiB, one in
 * flight, so that a message of any size takes the memory of about two parts. Resolves when S3 has it whole; a failed
 * upload is aborted, and what a crash leaves behind the bucket's lifecycle removes.
 */
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { Readable } from 'node:stream';
import type { BodyStore } from '../mail/spool/doors.ts';
import { bodyKeyOf } from '../mail/spool/keys.ts';
import { holdCall } from './clients.ts';
import type { QuickCalls } from './quick-call.ts';
import { storedBodies } from './stored-bodies.ts';

interface Options {
  readonly client: S3Client;
  readonly bucket: string;
  readonly quick?: QuickCalls;
}

const partSize = 5 * 1024 * 1024;

export function awsBodyStore(options: Options): BodyStore {
  return {
    put: (id, body) => put(options, bodyKeyOf(id), body),
    ...storedBodies(options),
  };
}

async function put(options: Options, Key: string, body: Uint8Array | Readable): Promise<void> {
  const { client, bucket } = options;
  const target = { Bucket: bucket, Key, ContentType: 'message/rfc822' };
  if (body instanceof Uint8Array) {
    if (await putQuickly(options, target, body)) return;
    await client.send(new PutObjectCommand({ ...target, Body: body, ContentLength: body.length }));
    return;
  }
  const params = { ...target, Body: body };
  await new Upload({ client, params, partSize, queueSize: 1, leavePartsOnError: false }).done();
}

/** False: it is for the SDK to do. A body put twice is the same body. */
async function putQuickly(
  { quick }: Options,
  target: { readonly Bucket: string; readonly Key: string; readonly ContentType: string },
  body: Uint8Array,
): Promise<boolean> {
  if (quick === undefined) return false;
  holdCall('PutObjectCommand', target);
  const headers = { 'content-type': target.ContentType };
  const answer = await quick.call({ method: 'PUT', resource: `/${target.Key}`, headers, body });
  return answer !== undefined;
}
