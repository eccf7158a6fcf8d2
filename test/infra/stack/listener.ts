/** What the stack promises about the listener: DESIGN’s "On AWS", one attribute each. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { variables } from '../../../aws/variables.ts';
import { usual as template } from './synthesized.ts';
import { settings } from '../../../listener/settings.ts';
import { at, ofType } from './template.ts';

const only = (type: string) => {
  const found = ofType(template, type);
  assert.equal(found.length, 1, type);
  return found[0]?.properties ?? {};
};
const task = only('AWS::ECS::TaskDefinition');
const service = only('AWS::ECS::Service');
const balancer = only('AWS::ElasticLoadBalancingV2::LoadBalancer');
const listeners = ofType(template, 'AWS::ElasticLoadBalancingV2::Listener').map(
  ({ properties }) => properties,
);
const targets = ofType(template, 'AWS::ElasticLoadBalancingV2::TargetGroup').map(
  ({ properties }) => properties,
);
const container = at(task, 'ContainerDefinitions', 0);
const attributes = (of: unknown): Record<string, string> =>
  Object.fromEntries((of as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value]));

/** Property, what it must be, and why where that is not plain. */
const containerFacts: readonly (readonly [name: string, value: unknown, why: string])[] = [
  ['ReadonlyRootFilesystem', true, 'nothing an intruder writes stays'],
  ['User', 'node', 'not root'],
  ['StopTimeout', 120, 'time to finish what is in DATA'],
  ['Privileged', undefined, 'never'],
];
for (const [name, value, why] of containerFacts)
  test(`the container’s ${name} is ${String(value)}: ${why}`, () => assert.equal(at(container, name), value));

test('it writes to one volume only, where bodies wait for their verdict', () => {
  assert.deepEqual(at(container, 'MountPoints'), [
    { ContainerPath: '/staging', ReadOnly: false, SourceVolume: 'staging' },
  ]);
  const environment = at(container, 'Environment') as { Name: string; Value: unknown }[];
  assert.equal(environment.find(({ Name }) => Name === 'TMPDIR')?.Value, '/staging');
});

test('it is told every variable that its settings name', () => {
  const given = (at(container, 'Environment') as { Name: string }[]).map(({ Name }) => Name);
  assert.deepEqual(
    settings.variables.filter((variable) => !given.includes(variables[variable])),
    [],
  );
});

test('tasks are ARM64, of a quarter CPU and 1 GB', () => {
  assert.equal(at(task, 'RuntimePlatform', 'CpuArchitecture'), 'ARM64');
  assert.deepEqual([task['Cpu'], task['Memory']], ['256', '1024']);
});

test('it is a Fargate service, whose tasks run as they are: no shell into them', () => {
  assert.equal(service['LaunchType'], 'FARGATE');
  assert.notEqual(service['EnableExecuteCommand'], true);
  assert.deepEqual(
    at(task, 'Volumes'),
    [{ Name: 'staging' }],
    'on the disk that a task has, and nowhere else',
  );
});

test('two tasks run, and a deploy never has fewer', () => {
  assert.equal(service['DesiredCount'], 2);
  assert.equal(at(service, 'DeploymentConfiguration', 'MinimumHealthyPercent'), 100);
  assert.equal(at(service, 'DeploymentConfiguration', 'MaximumPercent'), 200);
});

test('a deploy that does not become healthy is taken back', () => {
  assert.deepEqual(at(service, 'DeploymentConfiguration', 'DeploymentCircuitBreaker'), {
    Enable: true,
    Rollback: true,
  });
});

test('the load balancer is a network one, open to the Internet, with a security group: none can be added later', () => {
  assert.equal(balancer['Type'], 'network');
  assert.equal(balancer['Scheme'], 'internet-facing');
  assert.equal((balancer['SecurityGroups'] as unknown[]).length, 1);
});

test('it spreads connections over all zones', () => {
  assert.equal(attributes(balancer['LoadBalancerAttributes'])['load_balancing.cross_zone.enabled'], 'true');
});

test('clients’ ports lead to the listener’s', () => {
  assert.deepEqual(
    listeners.map(({ Port, Protocol }) => [Port, Protocol]),
    [
      [25, 'TCP'],
      [465, 'TCP'],
      [587, 'TCP'],
    ],
  );
  assert.deepEqual(
    targets.map(({ Port }) => Port),
    [2525, 2465, 2587],
  );
});

for (const listener of listeners)
  test(`port ${String(listener['Port'])} closes what says nothing for 600 s`, () =>
    assert.equal(attributes(listener['ListenerAttributes'])['tcp.idle_timeout.seconds'], '600'));

/** Attribute of every target group and its value; the reason beside it. */
const targetFacts: readonly (readonly [key: string, value: string, why: string])[] = [
  ['preserve_client_ip.enabled', 'true', 'policy depends on the client’s address'],
  ['deregistration_delay.timeout_seconds', '180', 'longer than the stop time-out'],
  ['deregistration_delay.connection_termination.enabled', 'false', 'sessions end by themselves'],
  ['target_health_state.unhealthy.connection_termination.enabled', 'false', 'a stopping task finishes DATA'],
  ['target_health_state.unhealthy.draining_interval_seconds', '120', 'as long as it may take to stop'],
];
for (const target of targets)
  for (const [key, value, why] of targetFacts)
    test(`${key} of ${String(target['Port'])} is ${value}: ${why}`, () =>
      assert.equal(attributes(target['TargetGroupAttributes'])[key], value));

for (const target of targets)
  test(`health of ${String(target['Port'])} is asked by HTTP on a port of its own`, () => {
    assert.equal(target['HealthCheckProtocol'], 'HTTP');
    assert.equal(target['HealthCheckPort'], '8080');
    assert.equal(target['HealthCheckPath'], '/health');
  });

test('a network load balancer speaks no PROXY unless asked: addresses are preserved', () => {
  for (const target of targets)
    assert.notEqual(attributes(target['TargetGroupAttributes'])['proxy_protocol_v2.enabled'], 'true');
});

test('tasks take connections from the load balancer alone', () => {
  const groups = ofType(template, 'AWS::EC2::SecurityGroup');
  const open = groups.filter(({ properties }) => properties['SecurityGroupIngress'] !== undefined);
  assert.deepEqual(
    open.map(({ properties }) =>
      (properties['SecurityGroupIngress'] as { FromPort: number }[]).map((rule) => rule.FromPort),
    ),
    [[25, 465, 587]],
  );
  const inner = ofType(template, 'AWS::EC2::SecurityGroupIngress').map(({ properties }) => properties);
  assert.deepEqual(
    inner.map((rule) => rule['FromPort']),
    [2525, 2465, 2587, 8080],
  );
  assert.ok(
    inner.every((rule) => rule['SourceSecurityGroupId'] !== undefined && rule['CidrIp'] === undefined),
  );
});

test('S3 and DynamoDB are reached without leaving the network, and without a fee', () => {
  const kinds = ofType(template, 'AWS::EC2::VPCEndpoint').map(
    ({ properties }) => properties['VpcEndpointType'],
  );
  assert.deepEqual(kinds, ['Gateway', 'Gateway']);
});

test('outputs say where MX records lead, and where to look', () => {
  assert.deepEqual(Object.keys(template.Outputs ?? {}).sort(), ['Bucket', 'Dashboard', 'MxTarget']);
});
