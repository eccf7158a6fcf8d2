/** Bodies over the embedded S3: the first writer of a report wins; ranges; what is kept, and restored. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buffer, text } from 'node:stream/consumers';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsObjects, keepBody, restoreBody } from '../../aws/objects.ts';
import { BodyMissing, type BodyStore } from '../../mail/spool/doors.ts';
import { bodyKeyOf, keptKeyOf } from '../../mail/spool/keys.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

let services: TestServices;
let bucket: Parameters<typeof keepBody>[0];
let bodies: BodyStore;
before(async () => {
  services = await startTestServices();
  bucket = { client: services.s3, bucket: services.bucket };
  bodies = awsBodyStore(bucket);
});
after(() => services.stop());

test('a new body is written once: of two the first stays, and the second hears of it', async () => {
  assert.equal(await bodies.putNew('r1', Buffer.from('first')), true);
  assert.equal(await bodies.putNew('r1', Buffer.from('second')), false);
  assert.equal(await text(await bodies.open(bodyKeyOf('r1'))), 'first');
});

test('a body that a message has is replaced by its like', async () => {
  await bodies.put('b1', Buffer.from('one'));
  await bodies.put('b1', Buffer.from('one'));
  assert.equal((await buffer(await bodies.open(bodyKeyOf('b1')))).length, 3);
});

test('a part of a body, by its octets', async () => {
  await bodies.put('b2', Buffer.from('0123456789'));
  assert.equal(await text(await bodies.open(bodyKeyOf('b2'), { start: 2, end: 4 })), '234');
  assert.equal(await text(await bodies.open(bodyKeyOf('b2'), { start: 7 })), '789');
});

test('what is kept outlives the spool, and is restored on release', async () => {
  await bodies.put('b3', Buffer.from('held'));
  await keepBody(bucket)('b3');
  await services.s3.send(new DeleteObjectCommand({ Bucket: services.bucket, Key: bodyKeyOf('b3') }));
  await assert.rejects(bodies.open(bodyKeyOf('b3')), BodyMissing);
  assert.equal(await text(await bodies.open(keptKeyOf('b3'))), 'held');
  await restoreBody(bucket)('b3');
  assert.equal(await text(await bodies.open(bodyKeyOf('b3'))), 'held');
});

test('of a body that is missing there is nothing to keep, and the record may rest', async () => {
  await keepBody(bucket)('none');
  await assert.rejects(bodies.open(keptKeyOf('none')), BodyMissing);
});

test('a plan comes back as it was stored; one that is missing is an error', async () => {
  const objects = awsObjects(bucket);
  await objects.putJson('plans/p1', { deliveries: ['é'] });
  assert.deepEqual(await objects.getJson('plans/p1'), { deliveries: ['é'] });
  await assert.rejects(objects.getJson('plans/none'), { name: 'NoSuchKey' });
});
