/** Settings of cdk.json: what is right is taken, what is wrong ends the synth with a sentence that says what is right. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readDeployment } from '../../infra/deployment.ts';

const read = (context: Record<string, unknown>) => readDeployment((key) => context[key]);

test('nothing said gives a small gateway without direct sending', () => {
  const { stackName, directSending, listenerTasks, local, bundle } = read({});
  assert.deepEqual(
    { stackName, directSending, listenerTasks, local, bundle },
    {
      stackName: 'postern',
      directSending: false,
      listenerTasks: 2,
      local: false,
      bundle: true,
    },
  );
});

for (const local of [true, 'true'])
  test(`on one machine (${typeof local}) direct sending is on and nothing is bundled`, () => {
    const deployment = read({ local });
    assert.deepEqual([deployment.local, deployment.directSending, deployment.bundle], [true, true, false]);
  });

test('an environment lies over the common settings', () => {
  const context = {
    postern: { server: 'Mail1/Acme', listenerTasks: 4 },
    environments: { staging: { stackName: 'postern-staging', listenerTasks: 1 } },
    environment: 'staging',
  };
  const { stackName, server, listenerTasks } = read(context);
  assert.deepEqual([stackName, server, listenerTasks], ['postern-staging', 'Mail1/Acme', 1]);
});

/** A setting and a wrong value; the sentence names both and what would be right. */
const wrong: readonly (readonly [setting: string, value: unknown, sentence: RegExp])[] = [
  ['stackName', 'Postern', /stackName is "Postern"; it must be lower-case letters/],
  ['stackName', 'a'.repeat(31), /at most 30/],
  ['server', '', /server is ""; it must be the name of a Server document/],
  ['server', 7, /server is 7/],
  ['hostNames', 'mail.acme.example', /it must be a list of full host names/],
  ['hostNames', ['mail'], /it must be a list of full host names/],
  ['tracing', 'on', /tracing is "on"; it must be true or false/],
  ['directSending', 'yes', /directSending is "yes"; it must be true or false/],
  ['dnsServers', '10.0.0.2', /dnsServers is "10.0.0.2"; it must be a list of addresses/],
  ['dnsServers', ['resolver.example'], /it must be a list of addresses/],
  ['dnssecResolver', 'resolver.example', /it must be an address, such as 10.0.0.2:53, or empty/],
  ['certificateSecret', 'two words', /it must be the name of a secret/],
  ['certificateArn', 'mail.acme.example', /it must be the ARN of a certificate in ACM/],
  ['certificateArn', 'arn:aws:acm:eu-central-1:123456789012:certificate/*', /it must be the ARN/],
  ['alarmAddress', 'postmaster', /alarmAddress is "postmaster"; it must be a mail address, or empty/],
  ['listenerTasks', 0, /listenerTasks is 0; it must be a whole number from 1 to 100/],
  ['listenerTasks', 1.5, /listenerTasks is 1.5/],
  ['listenerCpu', 300, /it must be 256, 512, 1024, 2048 or 4096/],
  ['listenerMemoryMb', 1000, /it must be a multiple of 512/],
  ['dualStack', 1, /dualStack is 1; it must be true or false/],
  ['vpc', 'vpc-1', /vpc is "vpc-1"; it must be \{ "id": "vpc-…"/],
  [
    'vpc',
    { id: 'vpc-01234567', zones: ['a', 'b'], publicSubnets: ['subnet-00000001'] },
    /one "subnet-…" in each zone/,
  ],
  [
    'vpc',
    { id: 'vpc-01234567', zones: ['a'], publicSubnets: ['subnet-00000001'], nat: true },
    /it must be \{ "id"/,
  ],
  ['listenerMemoryMb', 4096, /beside listenerCpu 256 Fargate takes 512 to 2048/],
  ['logDays', 10, /logDays is 10; it must be one of 1, 3, 5, 7/],
  ['direct', true, /There is no setting "direct"; the settings are stackName, server/],
];

for (const [setting, value, sentence] of wrong)
  test(`${setting} ${JSON.stringify(value)} is refused`, () => {
    assert.throws(() => read({ postern: { [setting]: value } }), sentence);
  });

test('every mistake is named, not only the first', () => {
  assert.throws(
    () => read({ postern: { server: '', listenerTasks: 0 } }),
    /server is "".*listenerTasks is 0/,
  );
});

const given = { id: 'vpc-01234567', zones: ['eu-1a'], publicSubnets: ['subnet-00000001'] };
const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d';
const together: readonly (readonly [settings: object, sentence: RegExp])[] = [
  [{ vpc: given, directSending: true }, /vpc has no directSubnets/],
  [{ certificateSecret: 'certificate', certificateArn }, /a listener has one certificate/],
  [{ vpc: given, dualStack: true }, /only in a network of the stack’s own/],
];

for (const [postern, sentence] of together)
  test(`${Object.keys(postern).join(' and ')} do not go together`, () => {
    assert.throws(() => read({ postern }), sentence);
  });

test('an environment that is not there is refused with those that are', () => {
  const context = { environments: { staging: {}, production: {} }, environment: 'prod' };
  assert.throws(() => read(context), /no environment "prod"; context.environments has: staging, production/);
});

test('whoever runs cdk synth sees the sentence, and no stack of calls', () => {
  const app = fileURLToPath(new URL('../../infra/app.ts', import.meta.url));
  const CDK_CONTEXT_JSON = JSON.stringify({ postern: { listenerTasks: 0 } });
  const { status, stderr } = spawnSync(process.execPath, [app], {
    env: { ...process.env, CDK_CONTEXT_JSON },
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  assert.equal(stderr, 'cdk.json: listenerTasks is 0; it must be a whole number from 1 to 100.\n');
});

test('settings that are no object are refused', () => {
  assert.throws(() => read({ postern: 'yes' }), /context.postern must be an object/);
});
