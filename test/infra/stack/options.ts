/** What settings of cdk.json change: a network of one's own, clients over IPv6, several environments, the certificate. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { synthesize } from '../../../infra/synthesize.ts';
import { direct, usual } from './synthesized.ts';
import { at, ofType, plain, rightsOf } from './template.ts';

const vpc = {
  id: 'vpc-01234567',
  zones: ['eu-central-1a', 'eu-central-1b'],
  publicSubnets: ['subnet-00000001', 'subnet-00000002'],
  directSubnets: ['subnet-00000003', 'subnet-00000004'],
};
const dual = await synthesize({ postern: { dualStack: true } });
const chosen = await synthesize({
  postern: { vpc, directSending: true, certificateSecret: 'certificate' },
  environments: { staging: { stackName: 'staging', listenerTasks: 1 } },
  environment: 'staging',
});
const [balancer] = ofType(dual, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
const targets = ofType(dual, 'AWS::ElasticLoadBalancingV2::TargetGroup').map(({ properties }) => properties);
const attributeOf = (target: unknown, key: string): unknown =>
  (at(target, 'TargetGroupAttributes') as { Key: string; Value: string }[]).find(({ Key }) => Key === key)
    ?.Value;

test('dual-stack: the load balancer has addresses of both families', () =>
  assert.equal(balancer?.properties['IpAddressType'], 'dualstack'));

/** Of each target group; DESIGN: never guessed. */
const proxied: readonly (readonly [key: string, value: string, why: string])[] = [
  ['preserve_client_ip.enabled', 'false', 'an IPv6 client has no address among IPv4 targets'],
  ['proxy_protocol_v2.enabled', 'true', 'so each connection begins with it'],
  ['proxy_protocol_v2.client_to_server.header_placement', 'on_first_ack', 'the server speaks first'],
];
for (const target of targets)
  for (const [key, value, why] of proxied)
    test(`dual-stack: ${key} of ${String(target['Port'])} is ${value}: ${why}`, () =>
      assert.equal(attributeOf(target, key), value));

test('dual-stack: clients of both families reach ports 25, 465 and 587, and nothing else', () => {
  const open = ofType(dual, 'AWS::EC2::SecurityGroup')
    .flatMap(({ properties }) => (properties['SecurityGroupIngress'] ?? []) as Record<string, unknown>[])
    .map(({ CidrIp, CidrIpv6, FromPort }) => `${String(CidrIp ?? CidrIpv6)} ${String(FromPort)}`);
  const ports = [25, 465, 587];
  assert.deepEqual(open, [
    ...ports.map((port) => `0.0.0.0/0 ${port}`),
    ...ports.map((port) => `::/0 ${port}`),
  ]);
});

test('a given network is taken as it is: no VPC, no NAT, no endpoint is made', () => {
  const made = [
    'AWS::EC2::VPC',
    'AWS::EC2::Subnet',
    'AWS::EC2::NatGateway',
    'AWS::EC2::VPCEndpoint',
    'AWS::EC2::EIP',
  ];
  assert.deepEqual(
    made.filter((type) => ofType(chosen, type).length > 0),
    [],
  );
});

test('in a given network listener and load balancer stand in its public subnets, direct sending in the others', () => {
  const [service] = ofType(chosen, 'AWS::ECS::Service');
  const placed = at(service?.properties, 'NetworkConfiguration', 'AwsvpcConfiguration', 'Subnets');
  assert.deepEqual(placed, vpc.publicSubnets);
  const [entrance] = ofType(chosen, 'AWS::ElasticLoadBalancingV2::LoadBalancer');
  assert.deepEqual(entrance?.properties['Subnets'], vpc.publicSubnets);
  const [lambda] = ofType(chosen, 'AWS::Lambda::Function').filter(
    ({ properties }) => properties['VpcConfig'],
  );
  assert.deepEqual(at(lambda?.properties, 'VpcConfig', 'SubnetIds'), vpc.directSubnets);
});

test('an environment is a stack of its own: no name of it is another’s', () => {
  const names = ['TableName', 'QueueName', 'FunctionName', 'LogGroupName', 'AlarmName', 'ServiceName'];
  const own = Object.values(chosen.Resources).flatMap(({ Properties = {} }) =>
    names.map((name) => Properties[name]).filter((name) => typeof name === 'string'),
  );
  assert.ok(own.length > 30);
  assert.deepEqual(
    own.filter((name) => !/(^|\/)staging(-|\/)/.test(name)),
    [],
  );
});

test('the listener reads the one secret of its certificate, and none without', () => {
  const secrets = rightsOf(chosen, 'listener').filter(({ action }) => action.startsWith('secretsmanager:'));
  assert.deepEqual(
    secrets.map(({ action, resource }) => [action, resource.replace(/^.*:secret:/, '')]),
    [['secretsmanager:GetSecretValue', 'staging/certificate-??????']],
  );
  assert.deepEqual(
    rightsOf(usual, 'listener').filter(({ action }) => action.startsWith('secretsmanager:')),
    [],
  );
});

test('with a certificate of ACM the listener may export that one, and reads no secret', async () => {
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
  const template = await synthesize({ postern: { certificateArn } });
  const rights = rightsOf(template, 'listener').filter(({ action }) => /^(acm|secretsmanager):/.test(action));
  assert.deepEqual(
    rights.map(({ action, resource }) => [action, resource]),
    [['acm:ExportCertificate', certificateArn]],
  );
  const [task] = ofType(template, 'AWS::ECS::TaskDefinition');
  const environment = at(task?.properties, 'ContainerDefinitions', 0, 'Environment');
  assert.deepEqual(
    (environment as { Name: string; Value: unknown }[]).find(({ Name }) => Name === 'CERTIFICATE_ARN')?.Value,
    certificateArn,
  );
  const local = JSON.stringify(await synthesize({ postern: { certificateArn }, local: true }));
  assert.ok(!local.includes(certificateArn), 'there is no ACM on one machine');
});

/** Everything that only a setting brings, in one template. */
const set = await synthesize({
  postern: {
    hostNames: ['mail.acme.example', 'mail2.acme.example'],
    directSending: true,
    dnsServers: ['10.0.0.2', '10.0.0.3:5353'],
    dnssecResolver: '10.0.0.4:53',
    listenerTasks: 3,
    listenerCpu: 1024,
    listenerMemoryMb: 2048,
    logDays: 90,
    tracing: false,
  },
});

test('outputs spell the records of the host names', () => {
  const output = (name: string) => plain(set, set.Outputs?.[name]?.Value);
  const target = output('MxTarget');
  const names = [`mail.acme.example ALIAS ${target}`, `mail2.acme.example ALIAS ${target}`];
  assert.equal(output('Records'), [...names, 'MX 10 mail.acme.example'].join('; '));
  assert.equal(output('Ptr'), `${output('DirectAddress')} PTR mail.acme.example`);
});

test('resolvers are told to every component', () => {
  const [task] = ofType(set, 'AWS::ECS::TaskDefinition');
  const listener = at(task?.properties, 'ContainerDefinitions', 0, 'Environment') as Record<
    string,
    unknown
  >[];
  const environments = [
    Object.fromEntries(listener.map(({ Name, Value }) => [Name, Value])),
    ...ofType(set, 'AWS::Lambda::Function').map(({ properties }) =>
      at(properties, 'Environment', 'Variables'),
    ),
  ];
  assert.equal(environments.length, 8);
  for (const environment of environments) {
    assert.equal(at(environment, 'DNS_SERVERS'), '10.0.0.2,10.0.0.3:5353');
    assert.equal(at(environment, 'DNSSEC_RESOLVER'), '10.0.0.4:53');
  }
});

test('sizes are those of the settings', () => {
  const [task] = ofType(set, 'AWS::ECS::TaskDefinition');
  assert.deepEqual([task?.properties['Cpu'], task?.properties['Memory']], ['1024', '2048']);
  assert.equal(ofType(set, 'AWS::ECS::Service')[0]?.properties['DesiredCount'], 3);
});

test('every log forgets after the days of the settings', () => {
  const groups = ofType(set, 'AWS::Logs::LogGroup').map(({ properties }) => properties['RetentionInDays']);
  assert.deepEqual([...new Set(groups)], [90]);
  assert.equal(groups.length, 8);
});

test('without tracing nothing is traced, and nobody may write traces', () => {
  const modes = ofType(set, 'AWS::Lambda::Function').map(({ properties }) => properties['TracingConfig']);
  assert.deepEqual([...new Set(modes)], [undefined]);
  assert.ok(!JSON.stringify(set).includes('xray:'));
});

test('direct mail leaves by the one address that the outputs name, and nothing comes in there', () => {
  const [address, ...others] = ofType(set, 'AWS::EC2::EIP');
  assert.equal(others.length, 0);
  const [nat] = ofType(set, 'AWS::EC2::NatGateway');
  assert.deepEqual(nat?.properties['AllocationId'], { 'Fn::GetAtt': [address?.id, 'AllocationId'] });
  assert.deepEqual(set.Outputs?.['DirectAddress']?.Value, { 'Fn::GetAtt': [address?.id, 'PublicIp'] });
  const group = ofType(set, 'AWS::EC2::SecurityGroup').find(({ id }) => id.startsWith('NetworkDirect'));
  assert.notEqual(group, undefined);
  assert.equal(group?.properties['SecurityGroupIngress'], undefined);
});

test('with direct sending, outputs say what the PTR and SPF records need', () => {
  assert.deepEqual(Object.keys(direct.Outputs ?? {}).sort(), [
    'Bucket',
    'Dashboard',
    'DirectAddress',
    'MxTarget',
    'Spf',
  ]);
  assert.match(JSON.stringify(direct.Outputs?.['Spf']?.Value), /v=spf1 ip4:.* -all/);
});
