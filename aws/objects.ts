/** Objects beside bodies: plans, large envelopes, and copies under `kept/` that do not expire. */
import {
  CopyObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ObjectStore } from '../mail/spool/doors.ts';
import { bodyKeyOf, keptKeyOf } from '../mail/spool/keys.ts';

interface Options {
  readonly client: S3Client;
  readonly bucket: string;
}

export function awsObjects({ client, bucket }: Options): ObjectStore {
  return {
    async putJson(key, value) {
      const Body = JSON.stringify(value);
      await client.send(
        new PutObjectCommand({ Bucket: bucket, Key: key, Body, ContentType: 'application/json' }),
      );
    },
    async getJson(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      return JSON.parse((await Body?.transformToString()) ?? '');
    },
  };
}

/**
 * Copies a body to `kept/<id>`, which never expires; done before `held` or `dead` is written. Of a body that is missing
 * there is nothing to keep, and the record must come to rest all the same: who needed the body has raised the alarm.
 */
export function keepBody(options: Options): (id: string) => Promise<void> {
  return (id) => copyThere(options, bodyKeyOf(id), keptKeyOf(id));
}

/** The way back, before what was held is released: bodies in the spool expire, counted from this copy. */
export function restoreBody(options: Options): (id: string) => Promise<void> {
  return (id) => copyThere(options, keptKeyOf(id), bodyKeyOf(id));
}

async function copyThere({ client, bucket }: Options, from: string, Key: string): Promise<void> {
  const copy = new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/${from}` });
  try {
    await client.send(copy);
  } catch (error) {
    if (!(error instanceof S3ServiceException) || error.name !== 'NoSuchKey') throw error;
  }
}
