/** What the stack promises about everything that holds mail or documents: tables, bucket, queues. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings as deliverToMailbox } from '../../../functions/deliver-to-mailbox/settings.ts';
import { settings as relayOutbound } from '../../../functions/relay-outbound/settings.ts';
import { settings as reportFailure } from '../../../functions/report-failure/settings.ts';
import { settings as routeMail } from '../../../functions/route-mail/settings.ts';
import { direct as template } from './synthesized.ts';
import { at, ofType, plain } from './template.ts';

const tables = ofType(template, 'AWS::DynamoDB::Table');
const queues = ofType(template, 'AWS::SQS::Queue');
const [bucket] = ofType(template, 'AWS::S3::Bucket');
const named = (list: typeof tables, property: string, name: string) =>
  list.find(({ properties }) => properties[property] === name)?.properties;

/** Names and keys are public: documents.md and spool.md describe them, tools read them. */
const keys: readonly (readonly [table: string, partition: string, sort: string, ttl: string | undefined])[] =
  [
    ['postern-directory', 'form', 'name', undefined],
    ['postern-views', 'key', 'sort', 'expiresAt'],
    ['postern-spool', 'message', 'part', 'expiresAt'],
    ['postern-mailboxes', 'mailFile', 'id', undefined],
  ];

test('there are the four tables', () => {
  assert.deepEqual(
    tables.map(({ properties }) => String(properties['TableName'])).sort(),
    keys.map(([name]) => name).sort(),
  );
});

for (const [name, partition, sort, ttl] of keys) {
  test(`${name} is keyed by ${partition} and ${sort}`, () => {
    const table = named(tables, 'TableName', name);
    assert.deepEqual(table?.['KeySchema'], [
      { AttributeName: partition, KeyType: 'HASH' },
      { AttributeName: sort, KeyType: 'RANGE' },
    ]);
    assert.equal(at(table, 'TimeToLiveSpecification', 'AttributeName'), ttl);
  });
}

for (const { properties, resource } of tables) {
  const name = String(properties['TableName']);
  test(`${name} is encrypted`, () => assert.equal(at(properties, 'SSESpecification', 'SSEEnabled'), true));
  test(`${name} can be restored to any second`, () =>
    assert.equal(at(properties, 'PointInTimeRecoverySpecification', 'PointInTimeRecoveryEnabled'), true));
  test(`${name} takes any rate`, () => assert.equal(properties['BillingMode'], 'PAY_PER_REQUEST'));
  test(`${name} outlives the stack and its updates`, () => {
    assert.equal(resource['DeletionPolicy'], 'Retain');
    assert.equal(resource['UpdateReplacePolicy'], 'Retain');
    assert.equal(properties['DeletionProtectionEnabled'], true);
  });
}

test('the directory streams the keys of changed documents', () => {
  const table = named(tables, 'TableName', 'postern-directory');
  assert.equal(at(table, 'StreamSpecification', 'StreamViewType'), 'KEYS_ONLY');
});

test('the spool has the two indexes that waiting work is found by, and none on state', () => {
  const indexes = named(tables, 'TableName', 'postern-spool')?.['GlobalSecondaryIndexes'] as unknown[];
  const shape = indexes.map((index) => [
    at(index, 'IndexName'),
    at(index, 'KeySchema', 0, 'AttributeName'),
    at(index, 'KeySchema', 1, 'AttributeName'),
    at(index, 'Projection'),
  ]);
  assert.deepEqual(shape, [
    ['due', 'wake', 'wakeAt', { ProjectionType: 'KEYS_ONLY' }],
    ['hop', 'hopKey', 'wakeAt', { NonKeyAttributes: ['dueAt'], ProjectionType: 'INCLUDE' }],
  ]);
});

test('the bucket is encrypted', () => {
  const rule = at(bucket?.properties, 'BucketEncryption', 'ServerSideEncryptionConfiguration', 0);
  assert.equal(at(rule, 'ServerSideEncryptionByDefault', 'SSEAlgorithm'), 'AES256');
});

test('the bucket can never be public', () => {
  assert.deepEqual(bucket?.properties['PublicAccessBlockConfiguration'], {
    BlockPublicAcls: true,
    BlockPublicPolicy: true,
    IgnorePublicAcls: true,
    RestrictPublicBuckets: true,
  });
});

test('the bucket outlives the stack and its updates', () => {
  assert.equal(bucket?.resource['DeletionPolicy'], 'Retain');
  assert.equal(bucket?.resource['UpdateReplacePolicy'], 'Retain');
});

test('bodies and what travels with them expire after 30 days; kept mail, mailboxes and settings never', () => {
  const rules = at(bucket?.properties, 'LifecycleConfiguration', 'Rules') as unknown[];
  const expiring = rules.filter((rule) => at(rule, 'ExpirationInDays') !== undefined);
  assert.deepEqual(
    expiring.map((rule) => [at(rule, 'Prefix'), at(rule, 'ExpirationInDays')]),
    [
      ['spool/', 30],
      ['envelopes/', 30],
      ['plans/', 30],
    ],
  );
});

test('an upload left half done is taken away after a day', () => {
  const rules = at(bucket?.properties, 'LifecycleConfiguration', 'Rules') as unknown[];
  const cleaning = rules.filter(
    (rule) => at(rule, 'AbortIncompleteMultipartUpload', 'DaysAfterInitiation') === 1,
  );
  assert.deepEqual(
    cleaning.map((rule) => at(rule, 'Prefix')),
    [undefined],
  );
});

for (const { id, properties } of queues) {
  const name = String(properties['QueueName']);
  test(`${name} is encrypted`, () => assert.equal(properties['SqsManagedSseEnabled'], true));
  test(`${name} keeps work for 14 days`, () =>
    assert.equal(properties['MessageRetentionPeriod'], 14 * 86_400));
  test(`${name} takes messages of 1 MiB`, () => assert.equal(properties['MaximumMessageSize'], 1_048_576));
  test(`${name} refuses calls without TLS`, () => {
    const policies = ofType(template, 'AWS::SQS::QueuePolicy').map((policy) => policy.properties);
    const own = policies.find((policy) =>
      (policy['Queues'] as { Ref: string }[]).some(({ Ref }) => Ref === id),
    );
    const statements = at(own, 'PolicyDocument', 'Statement') as Record<string, unknown>[];
    const denied = statements.find(({ Effect }) => Effect === 'Deny');
    assert.equal(at(denied, 'Condition', 'Bool', 'aws:SecureTransport'), 'false');
  });
}

for (const name of ['postern-route', 'postern-route-dead'])
  test(`${name} outlives the stack and its updates: it may hold the only copy of an envelope`, () => {
    const queue = queues.find(({ properties }) => properties['QueueName'] === name);
    assert.equal(queue?.resource['DeletionPolicy'], 'Retain');
    assert.equal(queue?.resource['UpdateReplacePolicy'], 'Retain');
  });

const consumers = [
  ['postern-route', routeMail],
  ['postern-deliver', deliverToMailbox],
  ['postern-relay', relayOutbound],
  ['postern-direct', relayOutbound],
  ['postern-report', reportFailure],
] as const;

for (const [name, consumer] of consumers) {
  const queue = named(queues, 'QueueName', name);
  test(`${name} hides work for at least six times its consumer's time-out`, () =>
    assert.ok(Number(queue?.['VisibilityTimeout']) >= 6 * consumer.timeoutSeconds));
  test(`${name} parks what cannot be done in ${name}-dead`, () =>
    assert.equal(plain(template, at(queue, 'RedrivePolicy', 'deadLetterTargetArn')), `${name}-dead`));
}

test('route tries for a day at least: its message is the only copy of an envelope', () => {
  const queue = named(queues, 'QueueName', 'postern-route');
  const tries = Number(at(queue, 'RedrivePolicy', 'maxReceiveCount'));
  assert.ok(tries * Number(queue?.['VisibilityTimeout']) >= 86_400);
  assert.ok(tries * 300 >= 86_400, 'also where a fault shortens each wait to five minutes');
});

test('there is no queue but those with work, their dead ones, and the directory’s', () => {
  const expected = [...consumers.flatMap(([name]) => [name, `${name}-dead`]), 'postern-directory-dead'];
  assert.deepEqual(queues.map(({ properties }) => String(properties['QueueName'])).sort(), expected.sort());
});
