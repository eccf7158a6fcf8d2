import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  DeleteItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, StreamViewType } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { startDynamoDb } from '../../../local/services/dynamodb/dynamodb.ts';
import type { DynamoDb } from '../../../local/services/dynamodb/dynamodb.ts';
import { openStream } from '../../../local/services/stream-client.ts';
import { StreamPlaces } from '../../../local/services/stream-places.ts';
import { createSpool, dynamoClient, folder, unexpected } from './clients.ts';

interface Started {
  readonly client: DynamoDBClient;
  readonly service: DynamoDb;
  readonly path: string;
}

async function started(t: TestContext, view: StreamViewType): Promise<Started> {
  const path = await folder(t);
  const service = await startDynamoDb(path, unexpected);
  t.after(() => service.stop());
  const client = dynamoClient(service.url, t);
  await createSpool(client, 'directory', view);
  return { client, service, path };
}

const put = (client: DynamoDBClient, part: string, more: object = {}) =>
  client.send(
    new PutItemCommand({ TableName: 'directory', Item: marshall({ message: 'm1', part, ...more }) }),
  );
const remove = (client: DynamoDBClient, part: string) =>
  client.send(new DeleteItemCommand({ TableName: 'directory', Key: marshall({ message: 'm1', part }) }));

async function read(url: string, place?: string): Promise<[event: string, part: string | undefined][]> {
  const records = await (await openStream(url, 'directory')).after(place);
  return records.map(({ eventName, dynamodb }) => [eventName, dynamodb.Keys['part']?.['S'] as string]);
}

suite('a stream', () => {
  test('answers who waits with the next record, not with what other tables are told', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    await createSpool(client, 'other');
    const stream = await openStream(service.url, 'directory');
    const waiting = stream.after(undefined, t.signal);
    await client.send(
      new PutItemCommand({ TableName: 'other', Item: marshall({ message: 'm1', part: 'x' }) }),
    );
    await put(client, 'a');
    const [record, ...more] = await waiting;
    assert.deepEqual([record?.dynamodb.Keys['part'], more.length], [{ S: 'a' }, 0]);
    const stopping = new AbortController();
    const idle = stream.after(record?.dynamodb.SequenceNumber, stopping.signal);
    stopping.abort();
    await assert.rejects(idle, { name: 'AbortError' });
  });

  test('tells what changed, in order, and nothing of writes that change nothing', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    await put(client, 'a');
    await put(client, 'a');
    await put(client, 'a', { n: 1 });
    await remove(client, 'a');
    await remove(client, 'a');
    assert.deepEqual(await read(service.url), [
      ['INSERT', 'a'],
      ['MODIFY', 'a'],
      ['REMOVE', 'a'],
    ]);
  });

  test('tells each change of a transaction', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    const items = ['a', 'b'].map((part) => marshall({ message: 'm1', part }));
    const TransactItems = items.map((Item) => ({ Put: { TableName: 'directory', Item } }));
    await client.send(new TransactWriteItemsCommand({ TransactItems }));
    assert.deepEqual(await read(service.url), [
      ['INSERT', 'a'],
      ['INSERT', 'b'],
    ]);
  });

  for (const [view, newImage, oldImage] of [
    ['KEYS_ONLY', false, false],
    ['NEW_IMAGE', true, false],
    ['OLD_IMAGE', false, true],
    ['NEW_AND_OLD_IMAGES', true, true],
  ] as const)
    test(`of the view ${view} carries those images`, async (t) => {
      const { client, service } = await started(t, view);
      await put(client, 'a', { n: 1 });
      await put(client, 'a', { n: 2 });
      const [, change] = await (await openStream(service.url, 'directory')).after(undefined);
      assert.ok(change);
      assert.deepEqual(change.dynamodb.NewImage?.['n'], newImage ? { N: '2' } : undefined);
      assert.deepEqual(change.dynamodb.OldImage?.['n'], oldImage ? { N: '1' } : undefined);
    });

  test('goes on after a place, also in the next start', async (t) => {
    const { client, service, path } = await started(t, 'KEYS_ONLY');
    await put(client, 'a');
    const stream = await openStream(service.url, 'directory');
    const places = new StreamPlaces(join(path, 'places.json'));
    places.keep('publish', stream.arn, (await stream.after(undefined)).at(-1)?.dynamodb.SequenceNumber ?? '');
    await put(client, 'b');
    await service.stop();
    const second = await startDynamoDb(path, unexpected);
    t.after(() => second.stop());
    const later = dynamoClient(second.url, t);
    await put(later, 'c');
    const place = new StreamPlaces(join(path, 'places.json')).of('publish', stream.arn);
    assert.deepEqual(await read(second.url, place), [
      ['INSERT', 'b'],
      ['INSERT', 'c'],
    ]);
  });

  test('says that TTL removed an item', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    const TimeToLiveSpecification = { Enabled: true, AttributeName: 'expiresAt' };
    await client.send(new UpdateTimeToLiveCommand({ TableName: 'directory', TimeToLiveSpecification }));
    await put(client, 'a', { expiresAt: 1 });
    await service.sweep(Date.now());
    const [, removal] = await (await openStream(service.url, 'directory')).after(undefined);
    assert.equal(removal?.eventName, 'REMOVE');
    assert.equal(removal.userIdentity?.PrincipalId, 'dynamodb.amazonaws.com');
  });

  test('keeps its newest records however old they are', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    await put(client, 'a');
    await service.sweep(Date.now() + 7 * 24 * 3600 * 1000);
    assert.deepEqual(await read(service.url), [['INSERT', 'a']]);
  });

  test('is refused for a table without one', async (t) => {
    const { client, service } = await started(t, 'KEYS_ONLY');
    await createSpool(client, 'plain');
    await assert.rejects(openStream(service.url, 'plain'), /The table plain has no stream\./);
  });
});

test('places that cannot be read are a sentence', async (t) => {
  const file = join(await folder(t), 'places.json');
  await writeFile(file, '{');
  assert.throws(() => new StreamPlaces(file), /^BrokenState|cannot be read: delete it/);
});
