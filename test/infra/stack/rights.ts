/** Least rights: who may do what, and that nobody may do more. Promise 7: closed by default. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct as template } from './synthesized.ts';
import { at, components, ofType, rightsIn, rightsOf, type Right } from './template.ts';

const everybody = [...components(template).keys()].sort();
const all: readonly (Right & { who: string })[] = everybody.flatMap((who) =>
  rightsOf(template, who).map((right) => ({ ...right, who })),
);
const policies = ofType(template, 'AWS::IAM::Policy').flatMap(({ properties }) =>
  rightsIn(template, properties),
);

test('rights are found at all', () => {
  assert.ok(all.length > 80);
  assert.equal(everybody.length, 8);
});

test('no action is a wildcard', () => {
  assert.deepEqual(
    policies.filter(({ action }) => action.includes('*')),
    [],
  );
});

/** AWS knows no narrower resource for these. */
const unbounded = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];

test('no resource is everything, but for actions that know no narrower one', () => {
  const wide = policies.filter(({ resource }) => resource === '*').map(({ action }) => action);
  assert.deepEqual([...new Set(wide)].sort(), unbounded);
});

test('a resource that ends in a wildcard is a prefix of our own', () => {
  const prefix =
    /^(mail\/[a-z]+\/\*|postern-directory\/stream\/\*|.*:secret:postern\/\*|.*:ses:.*:identity\/\*|\*)$/;
  const wide = policies.filter(({ resource }) => resource.includes('*') && !prefix.test(resource));
  assert.deepEqual(wide, []);
});

test('no role carries a managed policy, whose rights others may widen', () => {
  const carrying = ofType(template, 'AWS::IAM::Role').filter(
    ({ properties }) => properties['ManagedPolicyArns'],
  );
  assert.deepEqual(carrying, []);
});

const outbound = ['direct-outbound', 'relay-outbound'];

/** Every right of this kind, and all who have it; the reason beside it. */
const holders: readonly (readonly [
  what: string,
  action: RegExp,
  resource: RegExp,
  who: readonly string[],
])[] = [
  ['documents are read by the publisher alone', /^dynamodb:/, /^postern-directory/, ['publish-directory']],
  [
    'the publisher alone writes views',
    /^dynamodb:(?!GetItem|BatchGetItem|Query)/,
    /^postern-views/,
    ['publish-directory'],
  ],
  ['everybody reads settings', /^dynamodb:GetItem/, /^postern-views$/, everybody],
  [
    'names are looked up where they are judged, and by delivery for the quota of the day',
    /^dynamodb:Query/,
    /^postern-views$/,
    ['deliver-to-mailbox', 'listener', 'publish-directory', 'route-mail'],
  ],
  ['mailboxes are written by delivery alone', /^dynamodb:/, /^postern-mailboxes/, ['deliver-to-mailbox']],
  ['copies in mail files too', /^s3:PutObject$/, /^mail\/mailboxes/, ['deliver-to-mailbox']],
  ['no function reads a mail file’s bytes', /^s3:GetObject/, /^mail\/mailboxes/, []],
  [
    'bodies come from clients and reports, and from where they were kept',
    /^s3:PutObject$/,
    /^mail\/spool/,
    ['listener', 'report-failure', 'route-mail'],
  ],
  ['settings come from the publisher', /^s3:PutObject$/, /^mail\/settings/, ['publish-directory']],
  ['plans are written where they are made', /^s3:PutObject$/, /^mail\/plans/, ['route-mail']],
  [
    'a copy is taken back where its row was refused',
    /^s3:Delete/,
    /^mail\/mailboxes/,
    ['deliver-to-mailbox'],
  ],
  ['settings that were left behind go', /^s3:Delete/, /^mail\/settings/, ['publish-directory']],
  ['copies that nothing needs any more go', /^s3:Delete/, /^mail\/kept/, ['retry-deferred']],
  ['nothing else is deleted', /^s3:Delete/, /^mail\/(?!mailboxes|settings|kept)/, []],
  ['secrets are for those who speak to hosts', /^secretsmanager:Get/, /./, outbound],
  ['who warns of a missing one learns no more', /^secretsmanager:(?!Get)/, /./, ['publish-directory']],
  ['mail leaves by SES from where SES is reached', /^ses:/, /./, ['relay-outbound']],
  [
    'slots are freed, waiting records replaced, counts of TLS reported',
    /^dynamodb:DeleteItem$/,
    /^postern-spool/,
    [...outbound, 'report-failure', 'route-mail'],
  ],
  ['the due index is the sweeper’s', /./, /^postern-spool\/index\/due$/, ['retry-deferred']],
  ['the hop index is the workers’', /./, /^postern-spool\/index\/hop$/, outbound],
  [
    'no component scans the spool, but for the due index',
    /^dynamodb:Scan$/,
    /^postern-spool(?!\/index\/due$)/,
    [],
  ],
  [
    'work for route',
    /^sqs:SendMessage$/,
    /^postern-route$/,
    ['listener', 'report-failure', 'retry-deferred'],
  ],
  [
    'workers ask for help in their own queue',
    /^sqs:SendMessage$/,
    /^postern-direct$/,
    ['direct-outbound', 'retry-deferred', 'route-mail'],
  ],
  [
    'and the others in theirs',
    /^sqs:SendMessage$/,
    /^postern-relay$/,
    ['relay-outbound', 'retry-deferred', 'route-mail'],
  ],
  ['work for deliver', /^sqs:SendMessage$/, /^postern-deliver$/, ['retry-deferred', 'route-mail']],
  ['no component reads or writes a dead-letter queue of work', /^sqs:/, /^postern-(?!directory).*-dead$/, []],
  ['the stream’s failures', /^sqs:/, /^postern-directory-dead$/, ['publish-directory']],
  ['network interfaces', /^ec2:/, /./, ['direct-outbound']],
];

for (const [what, action, resource, who] of holders)
  test(`${what}: ${action.source} on ${resource.source}`, () => {
    const having = all.filter((right) => action.test(right.action) && resource.test(right.resource));
    assert.deepEqual([...new Set(having.map((right) => right.who))].sort(), [...who].sort());
  });

const own: Record<string, string[]> = {
  'route-mail': ['postern-route'],
  'deliver-to-mailbox': ['postern-deliver'],
  'relay-outbound': ['postern-relay'],
  'direct-outbound': ['postern-direct'],
  'report-failure': ['postern-report'],
  'retry-deferred': [],
  'publish-directory': [],
  listener: [],
};

for (const who of everybody)
  test(`${who} takes work from its own queue only`, () => {
    const taking = all.filter((right) => right.who === who && right.action === 'sqs:ReceiveMessage');
    assert.deepEqual(
      taking.map(({ resource }) => resource),
      own[who],
    );
  });

test('the listener’s only write to DynamoDB is lock#…: it cannot rewrite policy or a message', () => {
  const mine = all.filter(({ who, action }) => who === 'listener' && action.startsWith('dynamodb:'));
  const writing = mine.filter(({ action }) => !/:(GetItem|BatchGetItem|Query)$/.test(action));
  assert.deepEqual([...new Set(writing.map(({ resource }) => resource))], ['postern-spool']);
  for (const { condition } of mine.filter(({ resource }) => resource === 'postern-spool'))
    assert.deepEqual(condition, { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['lock#*'] } });
});

test('report-failure deletes counts of TLS from the spool, and nothing else', () => {
  const rights = all.filter(
    ({ who, action }) => who === 'report-failure' && action === 'dynamodb:DeleteItem',
  );
  assert.deepEqual(
    rights.filter(({ resource }) => resource === 'postern-spool').map(({ condition }) => condition),
    [{ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['tls#*'] } }],
  );
});

test('who may read a body may also learn that it is gone', () => {
  const reading = all.filter(({ action }) => action === 's3:GetObject').map(({ who }) => who);
  const listing = all.filter(({ action }) => action === 's3:ListBucket').map(({ who }) => who);
  assert.deepEqual([...new Set(listing)].sort(), [...new Set(reading)].sort());
});

test('the bucket is closed to calls without TLS, and opened to nobody', () => {
  const [policy] = ofType(template, 'AWS::S3::BucketPolicy');
  const statements = at(policy?.properties, 'PolicyDocument', 'Statement') as Record<string, unknown>[];
  assert.deepEqual(
    statements.map(({ Effect, Condition }) => [Effect, Condition]),
    [['Deny', { Bool: { 'aws:SecureTransport': 'false' } }]],
  );
});

test('no secret stands in the template, in a variable or anywhere else', () => {
  const text = JSON.stringify(template);
  assert.doesNotMatch(text, /password|private.?key|-----BEGIN|resolve:(secretsmanager|ssm-secure)/i);
  assert.deepEqual(ofType(template, 'AWS::SecretsManager::Secret'), [], 'administrators make them');
  const [task] = ofType(template, 'AWS::ECS::TaskDefinition');
  assert.equal(at(task?.properties, 'ContainerDefinitions', 0, 'Secrets'), undefined);
});
