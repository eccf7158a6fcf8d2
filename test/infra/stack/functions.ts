/** What the stack promises about the functions: how they run, what starts them, what they are told. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { variables, type Variable } from '../../../aws/variables.ts';
import { settings as deliverToMailbox } from '../../../functions/deliver-to-mailbox/settings.ts';
import { settings as publishDirectory } from '../../../functions/publish-directory/settings.ts';
import { settings as relayOutbound } from '../../../functions/relay-outbound/settings.ts';
import { settings as reportFailure } from '../../../functions/report-failure/settings.ts';
import { settings as retryDeferred } from '../../../functions/retry-deferred/settings.ts';
import { settings as routeMail } from '../../../functions/route-mail/settings.ts';
import { direct as template } from './synthesized.ts';
import { at, components, ofType, plain, type Properties } from './template.ts';

const functions = ofType(template, 'AWS::Lambda::Function');
const mappings = ofType(template, 'AWS::Lambda::EventSourceMapping');

interface Settings {
  readonly timeoutSeconds: number;
  readonly memoryMb: number;
  readonly batchSize?: number;
  readonly maximumConcurrency?: number;
  readonly variables: readonly Variable[];
}
interface Row {
  readonly name: string;
  readonly settings: Settings;
  readonly entry: string;
  readonly source?: string;
}
const rows: readonly Row[] = [
  {
    name: 'publish-directory',
    settings: publishDirectory,
    entry: 'publish-directory',
    source: 'postern-directory',
  },
  { name: 'route-mail', settings: routeMail, entry: 'route-mail', source: 'postern-route' },
  {
    name: 'deliver-to-mailbox',
    settings: deliverToMailbox,
    entry: 'deliver-to-mailbox',
    source: 'postern-deliver',
  },
  { name: 'relay-outbound', settings: relayOutbound, entry: 'relay-outbound', source: 'postern-relay' },
  { name: 'direct-outbound', settings: relayOutbound, entry: 'relay-outbound', source: 'postern-direct' },
  { name: 'retry-deferred', settings: retryDeferred, entry: 'retry-deferred' },
  { name: 'report-failure', settings: reportFailure, entry: 'report-failure', source: 'postern-report' },
];

const lambda = (name: string) =>
  functions.find(({ properties }) => properties['FunctionName'] === `postern-${name}`);
const startedBy = (name: string): Properties[] =>
  mappings
    .map(({ properties }) => properties)
    .filter((mapping) => plain(template, mapping['FunctionName']) === `postern-${name}`);

test('there are these functions and no other, not even a helper of the CDK', () => {
  assert.deepEqual(
    functions.map(({ properties }) => String(properties['FunctionName'])).sort(),
    rows.map(({ name }) => `postern-${name}`).sort(),
  );
});

for (const { name, settings, entry, source } of rows) {
  const found = lambda(name);
  const properties = found?.properties ?? {};
  test(`${name} runs on Node 24, ARM64, traced`, () => {
    assert.equal(properties['Runtime'], 'nodejs24.x');
    assert.deepEqual(properties['Architectures'], ['arm64']);
    assert.equal(at(properties, 'TracingConfig', 'Mode'), 'Active');
  });
  test(`${name} has the time and memory of its settings`, () => {
    assert.equal(properties['Timeout'], settings.timeoutSeconds);
    assert.equal(properties['MemorySize'], settings.memoryMb);
  });
  test(`${name} is told every variable that its settings name`, () => {
    const given = at(properties, 'Environment', 'Variables') as object;
    const missing = settings.variables.filter((variable) => !(variables[variable] in given));
    assert.deepEqual(missing, []);
  });
  test(`${name} says which source is its entry`, () =>
    assert.equal(at(found?.resource.Metadata, 'postern:entry'), `functions/${entry}/handler.ts`));
  test(`${name} reserves no concurrency: that would take it from others and from itself at a peak`, () =>
    assert.equal(properties['ReservedConcurrentExecutions'], undefined));
  test(`${name} logs into its own group, which forgets`, () => {
    const group = ofType(template, 'AWS::Logs::LogGroup').find(
      (each) => each.properties['LogGroupName'] === `/aws/lambda/postern-${name}`,
    );
    assert.equal(group?.properties['RetentionInDays'], 30);
    assert.equal(plain(template, at(properties, 'LoggingConfig', 'LogGroup')), `/aws/lambda/postern-${name}`);
  });
  test(`${name} logs its own lines, and of Lambda’s only those about trouble`, () => {
    const { LogFormat, SystemLogLevel, ApplicationLogLevel } = properties['LoggingConfig'] as Properties;
    assert.deepEqual([LogFormat, SystemLogLevel, ApplicationLogLevel], ['JSON', 'WARN', 'INFO']);
  });
  test(`${name} is started by ${source ?? 'no queue'}`, () =>
    assert.deepEqual(
      startedBy(name).map((mapping) => plain(template, mapping['EventSourceArn'])),
      source === undefined ? [] : [source],
    ));
  if (source === undefined) continue;
  const [mapping = {}] = startedBy(name);
  test(`${name} answers for each record of a batch`, () => {
    assert.deepEqual(mapping['FunctionResponseTypes'], ['ReportBatchItemFailures']);
    assert.equal(mapping['BatchSize'], settings.batchSize);
  });
  test(`${name} is held to the concurrency of its settings`, () =>
    assert.equal(at(mapping, 'ScalingConfig', 'MaximumConcurrency'), settings.maximumConcurrency));
}

test('every component has a role of its own', () => {
  const roles = [...components(template).values()];
  assert.equal(new Set(roles).size, roles.length);
});

test('a change that cannot be read is halved out of its batch and kept in a queue', () => {
  const [mapping = {}] = startedBy('publish-directory');
  assert.equal(mapping['BisectBatchOnFunctionError'], true);
  assert.equal(mapping['StartingPosition'], 'TRIM_HORIZON');
  assert.equal(typeof mapping['MaximumRetryAttempts'], 'number');
  const destination = at(mapping, 'DestinationConfig', 'OnFailure', 'Destination');
  assert.equal(plain(template, destination), 'postern-directory-dead');
});

const schedules = [
  ['retry-deferred', 'rate(1 minute)', { kind: 'sweep' }],
  ['publish-directory', 'rate(15 minutes)', { kind: 'full-pass' }],
] as const;

for (const [name, expression, payload] of schedules)
  test(`${name} runs at ${expression}`, () => {
    const rules = ofType(template, 'AWS::Events::Rule').map(({ properties }) => properties);
    const own = rules.filter((rule) => plain(template, at(rule, 'Targets', 0, 'Arn')) === `postern-${name}`);
    assert.equal(own.length, 1);
    assert.equal(own[0]?.['ScheduleExpression'], expression);
    assert.equal(own[0]?.['State'], 'ENABLED');
    assert.deepEqual(JSON.parse(String(at(own[0], 'Targets', 0, 'Input'))), payload);
  });

test('the schedules may start their functions', () => {
  const permitted = ofType(template, 'AWS::Lambda::Permission').map(({ properties }) => [
    plain(template, properties['FunctionName']),
    properties['Principal'],
  ]);
  assert.deepEqual(permitted, [
    ['postern-publish-directory', 'events.amazonaws.com'],
    ['postern-retry-deferred', 'events.amazonaws.com'],
  ]);
});

test('direct sending stands in private subnets; the other functions in none', () => {
  const placed = functions.filter(({ properties }) => properties['VpcConfig'] !== undefined);
  assert.deepEqual(
    placed.map(({ properties }) => properties['FunctionName']),
    ['postern-direct-outbound'],
  );
});
