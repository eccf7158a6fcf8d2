import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  QueryCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  ScanCommand,
  UpdateItemCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import type { AttributeValue, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { startDynamoDb } from '../../../local/services/dynamodb/dynamodb.ts';
import type { DynamoDb } from '../../../local/services/dynamodb/dynamodb.ts';
import { createSpool, dynamoClient, folder, unexpected } from './clients.ts';

const delivery = (part: string, more: object = {}): Record<string, AttributeValue> =>
  marshall({ message: 'm1', part, wake: 'w#01', wakeAt: '2026-11-21T10:00:00.000Z', ...more });
const keyOf = (part: string): Record<string, AttributeValue> => marshall({ message: 'm1', part });

async function started(t: TestContext): Promise<{ client: DynamoDBClient; service: DynamoDb; path: string }> {
  const path = await folder(t);
  const service = await startDynamoDb(path, unexpected);
  t.after(() => service.stop());
  const client = dynamoClient(service.url, t);
  await createSpool(client);
  return { client, service, path };
}

async function due(client: DynamoDBClient, limit?: number, forward = true): Promise<string[]> {
  const found: string[] = [];
  let start: Record<string, AttributeValue> | undefined;
  do {
    const page: {
      Items?: Record<string, AttributeValue>[];
      LastEvaluatedKey?: Record<string, AttributeValue>;
    } = await client.send(
      new QueryCommand({
        TableName: 'spool',
        IndexName: 'due',
        KeyConditionExpression: 'wake = :wake AND wakeAt <= :now',
        ExpressionAttributeValues: marshall({ ':wake': 'w#01', ':now': '2027' }),
        ScanIndexForward: forward,
        Limit: limit,
        ExclusiveStartKey: start,
      }),
    );
    found.push(...(page.Items ?? []).map((item) => String(unmarshall(item)['part'])));
    start = page.LastEvaluatedKey;
  } while (start);
  return found;
}

suite('items', () => {
  test('an update sets, adds and removes, and a removed index key leaves the index', async (t) => {
    const { client } = await started(t);
    await client.send(new PutItemCommand({ TableName: 'spool', Item: delivery('d#0001', { claims: 1 }) }));
    assert.deepEqual(await due(client), ['d#0001']);
    const { Attributes } = await client.send(
      new UpdateItemCommand({
        TableName: 'spool',
        Key: keyOf('d#0001'),
        UpdateExpression: 'SET #s = :s ADD claims :one REMOVE wake, wakeAt',
        ConditionExpression: 'claims < :five AND attribute_not_exists(want)',
        ExpressionAttributeNames: { '#s': 'state' },
        ExpressionAttributeValues: marshall({ ':s': 'delivered', ':one': 1, ':five': 5 }),
        ReturnValues: 'ALL_NEW',
      }),
    );
    assert.deepEqual(unmarshall(Attributes ?? {}), {
      message: 'm1',
      part: 'd#0001',
      claims: 2,
      state: 'delivered',
    });
    assert.deepEqual(await due(client), []);
  });

  test('a failed condition gives the item that is there, when asked', async (t) => {
    const { client } = await started(t);
    await client.send(new PutItemCommand({ TableName: 'spool', Item: delivery('m') }));
    const again = {
      TableName: 'spool',
      Item: delivery('m'),
      ConditionExpression: 'attribute_not_exists(message)',
    };
    for (const [asked, expected] of [
      ['ALL_OLD', delivery('m')],
      ['NONE', undefined],
    ] as const)
      await assert.rejects(
        client.send(new PutItemCommand({ ...again, ReturnValuesOnConditionCheckFailure: asked })),
        (error) => {
          assert(error instanceof ConditionalCheckFailedException);
          assert.deepEqual(error.Item, expected);
          return true;
        },
      );
  });

  test('a condition that does not hold for an absent item gives none', async (t) => {
    const { client } = await started(t);
    const remove = new DeleteItemCommand({
      TableName: 'spool',
      Key: keyOf('m'),
      ConditionExpression: 'attribute_exists(message)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
    await assert.rejects(client.send(remove), (error) => {
      assert(error instanceof ConditionalCheckFailedException);
      assert.equal(error.Item, undefined);
      return true;
    });
  });

  test('of writers that race for one item one wins', async (t) => {
    const { client } = await started(t);
    const put = (n: number) =>
      client.send(
        new PutItemCommand({
          TableName: 'spool',
          Item: delivery('m', { n }),
          ConditionExpression: 'attribute_not_exists(message)',
        }),
      );
    const outcomes = await Promise.allSettled(Array.from({ length: 25 }, (_, n) => put(n)));
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  test('counters lose nothing to writers beside each other', async (t) => {
    const { client } = await started(t);
    const count = new UpdateItemCommand({
      TableName: 'spool',
      Key: keyOf('counter'),
      UpdateExpression: 'ADD n :one',
      ExpressionAttributeValues: marshall({ ':one': 1 }),
    });
    await Promise.all(Array.from({ length: 50 }, () => client.send(count)));
    const { Item } = await client.send(
      new GetItemCommand({ TableName: 'spool', Key: keyOf('counter'), ConsistentRead: true }),
    );
    assert.equal(unmarshall(Item ?? {})['n'], 50);
  });

  test('batches write and read 25 items, a duplicate refuses the whole', async (t) => {
    const { client } = await started(t);
    const parts = Array.from({ length: 25 }, (_, n) => `d#${String(n).padStart(4, '0')}`);
    const put = (part: string) => ({ PutRequest: { Item: delivery(part) } });
    await client.send(new BatchWriteItemCommand({ RequestItems: { spool: parts.map(put) } }));
    const { Responses } = await client.send(
      new BatchGetItemCommand({ RequestItems: { spool: { Keys: parts.map(keyOf), ConsistentRead: true } } }),
    );
    assert.equal(Responses?.['spool']?.length, 25);
    const twice = new BatchWriteItemCommand({ RequestItems: { spool: [put('x'), put('x')] } });
    await assert.rejects(client.send(twice), { name: 'ValidationException' });
    const remove = parts.slice(1).map((part) => ({ DeleteRequest: { Key: keyOf(part) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { spool: remove } }));
    const { Items } = await client.send(new ScanCommand({ TableName: 'spool' }));
    assert.deepEqual(Items, [delivery('d#0000')]);
  });

  test('an item of nearly 400 KB is kept, a larger one is refused', async (t) => {
    const { client } = await started(t);
    await client.send(
      new PutItemCommand({ TableName: 'spool', Item: delivery('m', { text: 'x'.repeat(409_000) }) }),
    );
    const { Item } = await client.send(new GetItemCommand({ TableName: 'spool', Key: keyOf('m') }));
    assert.equal(String(unmarshall(Item ?? {})['text']).length, 409_000);
    const larger = new PutItemCommand({
      TableName: 'spool',
      Item: delivery('m', { text: 'x'.repeat(410_000) }),
    });
    await assert.rejects(client.send(larger), { name: 'ValidationException' });
  });
});

suite('the index', () => {
  // dynalite tells items with the same index key apart by 24 bits of a hash: of these two they are the same.
  const twins = ['d#0242', 'd#2806'];
  const parts = ['d#0001', ...twins, 'd#9999'];

  test('holds items apart whose hashes are the same, forwards and backwards, page by page', async (t) => {
    const { client } = await started(t);
    for (const part of parts)
      await client.send(new PutItemCommand({ TableName: 'spool', Item: delivery(part) }));
    for (const [limit, forward] of [
      [undefined, true],
      [1, true],
      [1, false],
      [3, false],
    ] as const)
      assert.deepEqual((await due(client, limit, forward)).sort(), parts);
    await client.send(new DeleteItemCommand({ TableName: 'spool', Key: keyOf('d#0242') }));
    assert.deepEqual((await due(client)).sort(), parts.toSpliced(1, 1));
  });

  test('an item without the index key is not in it', async (t) => {
    const { client } = await started(t);
    await client.send(new PutItemCommand({ TableName: 'spool', Item: keyOf('m') }));
    assert.deepEqual(await due(client), []);
  });
});

suite('tables', () => {
  test('are there, with their facts, after a stop', async (t) => {
    const { client, service, path } = await started(t);
    await createSpool(client, 'directory', 'KEYS_ONLY');
    const describe = new DescribeTableCommand({ TableName: 'directory' });
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: 'directory',
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'expiresAt' },
      }),
    );
    const { Table: before } = await client.send(describe);
    assert.equal(before?.TableStatus, 'ACTIVE');
    assert.equal(before.StreamSpecification?.StreamViewType, 'KEYS_ONLY');
    await service.stop();
    const second = await startDynamoDb(path, unexpected);
    t.after(() => second.stop());
    const later = dynamoClient(second.url, t);
    assert.deepEqual((await later.send(describe)).Table, before);
    const { TimeToLiveDescription } = await later.send(
      new DescribeTimeToLiveCommand({ TableName: 'directory' }),
    );
    assert.deepEqual(TimeToLiveDescription, { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
    assert.deepEqual((await later.send(new ListTablesCommand({}))).TableNames, ['directory', 'spool']);
  });

  test('are created once and deleted with their items', async (t) => {
    const { client } = await started(t);
    await assert.rejects(createSpool(client), ResourceInUseException);
    await client.send(new PutItemCommand({ TableName: 'spool', Item: delivery('m') }));
    await client.send(new DeleteTableCommand({ TableName: 'spool' }));
    const scan = new ScanCommand({ TableName: 'spool' });
    await assert.rejects(client.send(scan), ResourceNotFoundException);
    await createSpool(client);
    assert.deepEqual((await client.send(scan)).Items, []);
    assert.deepEqual(await due(client), []);
  });

  test('lose what is past its time to live at the next sweep, and nothing else', async (t) => {
    const { client, service } = await started(t);
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: 'spool',
        TimeToLiveSpecification: { Enabled: true, AttributeName: 'expiresAt' },
      }),
    );
    for (const [part, more] of Object.entries({
      past: { expiresAt: 1_000 },
      future: { expiresAt: 3_000 },
      never: {},
    }))
      await client.send(new PutItemCommand({ TableName: 'spool', Item: delivery(part, more) }));
    await service.sweep(2_000_000);
    assert.deepEqual((await due(client)).sort(), ['future', 'never']);
  });

  test('refuse an item without their key', async (t) => {
    const { client } = await started(t);
    const wrong = new PutItemCommand({ TableName: 'spool', Item: marshall({ message: 'm1' }) });
    await assert.rejects(client.send(wrong), { name: 'ValidationException' });
  });
});
