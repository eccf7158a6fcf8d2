/** Dollars from counts: each line worked out by hand, with prices that make it easy. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import type { Calls, CountedRun } from '../../bench/cost/counted-run.ts';
import { partsOf, type FixedParts } from '../../bench/cost/fixed-parts.ts';
import {
  perMillion,
  perMonth,
  readUnits,
  rivals,
  total,
  waysToLess,
  type Item,
  type PriceFile,
} from '../../bench/cost/price.ts';
import { writeUnits } from '../../bench/cost/write-units.ts';

const path = new URL('../../bench/cost/prices.json', import.meta.url);
const file = JSON.parse(readFileSync(path, 'utf8')) as PriceFile;

const parts: FixedParts = {
  tasks: 2,
  taskVcpu: 0.25,
  taskGb: 1,
  balancerAddresses: 2,
  alarms: 10,
  compositeAlarms: 1,
  dashboards: 1,
  eventSources: 5,
  schedulesPerHour: 60,
  functionMemoryMb: { 'route-mail': 512 },
};

function calls(component: string, operation: string, fields: Partial<Calls> = {}): Calls {
  return { component, operation, calls: 1, octets: 0, writes: 1, ...fields };
}

function run(...made: Calls[]): CountedRun {
  return { messages: 10, deliveries: 10, calls: made, logOctets: 0 };
}

const cost = (items: readonly Item[], what: string): number => {
  const item = items.find((one) => one.what === what);
  assert.ok(item, what);
  return Number(item.dollars.toFixed(4));
};

describe('a million messages', () => {
  const rows: [why: string, given: CountedRun, what: string, dollars: number][] = [
    ['one put each', run(calls('listener', 'S3.PutObject', { calls: 10 })), 'S3 puts and copies', 5],
    [
      'a copy is a put',
      run(calls('deliver-to-mailbox', 'S3.CopyObject', { calls: 20 })),
      'S3 puts and copies',
      10,
    ],
    [
      'what provisions the run is not counted',
      run(calls('runtime', 'S3.PutObject', { calls: 10 })),
      'S3 puts and copies',
      0,
    ],
    [
      'polls that brought messages are',
      run(calls('runtime', 'SQS.ReceiveMessage', { calls: 10 })),
      'SQS requests',
      0.4,
    ],
    [
      'units as counted',
      run(calls('route-mail', 'DynamoDB.TransactWriteItems', { writes: 40 })),
      'DynamoDB writes',
      2.5,
    ],
    [
      'a gigabyte an hour is one unit of the balancer',
      run(calls('listener', 'S3.PutObject', { calls: 10, octets: 500_000 })),
      'Load balancer traffic',
      0.3,
    ],
    ['reads', run(calls('route-mail', 'DynamoDB.GetItem', { calls: 20 })), 'DynamoDB reads', 0.25],
    [
      'a batch deleted is an invocation',
      run(calls('runtime', 'SQS.DeleteMessageBatch', { calls: 10 })),
      'Lambda invocations',
      0.2,
    ],
    [
      '50 KB kept a month, twice',
      run(calls('listener', 'S3.PutObject', { calls: 10, octets: 500_000 })),
      'S3 storage',
      2.3,
    ],
    ['2 KB of logs', { ...run(), logOctets: 20_000 }, 'Logs', 1],
  ];
  for (const [why, given, what, dollars] of rows)
    test(`${what}: ${why}`, () => assert.equal(cost(perMillion(given, parts, file), what), dollars));

  test('duration: calls one after the other, and the work of each invocation', () => {
    const given = run(
      calls('route-mail', 'DynamoDB.GetItem', { calls: 10 }),
      calls('runtime', 'SQS.DeleteMessageBatch', { calls: 10 }),
    );
    const { callMilliseconds, computeMilliseconds } = file.assumed;
    const seconds = (callMilliseconds['DynamoDB']! + computeMilliseconds) / 1000;
    assert.equal(
      cost(perMillion(given, parts, file), 'Lambda duration'),
      Number((seconds * 0.5 * 13.3334).toFixed(4)),
    );
  });

  test('dearest first', () => {
    const dollars = perMillion(run(calls('listener', 'S3.PutObject', { calls: 10 })), parts, file).map(
      (one) => one.dollars,
    );
    assert.deepEqual(
      dollars,
      dollars.toSorted((a, b) => b - a),
    );
  });
});

const text = (size: number) => ({ S: 'x'.repeat(size) });
const delivery = { message: text(10), part: { S: 'd#0001' } };
const waking = { ...delivery, wake: text(5), wakeAt: text(24) };

const writes: [why: string, operation: string, request: object, units: number][] = [
  ['an item of 1 KB', 'PutItem', { Item: { part: { S: 'm' }, body: text(1000) } }, 1],
  ['one octet more than 1 KB is 2', 'PutItem', { Item: { part: { S: 'm' }, body: text(1016) } }, 2],
  ['a delivery enters the index', 'PutItem', { Item: waking }, 2],
  ['it ends, and leaves it', 'PutItem', { Item: { ...delivery, version: { N: '3' } } }, 2],
  ['it waits on, and moves', 'PutItem', { Item: { ...waking, version: { N: '3' } } }, 3],
  ['an update', 'UpdateItem', { Key: delivery, UpdateExpression: 'SET lease = :lease' }, 1],
  ['a move in the index', 'UpdateItem', { Key: delivery, UpdateExpression: 'SET wakeAt = :next' }, 3],
  [
    'a transaction, twice; its index, once',
    'TransactWriteItems',
    { TransactItems: [{ Put: { Item: waking } }] },
    3,
  ],
  [
    'each of a batch',
    'BatchWriteItem',
    {
      RequestItems: {
        spool: [{ PutRequest: { Item: { part: text(9) } } }, { PutRequest: { Item: delivery } }],
      },
    },
    2,
  ],
  ['reading', 'Query', {}, 0],
];
for (const [why, operation, request, units] of writes)
  test(`write units: ${why}`, () =>
    assert.equal(writeUnits(`DynamoDB.${operation}`, JSON.stringify(request)), units));

test('read units', () => {
  assert.equal(readUnits(calls('a', 'DynamoDB.BatchGetItem', { calls: 3 })), 6);
  assert.equal(readUnits(calls('a', 'DynamoDB.PutItem', { calls: 3 })), 0);
});

test('an idle month: two tasks of a quarter vCPU, one balancer, four addresses', () => {
  const items = perMonth(parts, file);
  assert.equal(cost(items, 'Listener: vCPU'), 11.8187);
  assert.equal(cost(items, 'Load balancer'), 16.425);
  assert.equal(cost(items, 'Public IPv4 addresses'), 14.6);
  assert.equal(cost(items, 'Alarms'), 1);
});

test('rivals: SES charges whole chunks inbound, Mail Manager each one begun', () => {
  const of = (sizeKb: number) => {
    const use = { messagesPerMonth: 1, sizeKb, recipients: 1 };
    return Object.fromEntries(rivals(use, file).map((one) => [one.name, one.perMillion]));
  };
  assert.deepEqual(of(50), { 'SES inbound': 100, 'SES Mail Manager': 150, 'Two small servers': 0 });
  assert.deepEqual(of(600), { 'SES inbound': 280, 'SES Mail Manager': 450, 'Two small servers': 0 });
});

test('the parts of a template', () => {
  const found = partsOf({
    Resources: {
      Task: { Type: 'AWS::ECS::TaskDefinition', Properties: { Cpu: '256', Memory: '1024' } },
      Service: { Type: 'AWS::ECS::Service', Properties: { DesiredCount: 2 } },
      Balancer: { Type: 'AWS::ElasticLoadBalancingV2::LoadBalancer', Properties: { Subnets: [1, 2] } },
      Route: {
        Type: 'AWS::Lambda::Function',
        Properties: { FunctionName: 'postern-route-mail', MemorySize: 512 },
      },
      Own: { Type: 'AWS::Lambda::Function', Properties: {} },
      One: { Type: 'AWS::CloudWatch::Alarm' },
    },
  });
  assert.deepEqual(
    [found.tasks, found.taskVcpu, found.taskGb, found.balancerAddresses, found.alarms],
    [2, 0.25, 1, 2, 1],
  );
  assert.deepEqual(found.functionMemoryMb, { 'route-mail': 512 });
});

test('every price says when it held and where it stands', () => {
  for (const [name, price] of Object.entries(file.prices)) {
    assert.match(price.asOf, /^\d{4}-\d{2}$/, name);
    assert.ok(price.source.length > 10 && price.usd > 0 && price.per > 0, name);
  }
});

test('advice is about items that there are', () => {
  const items = [...perMillion(run(), parts, file), ...perMonth(parts, file)].map((one) => one.what);
  for (const what of Object.keys(waysToLess)) assert.ok(items.includes(what), what);
  assert.ok(total(perMonth(parts, file)) > 0);
});
