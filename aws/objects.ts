/** Objects beside bodies: plans, large envelopes, and copies under `kept/` that do not expire. */
import { CopyObjectCommand, GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
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

/** Copies a body to `kept/<id>`, which never expires; done before `held` or `dead` is written. */
export function keepBody({ client, bucket }: Options): (id: string) => Promise<void> {
  return async (id) => {
    const CopySource = `${bucket}/${bodyKeyOf(id)}`;
    await client.send(new CopyObjectCommand({ Bucket: bucket, Key: keptKeyOf(id), CopySource }));
  };
}
