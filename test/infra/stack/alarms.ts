/** Every alarm has its article and every article its alarm; what means "mail is not moving" wakes somebody. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mailMetrics, sessionMetrics } from '../../../aws/metric-names.ts';
import { widgetsOf } from '../../../docs/dashboard-body.ts';
import { synthesize } from '../../../infra/synthesize.ts';
import { direct as template, usual } from './synthesized.ts';
import { at, components, ofType, plain, type Properties } from './template.ts';

const runbook = readFileSync(new URL('../../../docs/operator-runbook.md', import.meta.url), 'utf8');
const alarms = ofType(template, 'AWS::CloudWatch::Alarm').map(({ properties }) => properties);
const [page] = ofType(template, 'AWS::CloudWatch::CompositeAlarm').map(({ properties }) => properties);
const short = (name: unknown): string => String(name).replace('postern-', '');
const names = [...alarms.map((alarm) => short(alarm['AlarmName'])), short(page?.['AlarmName'])];

test('alarms and articles of the runbook are the same list', () => {
  const articles = [...runbook.matchAll(/^## ([a-z-]+)$/gm)].map(([, name]) => name ?? '');
  assert.deepEqual(articles.sort(), names.sort());
});

for (const alarm of [...alarms, page])
  test(`${short(alarm?.['AlarmName'])} says what it means and where to read on`, () => {
    const description = String(alarm?.['AlarmDescription']);
    assert.match(description, /^[A-Z].{20,}\. docs\/operator-runbook\.md#/);
    assert.ok(description.endsWith(`#${short(alarm?.['AlarmName'])}`));
  });

for (const { properties } of ofType(template, 'AWS::SQS::Queue')) {
  const name = String(properties['QueueName']);
  if (!name.endsWith('-dead')) continue;
  test(`a message in ${name} raises an alarm`, () => {
    const watching = alarms.find((alarm) => alarm['AlarmName'] === name);
    assert.equal(watching?.['MetricName'], 'ApproximateNumberOfMessagesVisible');
    assert.equal(plain(template, at(watching, 'Dimensions', 0, 'Value')), name);
    assert.deepEqual([watching?.['Threshold'], watching?.['EvaluationPeriods']], [1, 1]);
  });
}

/** The services that a sum over components is made of. */
const summed = (name: string): string[] => {
  const alarm = alarms.find((each) => short(each['AlarmName']) === name);
  const metrics = (alarm?.['Metrics'] ?? []) as Record<string, unknown>[];
  const services = metrics.map((metric) => at(metric, 'MetricStat', 'Metric', 'Dimensions', 0, 'Value'));
  return services.filter((service) => typeof service === 'string').sort();
};
const settling = ['deliver-to-mailbox', 'direct-outbound', 'relay-outbound', 'route-mail'];

for (const name of ['mail-dead', 'mail-held'])
  test(`${name} counts wherever mail is settled, direct sending too`, () =>
    assert.deepEqual(summed(name), settling));

test('faults are counted of everybody', () =>
  assert.deepEqual(summed('faults'), [...components(template).keys()].sort()));

/** What an alarm or a line of the dashboard asks the gateway's own namespace for: metric and service. */
function ownMetrics(alarm: Properties): [name: unknown, service: unknown][] {
  const several = ((alarm['Metrics'] ?? []) as object[]).map((each) => at(each, 'MetricStat', 'Metric'));
  return [alarm, ...several]
    .filter((metric) => at(metric, 'Namespace') === 'postern')
    .map((metric) => [at(metric, 'MetricName'), at(metric, 'Dimensions', 0, 'Value')]);
}
const drawn = widgetsOf(template)
  .flatMap(({ properties }) => properties.metrics ?? [])
  .filter(([namespace]) => namespace === 'postern')
  .map(([, name, , service]): [unknown, unknown] => [name, service]);

test('alarms and dashboard ask for what is counted, of components that there are', () => {
  const asked = [...alarms.flatMap(ownMetrics), ...drawn].map(([name, service]) =>
    [name, service].map(String),
  );
  assert.ok(drawn.length > 20 && asked.length > drawn.length + 10);
  const vain = asked.filter(([name = '', service = '']) => {
    const counted: readonly string[] = service === 'listener' ? sessionMetrics : mailMetrics;
    return !counted.includes(name) || !components(template).has(service);
  });
  assert.deepEqual(vain, []);
});

test('what wakes somebody: mail is not moving, or will soon be late', () => {
  const rule = plain(template, page?.['AlarmRule']);
  const woken = [...rule.matchAll(/Alarms([A-Za-z]+?)[0-9A-F]{8}/g)].map(([, name]) => name ?? '');
  const late = ['Route', 'Deliver', 'Relay', 'Direct', 'Report'].map((queue) => `${queue}Late`);
  assert.deepEqual(woken.sort(), ['Faults', 'ListenerDown', 'RouteDead', 'SweeperStopped', ...late].sort());
});

test('silence of the load balancer or of the sweeper is bad news; of others it is quiet', () => {
  const bad = alarms.filter((alarm) => alarm['TreatMissingData'] === 'breaching');
  assert.deepEqual(bad.map((alarm) => short(alarm['AlarmName'])).sort(), [
    'listener-down',
    'sweeper-stopped',
  ]);
});

test('without an address nobody is told, with one every alarm tells it', async () => {
  const unheard = ofType(usual, 'AWS::CloudWatch::Alarm');
  assert.ok(unheard.every(({ properties }) => properties['AlarmActions'] === undefined));
  const told = await synthesize({ postern: { alarmAddress: 'operations@acme.example' } });
  const [subscription] = ofType(told, 'AWS::SNS::Subscription').filter(
    ({ properties }) => properties['Protocol'] === 'email',
  );
  assert.equal(subscription?.properties['Endpoint'], 'operations@acme.example');
  const silent = ofType(told, 'AWS::CloudWatch::Alarm').filter(
    ({ properties }) => !properties['AlarmActions'],
  );
  assert.deepEqual(silent, []);
});

test('one dashboard shows every queue, every function and every alarm', () => {
  const [dashboard] = ofType(template, 'AWS::CloudWatch::Dashboard');
  const body = JSON.stringify(dashboard?.properties['DashboardBody']);
  for (const { id } of ofType(template, 'AWS::CloudWatch::Alarm')) assert.ok(body.includes(id), id);
  for (const { id, properties } of ofType(template, 'AWS::SQS::Queue'))
    assert.ok(String(properties['QueueName']).endsWith('-dead') || body.includes(id), id);
  for (const { id } of ofType(template, 'AWS::Lambda::Function')) assert.ok(body.includes(id), id);
});

test('it reads from left to right as a message goes, and downwards from what happens to what goes wrong', () => {
  const titles = widgetsOf(template).map(({ properties }) => properties.title);
  const rows = [
    ['Alarms'],
    ['Taken in', 'Routed', 'Delivered and relayed', 'Reported'],
    ['Listener', 'Oldest work, seconds', 'Accepted to settled, p95, ms', 'Errors of functions'],
    ['Held and dead', 'Given up: dead letters', 'Documents', 'Faults'],
    ['Top refusals'],
  ];
  assert.deepEqual(titles, rows.flat());
  const places = widgetsOf(template).map(({ x, y }) => y * 24 + x);
  assert.deepEqual(
    places,
    places.toSorted((one, other) => one - other),
  );
});

test('the questions that come up again are saved', () => {
  const saved = ofType(template, 'AWS::Logs::QueryDefinition').map(({ properties }) => properties['Name']);
  assert.deepEqual(saved, ['postern/one message', 'postern/top refusals']);
});
