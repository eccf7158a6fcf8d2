/** A component's calls against its role: what is allowed, what is denied, conditions, and what is never used. */
import assert from 'node:assert/strict';
import test from 'node:test';
import type { Statement } from '../../local/role.ts';
import { allowedBy, holdRights, like, unusedRights, type Use } from '../../local/rights.ts';

const table = 'arn:aws:dynamodb:us-east-1:000000000000:table/postern-spool';
const partitionKeys: Record<string, string> = { 'postern-spool': 'message', 'postern-spool/due': 'wake' };

const allow = (
  actions: string[],
  resources: string[],
  conditions: Statement['conditions'] = {},
): Statement => ({
  effect: 'Allow',
  actions,
  resources,
  conditions,
});
const onlyLocks = { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['lock#*'] } };

const statements: Statement[] = [
  allow(['dynamodb:GetItem', 'dynamodb:Query'], [table]),
  allow(['dynamodb:UpdateItem'], [table], onlyLocks),
  allow(['dynamodb:Query'], [`${table}/index/due`]),
  allow(['dynamodb:ConditionCheckItem', 'dynamodb:PutItem'], [table], onlyLocks),
  allow(['s3:PutObject', 's3:AbortMultipartUpload'], ['arn:aws:s3:::mail/spool/*']),
  allow(['s3:GetObject'], ['arn:aws:s3:::mail/spool/*', 'arn:aws:s3:::mail/settings/*']),
  allow(['s3:PutObject'], ['arn:aws:s3:::mail/kept/*']),
  allow(['s3:ListBucket'], ['arn:aws:s3:::mail'], { StringLike: { 's3:prefix': ['settings/*'] } }),
  { ...allow(['s3:*'], ['arn:aws:s3:::mail/settings/frozen*']), effect: 'Deny' },
  allow(['sqs:SendMessage'], ['arn:aws:sqs:us-east-1:000000000000:postern-route']),
  allow(
    ['secretsmanager:GetSecretValue'],
    ['arn:aws:secretsmanager:us-east-1:000000000000:secret:postern/*'],
  ),
  allow(['ses:SendRawEmail'], ['arn:aws:ses:us-east-1:000000000000:identity/acme.example']),
  allow(['s3:DeleteObject'], ['*'], { IpAddress: { 'aws:SourceIp': ['10.0.0.0/8'] } }),
];

function rights(): {
  hold: (command: string, input: Record<string, unknown>) => void;
  uses: Use[];
  denied: string[];
} {
  const uses: Use[] = [];
  const denied: string[] = [];
  const held = holdRights({
    component: 'listener',
    statements,
    partitionKeyOf: (name) => partitionKeys[name],
    onUse: (use) => uses.push(use),
    onDenied: ({ action }) => denied.push(action),
  });
  return { hold: (command, input) => held.hold(command, input), uses, denied };
}

const item = (message: string) => ({
  TableName: 'postern-spool',
  Key: { message: { S: message }, part: { S: 'm' } },
});
const object = (Key: string) => ({ Bucket: 'mail', Key });
const transaction = (message: string) => ({
  TransactItems: [
    { ConditionCheck: item('lock#1') },
    { Put: { TableName: 'postern-spool', Item: { message: { S: message } } } },
  ],
});
const query = (expression: string, extra: object = {}) => ({
  TableName: 'postern-spool',
  KeyConditionExpression: expression,
  ExpressionAttributeValues: { ':m': { S: 'x' } },
  ...extra,
});

const allowed: [command: string, input: Record<string, unknown>, why: string][] = [
  ['GetItemCommand', item('1'), 'any item may be read'],
  ['UpdateItemCommand', item('lock#peer'), 'the leading key is a lock'],
  ['QueryCommand', query('message = :m'), 'a query of the table'],
  ['QueryCommand', query('wake = :m', { IndexName: 'due' }), 'a query of the index that is named'],
  ['TransactWriteItemsCommand', transaction('lock#2'), 'each part is allowed'],
  ['PutObjectCommand', object('spool/00/1'), 'below the prefix'],
  ['UploadPartCommand', object('spool/00/1'), 'a part is a put'],
  ['CompleteMultipartUploadCommand', object('spool/00/1'), 'and so is its end'],
  ['HeadObjectCommand', object('settings/1'), 'a head is a get'],
  ['CopyObjectCommand', { ...object('kept/1'), CopySource: '/mail/spool/00/1' }, 'read there, write here'],
  ['ListObjectsV2Command', { Bucket: 'mail', Prefix: 'settings/a' }, 'a prefix that is allowed'],
  [
    'SendMessageBatchCommand',
    { QueueUrl: 'http://127.0.0.1:1/000000000000/postern-route' },
    'a batch is a send',
  ],
  ['GetSecretValueCommand', { SecretId: 'postern/relay' }, 'a secret of the stack'],
  ['SendRawEmailCommand', { Source: '"A" <a@Acme.Example>' }, 'the identity of its sender'],
];

for (const [command, input, why] of allowed)
  test(`allowed: ${command}, ${why}`, () => {
    const held = rights();
    held.hold(command, input);
    assert.deepEqual(held.denied, []);
    assert.ok(held.uses.length > 0);
  });

const denied: [command: string, input: Record<string, unknown>, action: string, why: string][] = [
  ['UpdateItemCommand', item('message'), 'dynamodb:UpdateItem', 'the leading key is no lock'],
  ['DeleteItemCommand', item('lock#1'), 'dynamodb:DeleteItem', 'no statement names it'],
  ['QueryCommand', query('wake = :m', { IndexName: 'hop' }), 'dynamodb:Query', 'another index'],
  ['TransactWriteItemsCommand', transaction('message'), 'dynamodb:PutItem', 'one part is not'],
  ['GetItemCommand', { ...item('1'), TableName: 'postern-views' }, 'dynamodb:GetItem', 'another table'],
  ['PutObjectCommand', object('settings/1'), 's3:PutObject', 'only read there'],
  ['GetObjectCommand', object('settings/frozen1'), 's3:GetObject', 'a Deny wins'],
  ['CopyObjectCommand', { ...object('kept/1'), CopySource: 'mail/plans/1' }, 's3:GetObject', 'the source'],
  ['ListObjectsV2Command', { Bucket: 'mail', Prefix: 'spool/' }, 's3:ListBucket', 'another prefix'],
  ['ListObjectsV2Command', { Bucket: 'mail' }, 's3:ListBucket', 'no prefix is every prefix'],
  ['DeleteObjectCommand', object('spool/1'), 's3:DeleteObject', 'a condition that is not known never allows'],
  ['SendMessageCommand', { QueueUrl: 'http://x/1/postern-deliver' }, 'sqs:SendMessage', 'another queue'],
  ['GetSecretValueCommand', { SecretId: 'other/relay' }, 'secretsmanager:GetSecretValue', 'not of the stack'],
  ['SendRawEmailCommand', { Source: 'a@other.example' }, 'ses:SendRawEmail', 'another identity'],
  [
    'DeleteTableCommand',
    { TableName: 'postern-spool' },
    'DeleteTableCommand',
    'not in the table of commands',
  ],
];

for (const [command, input, action, why] of denied)
  test(`denied: ${command}, ${why}`, () => {
    const held = rights();
    assert.throws(() => held.hold(command, input), {
      name: 'AccessDeniedException',
      message: new RegExp(`^listener may not ${action} on `),
    });
    assert.deepEqual(held.denied, [action]);
  });

test('a scan escapes a condition on leading keys, as in IAM', () =>
  assert.equal(
    allowedBy([allow(['dynamodb:Scan'], [table], onlyLocks)], {
      action: 'dynamodb:Scan',
      resource: table,
      context: {},
    }),
    table,
  ));

test('a right is unused until its action touched its resource', () => {
  const { hold, uses } = rights();
  hold('GetItemCommand', item('1'));
  hold('PutObjectCommand', object('kept/1'));
  const unused = unusedRights('listener', statements.slice(0, 7), uses).map(
    (each) => `${each.action} ${each.resource}`,
  );
  assert.ok(!unused.includes(`dynamodb:GetItem ${table}`));
  assert.ok(!unused.includes('s3:PutObject arn:aws:s3:::mail/kept/*'));
  assert.ok(unused.includes('s3:PutObject arn:aws:s3:::mail/spool/*'));
  assert.ok(unused.includes(`dynamodb:Query ${table}`));
  hold('GetObjectCommand', object('settings/1'));
  const reads = unusedRights('listener', statements.slice(5, 6), uses);
  assert.deepEqual(
    reads.map(({ resource }) => resource),
    ['arn:aws:s3:::mail/spool/*'],
  );
});

test('a use is told once', () => {
  const { hold, uses } = rights();
  hold('GetItemCommand', item('1'));
  hold('GetItemCommand', item('2'));
  assert.equal(uses.length, 1);
});

const patterns: [pattern: string, value: string, is: boolean][] = [
  ['*', '', true],
  ['a*c', 'abbbc', true],
  ['a*c', 'abbb', false],
  ['a?c', 'abc', true],
  ['a?c', 'ac', false],
  ['a.c', 'abc', false],
  ['spool/*', 'spool/a\nb', true],
];
for (const [pattern, value, is] of patterns)
  test(`${pattern} ${is ? 'matches' : 'does not match'} ${JSON.stringify(value)}`, () =>
    assert.equal(like(pattern, value), is));
