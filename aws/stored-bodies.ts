/**
 * Bodies as functions need them: those that are stored already, and a report's own. Uploads of any size are the
 * listener's affair (body-store.ts).
 */
import {
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Readable } from 'node:stream';
import { BodyMissing, type BodyStore } from '../mail/spool/doors.ts';
import { bodyKeyOf } from '../mail/spool/keys.ts';

interface Options {
  readonly client: S3Client;
  readonly bucket: string;
}

export function storedBodies(options: Options): Pick<BodyStore, 'putNew' | 'open'> {
  return {
    putNew: (id, body) => putNew(options, bodyKeyOf(id), body),
    open: (key, range) => open(options, key, range),
  };
}

async function putNew({ client, bucket }: Options, Key: string, body: Uint8Array): Promise<boolean> {
  const put = new PutObjectCommand({
    Bucket: bucket,
    Key,
    Body: body,
    IfNoneMatch: '*',
    ContentType: 'message/rfc822',
  });
  try {
    await client.send(put);
    return true;
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.name !== 'PreconditionFailed') throw error;
    return false;
  }
}

async function open(
  { client, bucket }: Options,
  Key: string,
  range?: { start: number; end?: number },
): Promise<Readable> {
  const Range = range && { Range: `bytes=${range.start}-${range.end ?? ''}` };
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key, ...Range }));
    return Body as Readable;
  } catch (cause) {
    if (cause instanceof NoSuchKey) throw new BodyMissing(Key, { cause });
    throw cause;
  }
}
