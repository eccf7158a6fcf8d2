/** Mailboxes over the embedded DynamoDB and S3: once each, rising uids, exact quotas. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
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

async function account(mailFile: string): Promise<Record<string, unknown>> {
  const { dynamodb, mailboxes: TableName } = services;
  const Key = marshall({ mailFile, id: '#account' });
  return unmarshall((await dynamodb.send(new GetItemCommand({ TableName, Key }))).Item ?? {});
}

async function put(item: object): Promise<void> {
  const { dynamodb, mailboxes: TableName } = services;
  await dynamodb.send(new PutItemCommand({ TableName, Item: marshall(item) }));
}

test('a try that was cut off before its row goes on with the uid it took', async () => {
  await put({ mailFile: 'mail/cut', id: '#account', uid: 7, octets: 100, 'in#c1': 7 });
  await mailbox().deposit(await deposit('mail/cut', 'c1'));
  assert.deepEqual(
    (await mailbox().list('mail/cut')).map(({ id, uid }) => [id, uid]),
    [['c1', 7]],
  );
  assert.equal((await account('mail/cut'))['octets'], 100);
});

test('what has its row keeps its uid, and is counted once, however often it is tried again', async () => {
  const one = await deposit('mail/again', 'a1');
  const worker = mailbox();
  await worker.deposit(one);
  // Its note has gone with this one.
  await worker.deposit(await deposit('mail/again', 'a2'));
  await mailbox().deposit(one);
  assert.deepEqual(
    (await mailbox().list('mail/again')).map(({ id, uid }) => [id, uid]),
    [
      ['a1', 1],
      ['a2', 2],
    ],
  );
  const { octets, ...rest } = await account('mail/again');
  assert.equal(octets, 200);
  assert.ok(!('in#a1' in rest), 'the note of the try that was too many is gone');
});

test('notes that ended processes left behind go when they have gathered', async () => {
  for (let n = 0; n < 10; n++) await mailbox().deposit(await deposit('mail/notes', `n${n}`));
  const worker = mailbox();
  for (const id of ['n10', 'n11']) await worker.deposit(await deposit('mail/notes', id));
  const notes = Object.keys(await account('mail/notes')).filter((name) => name.startsWith('in#'));
  assert.deepEqual(notes, ['in#n11']);
  assert.equal((await account('mail/notes'))['octets'], 1200);
});

test('a deletion takes the note with it: what is delivered again is counted again', async () => {
  const one = await deposit('mail/back', 'k1');
  await mailbox().deposit(one);
  assert.equal(await mailbox().remove('mail/back', 'k1'), true);
  await mailbox().deposit(one);
  assert.equal((await account('mail/back'))['octets'], 100);
});
