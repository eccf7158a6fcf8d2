import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  GetItemCommand,
  ScanCommand,
  TransactGetItemsCommand,
  TransactWriteItemsCommand,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBClient, TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { startDynamoDb } from '../../../local/services/dynamodb/dynamodb.ts';
import { createSpool, dynamoClient, folder, unexpected } from './clients.ts';

const TableName = 'spool';
const key = (part: string) => marshall({ message: 'm1', part });
const absent = 'attribute_not_exists(message)';

const put = (part: string, more: object = {}): TransactWriteItem => ({
  Put: {
    TableName,
    Item: marshall({ message: 'm1', part, ...more }),
    ConditionExpression: absent,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});
const add = (part: string, by: number, most = 100): TransactWriteItem => ({
  Update: {
    TableName,
    Key: key(part),
    UpdateExpression: 'ADD n :by',
    ConditionExpression: 'attribute_not_exists(n) OR n < :most',
    ExpressionAttributeValues: marshall({ ':by': by, ':most': most }),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  },
});
const check = (part: string, condition: string): TransactWriteItem => ({
  ConditionCheck: { TableName, Key: key(part), ConditionExpression: condition },
});
const remove = (part: string): TransactWriteItem => ({ Delete: { TableName, Key: key(part) } });

async function started(t: TestContext): Promise<DynamoDBClient> {
  const service = await startDynamoDb(await folder(t), unexpected);
  t.after(() => service.stop());
  const client = dynamoClient(service.url, t);
  await createSpool(client, TableName);
  return client;
}

const write = (client: DynamoDBClient, ...items: TransactWriteItem[]) =>
  client.send(new TransactWriteItemsCommand({ TransactItems: items }));

async function parts(client: DynamoDBClient): Promise<string[]> {
  const { Items } = await client.send(new ScanCommand({ TableName }));
  return (Items ?? []).map((item) => String(unmarshall(item)['part'])).sort();
}

async function reasonsOf(refused: Promise<unknown>): Promise<unknown[]> {
  const error = await refused.then(
    () => assert.fail('The transaction was not canceled.'),
    (reason: unknown) => reason,
  );
  assert(error instanceof TransactionCanceledException, String(error));
  return (error.CancellationReasons ?? []).map(({ Code, Item }) =>
    Item ? [Code, unmarshall(Item)] : [Code],
  );
}

const many = (n: number) => Array.from({ length: n }, (_, i) => put(`d#${i}`));

suite('a transaction that writes', () => {
  test('does all it says', async (t) => {
    const client = await started(t);
    await write(client, put('m'), put('old'));
    await write(client, put('d#0001'), add('m', 2), remove('old'), check('r#01', absent));
    assert.deepEqual(await parts(client), ['d#0001', 'm']);
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: key('m') }));
    assert.equal(unmarshall(Item ?? {})['n'], 2);
  });

  test('does nothing when one condition fails, and says which, with the item that was there', async (t) => {
    const client = await started(t);
    await write(client, put('m', { n: 7 }), put('d#0001'));
    const refused = write(
      client,
      put('d#0002'),
      put('m'),
      add('m2', 1),
      check('d#0001', absent),
      remove('d#0001'),
    );
    await assert.rejects(refused, { name: 'ValidationException' }, 'd#0001 is named twice');
    const reasons = await reasonsOf(
      write(client, put('d#0002'), put('m'), add('m2', 1), check('d#0001', absent)),
    );
    const old = { message: 'm1', part: 'm', n: 7 };
    assert.deepEqual(reasons, [
      ['None'],
      ['ConditionalCheckFailed', old],
      ['None'],
      ['ConditionalCheckFailed'],
    ]);
    assert.deepEqual(await parts(client), ['d#0001', 'm']);
  });

  test('names an update that cannot be made', async (t) => {
    const client = await started(t);
    await write(client, put('m', { n: 'text' }));
    const { Update } = add('m', 1);
    const unchecked = { Update: { ...Update, ConditionExpression: undefined } } as TransactWriteItem;
    const values = marshall({ ':by': 1 });
    assert.ok(unchecked.Update);
    unchecked.Update.ExpressionAttributeValues = values;
    assert.deepEqual(await reasonsOf(write(client, put('x'), unchecked)), [['None'], ['ValidationError']]);
  });

  test('of a hundred items is taken, of a hundred and one refused', async (t) => {
    const client = await started(t);
    await assert.rejects(write(client, ...many(101)), { name: 'ValidationException' });
    await write(client, ...many(100));
    assert.equal((await parts(client)).length, 100);
  });

  test('is done once, however often its token comes', async (t) => {
    const client = await started(t);
    const command = new TransactWriteItemsCommand({ TransactItems: [put('m')], ClientRequestToken: 'one' });
    await client.send(command);
    await client.send(command);
    assert.deepEqual(await parts(client), ['m']);
  });

  test('takes turns with others on the same items, in whatever order they name them', async (t) => {
    const client = await started(t);
    const names = ['a', 'b', 'c'];
    const rounds = Array.from({ length: 30 }, (_, i) => [...names.slice(i % 3), ...names.slice(0, i % 3)]);
    await Promise.all(rounds.map((order) => write(client, ...order.map((name) => add(name, 1)))));
    const counts = await client.send(
      new TransactGetItemsCommand({
        TransactItems: names.map((name) => ({ Get: { TableName, Key: key(name) } })),
      }),
    );
    assert.deepEqual(
      counts.Responses?.map(({ Item }) => unmarshall(Item ?? {})['n']),
      [30, 30, 30],
    );
  });
});

test('a transaction that reads sees others whole', async (t) => {
  const client = await started(t);
  await write(client, put('a', { n: 0 }), put('b', { n: 0 }));
  const read = new TransactGetItemsCommand({
    TransactItems: ['a', 'b', 'none'].map((name) => ({ Get: { TableName, Key: key(name) } })),
  });
  const writing = Promise.all(Array.from({ length: 40 }, () => write(client, add('a', 1), add('b', 1))));
  for (let i = 0; i < 20; i++) {
    const { Responses = [] } = await client.send(read);
    const [a, b, none] = Responses.map(({ Item }) => Item && unmarshall(Item)['n']);
    assert.equal(a, b);
    assert.equal(none, undefined);
  }
  await writing;
});
