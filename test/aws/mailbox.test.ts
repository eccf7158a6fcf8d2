/** Mailboxes over the embedded DynamoDB and S3: once each, rising uids, exact quotas. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsMailbox } from '../../aws/mailbox.ts';
import type { Deposit, Mailbox } from '../../mail/mailbox/mailbox.ts';
import { BodyMissing } from '../../mail/spool/doors.ts';
import { bodyKeyOf } from '../../mail/spool/keys.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

let services: TestServices;
before(async () => {
  services = await startTestServices();
});
after(() => services.stop());

const text = 'Subject: Hello\r\n\r\nHello, Alice.\r\n';

function mailbox(): Mailbox {
  const { dynamodb, s3, mailboxes: table, bucket } = services;
  return awsMailbox({ dynamodb, table, s3, bucket });
}

async function deposit(mailFile: string, id: string, change: Partial<Deposit> = {}): Promise<Deposit> {
  await awsBodyStore({ client: services.s3, bucket: services.bucket }).put(id, Buffer.from(text));
  return {
    row: {
      mailFile,
      id,
      folder: 'Inbox',
      flags: [],
      from: 'bob@elsewhere.example',
      to: 'alice@acme.example',
      subject: 'Hello',
      date: '2026-11-21T12:00:00.000Z',
      size: 100,
      edits: [{ op: 'prepend', field: 'Return-Path: <bob@elsewhere.example>' }],
    },
    spoolKey: bodyKeyOf(id),
    ...change,
  };
}

test('one message deposited many times at once is there once', async () => {
  const one = await deposit('mail/once', 'm1');
  await Promise.all(Array.from({ length: 8 }, () => mailbox().deposit(one)));
  const rows = await mailbox().list('mail/once');
  assert.deepEqual(
    rows.map(({ id, uid }) => [id, uid]),
    [['m1', 1]],
  );
});

test('many messages at once get uids of their own', async () => {
  const many = await Promise.all(Array.from({ length: 12 }, (_, n) => deposit('mail/many', `n${n}`)));
  await Promise.all(many.map((one) => mailbox().deposit(one)));
  const uids = (await mailbox().list('mail/many')).map(({ uid }) => uid);
  assert.deepEqual(
    uids,
    Array.from({ length: 12 }, (_, n) => n + 1),
  );
});

test('a reader gets the stored bytes with the edits in front', async () => {
  await mailbox().deposit(await deposit('mail/read', 'r1'));
  const stream = await mailbox().read('mail/read', 'r1');
  assert.ok(stream);
  assert.equal((await buffer(stream)).toString(), `Return-Path: <bob@elsewhere.example>\r\n${text}`);
  assert.equal(await mailbox().read('mail/read', '#account'), undefined);
});

test('a quota is exact, and a deletion gives its space back', async () => {
  const limit = 250;
  assert.equal(await mailbox().deposit(await deposit('mail/full', 'q1', { limit })), 'deposited');
  assert.equal(await mailbox().deposit(await deposit('mail/full', 'q2', { limit })), 'deposited');
  assert.equal(await mailbox().deposit(await deposit('mail/full', 'q3', { limit })), 'over quota');
  assert.equal(await mailbox().remove('mail/full', 'q1'), true);
  assert.equal(await mailbox().remove('mail/full', 'q1'), false);
  assert.equal(await mailbox().deposit(await deposit('mail/full', 'q3', { limit })), 'deposited');
  assert.deepEqual(
    (await mailbox().list('mail/full')).map(({ uid }) => uid),
    [2, 3],
  );
});

test('a body that is not in the spool is never a success', async () => {
  const lost = { ...(await deposit('mail/lost', 'l1')), spoolKey: bodyKeyOf('gone') };
  await assert.rejects(mailbox().deposit(lost), BodyMissing);
  assert.deepEqual(await mailbox().list('mail/lost'), []);
});

test('deposits and deletions at once: what is counted is what is there', async () => {
  const all = await Promise.all(Array.from({ length: 8 }, (_, n) => deposit('mail/busy', `b${n}`)));
  for (const one of all.slice(0, 4)) await mailbox().deposit(one);
  const removals = ['b0', 'b1', 'b1', 'b2', 'gone'].map((id) => mailbox().remove('mail/busy', id));
  const [removed] = await Promise.all([
    Promise.all(removals),
    ...all.slice(4).map((one) => mailbox().deposit(one)),
  ]);
  assert.deepEqual(removed.toSorted(), [false, false, true, true, true]);
  const limit = 600;
  const full = { ...(await deposit('mail/busy', 'b8')), limit: limit - 1 };
  assert.equal(await mailbox().deposit(full), 'over quota');
  assert.equal(await mailbox().deposit({ ...full, limit }), 'deposited');
  assert.equal((await mailbox().list('mail/busy')).length, 6);
});
