/**
 * One truth for wiring: the template the gateway on one machine is made from is the deployed one, but for direct
 * sending (on), and NAT and private subnets (absent).
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Template } from '../../../infra/synthesize.ts';
import { direct, local, usual } from './synthesized.ts';
import { at, ofType } from './template.ts';

const text = (template: Template, id: string): string => JSON.stringify(template.Resources[id]);

/** Logical ids that only one has, and those that both have but not alike. */
function differences(one: Template, other: Template): { only: string[]; changed: string[] } {
  const ids = [...new Set([...Object.keys(one.Resources), ...Object.keys(other.Resources)])].sort();
  const inBoth = (id: string): boolean => id in one.Resources && id in other.Resources;
  return {
    only: ids.filter((id) => !inBoth(id)),
    changed: ids.filter((id) => inBoth(id) && text(one, id) !== text(other, id)),
  };
}

const network = /^Network(DirectAddress|Direct[0-9A-F]|Vpcdirect|Vpcpublic.*(NATGateway|EIP))/;

test('beside a deployment with direct sending, the local one lacks NAT and private subnets only', () => {
  const { only } = differences(local, direct);
  assert.ok(only.length > 5);
  assert.deepEqual(
    only.filter((id) => !network.test(id)),
    [],
  );
  assert.deepEqual(
    only.filter((id) => id in local.Resources),
    [],
  );
});

test('and only the function that would stand there, its rights, and the routes are written differently', () => {
  const { changed } = differences(local, direct);
  const kinds = changed.map((id) => id.replace(/[0-9A-F]{8}$/, ''));
  assert.deepEqual(kinds, [
    'DirectOutboundFunction',
    'DirectOutboundRoleDefaultPolicy',
    'NetworkVpcDynamoDb',
    'NetworkVpcS3',
  ]);
});

test('that function differs in its place alone', () => {
  const [id = ''] = differences(local, direct).changed;
  const { VpcConfig, ...rest } = direct.Resources[id]?.Properties ?? {};
  assert.notEqual(VpcConfig, undefined);
  assert.deepEqual(rest, local.Resources[id]?.Properties);
});

test('beside a deployment without direct sending, the local one has its queue and its function more', () => {
  const { only } = differences(local, usual);
  assert.ok(only.length > 5);
  assert.deepEqual(
    only.filter((id) => !/^(QueuesDirectQueue|DirectOutbound|AlarmsDirect)/.test(id)),
    [],
  );
});

/** Alarms, dashboard and saved queries watch one queue and one function more. */
const watching = /^(Alarms|Dashboard|Query)/;

/** The resource as it would be if nobody knew the direct queue. */
const withoutDirect = (template: Template, id: string): unknown => {
  const right = /,?\{"Fn::GetAtt":\["QueuesDirectQueue\w+","Arn"\]\}/;
  return JSON.parse(
    text(template, id)
      .replace(right, '')
      .replace('"Resource":[,', '"Resource":[')
      .replace(/"DIRECT_QUEUE":(""|\{"Ref":"\w+"\})/, '"DIRECT_QUEUE":0'),
  );
};

test('and the others differ in nothing but knowing that queue', () => {
  const changed = differences(local, usual).changed.filter((id) => !watching.test(id));
  assert.ok(changed.length > 0);
  for (const id of changed) assert.deepEqual(withoutDirect(local, id), withoutDirect(usual, id), id);
});

test('without direct sending its queue’s variable is empty', () => {
  const [router] = ofType(usual, 'AWS::Lambda::Function').filter(
    ({ properties }) => properties['FunctionName'] === 'postern-route-mail',
  );
  assert.equal(at(router?.properties, 'Environment', 'Variables', 'DIRECT_QUEUE'), '');
});

test('no NAT gateway unless direct sending is on: it would cost more than all the rest', () => {
  assert.equal(ofType(usual, 'AWS::EC2::NatGateway').length, 0);
  assert.equal(ofType(local, 'AWS::EC2::NatGateway').length, 0);
  assert.equal(ofType(direct, 'AWS::EC2::NatGateway').length, 1);
});
