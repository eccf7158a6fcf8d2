/** The reader on the real template, and on small changes of it that must be refused. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { settings as deliver } from '../../functions/deliver-to-mailbox/settings.ts';
import { settings as publish } from '../../functions/publish-directory/settings.ts';
import { Template } from '../../local/template.ts';
import { localTemplate } from '../../local/template-cache.ts';
import { readWiring, stackOf, type Wiring } from '../../local/wiring.ts';

interface Resource {
  Type: string;
  Properties: Record<string, unknown>;
}
type Document = { Resources: Record<string, Resource> };

const real = (await localTemplate()) as Document;
const read = (document: unknown): Wiring =>
  readWiring(
    new Template(document, { stack: 'postern', queueUrl: (name) => `http://queues/${name}` }),
    'postern',
  );
const wiring = read(real);
const functionNamed = (name: string) => wiring.functions.find((each) => each.name === name)!;
const names = (list: readonly { name: string }[]): string[] => list.map(({ name }) => name).sort();

test('the stack is named by its directory table', () => assert.equal(stackOf(real), 'postern'));

test('tables, queues and functions are those of the design', () => {
  assert.deepEqual(
    names(wiring.tables),
    ['directory', 'mailboxes', 'spool', 'views'].map((name) => `postern-${name}`),
  );
  for (const queue of ['route', 'deliver', 'relay', 'direct', 'report'])
    assert.ok(
      wiring.queues
        .find(({ name }) => name === `postern-${queue}`)
        ?.attributes['RedrivePolicy']?.includes(`postern-${queue}-dead`),
    );
  assert.deepEqual(names(wiring.functions), [
    'deliver-to-mailbox',
    'direct-outbound',
    'publish-directory',
    'relay-outbound',
    'report-failure',
    'retry-deferred',
    'route-mail',
  ]);
});

test('partition keys are known for tables and indexes', () =>
  assert.deepEqual(wiring.partitionKeys, {
    'postern-directory': 'form',
    'postern-views': 'key',
    'postern-spool': 'message',
    'postern-spool/due': 'wake',
    'postern-spool/hop': 'hopKey',
    'postern-mailboxes': 'mailFile',
  }));

test('a function has its entry, time, environment and rights', () => {
  const lambda = functionNamed('deliver-to-mailbox');
  assert.equal(lambda.entry, 'functions/deliver-to-mailbox/handler.ts');
  assert.equal(lambda.timeoutSeconds, deliver.timeoutSeconds);
  assert.equal(lambda.environment['MAILBOXES_TABLE'], 'postern-mailboxes');
  assert.equal(lambda.environment['REPORT_QUEUE'], 'http://queues/postern-report');
  assert.ok(lambda.statements.some(({ actions }) => actions.includes('dynamodb:PutItem')));
});

test('both outbound functions run the same handler', () =>
  assert.equal(functionNamed('direct-outbound').entry, functionNamed('relay-outbound').entry));

test('triggers: queues, the directory stream, two schedules', () => {
  const stream = wiring.mappings.find(({ kind }) => kind === 'stream')!;
  assert.equal(stream.function, 'publish-directory');
  assert.equal(stream.source, 'postern-directory');
  assert.equal(stream.batchSize, publish.batchSize);
  assert.ok(stream.bisect && stream.retries > 0 && stream.onFailure !== undefined);
  const queues = wiring.mappings.filter(({ kind }) => kind === 'queue');
  assert.deepEqual(queues.map(({ source }) => source.replace('postern-', '')).sort(), [
    'deliver',
    'direct',
    'relay',
    'report',
    'route',
  ]);
  assert.ok(wiring.mappings.every(({ reportBatchItemFailures }) => reportBatchItemFailures));
  assert.deepEqual(Object.fromEntries(wiring.schedules.map((each) => [each.function, each.everySeconds])), {
    'publish-directory': 900,
    'retry-deferred': 60,
  });
});

test('the listener may write nothing to DynamoDB but locks', () => {
  const writes = wiring.listener.statements.filter(({ actions }) => actions.includes('dynamodb:UpdateItem'));
  assert.ok(writes.length > 0);
  for (const { conditions } of writes) assert.match(JSON.stringify(conditions), /LeadingKeys.*lock#/);
});

const changes: [what: string, type: string, change: (r: Resource) => void, message: RegExp][] = [
  [
    'a rate that is none',
    'AWS::Events::Rule',
    (r) => (r.Properties['ScheduleExpression'] = 'cron(0 12 * * ? *)'),
    /only rate\(…\) is known here/,
  ],
  [
    'an environment that refers elsewhere',
    'AWS::Lambda::Function',
    (r) => (r.Properties['Environment'] = { Variables: { A: { 'Fn::ImportValue': 'b' } } }),
    /Environment\.A uses Fn::ImportValue/,
  ],
  [
    'rights by a managed policy',
    'AWS::IAM::Role',
    (r) => (r.Properties['ManagedPolicyArns'] = ['arn:aws:iam::aws:policy/AdministratorAccess']),
    /its rights must be written out/,
  ],
  [
    'a statement with NotAction',
    'AWS::IAM::Policy',
    (r) =>
      (r.Properties['PolicyDocument'] = {
        Statement: [{ Effect: 'Allow', NotAction: 's3:*', Resource: '*' }],
      }),
    /a statement with NotAction/,
  ],
];

for (const [what, type, change, message] of changes)
  test(`${what} is refused`, () => {
    const document = structuredClone(real);
    for (const resource of Object.values(document.Resources)) if (resource.Type === type) change(resource);
    assert.throws(() => read(document), { name: 'TemplateError', message });
  });
