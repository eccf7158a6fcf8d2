import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  ResourceNotFoundException,
  type DescribeSecretCommand,
  type GetSecretValueCommand,
} from '@aws-sdk/client-secrets-manager';
import { awsSecrets, hasSecret } from '../../aws/secrets.ts';

test('a secret is read by its prefixed name and kept for a minute', async () => {
  const { manager, secrets, wait } = vault({ 'postern/relay': 'one' });
  assert.equal(await secrets.read('relay'), 'one');
  manager['postern/relay'] = 'two';
  wait(59);
  assert.equal(await secrets.read('relay'), 'one');
  wait(2);
  assert.equal(await secrets.read('relay'), 'two');
});

test('a secret that does not exist is none', async () => {
  assert.equal(await vault({}).secrets.read('relay'), undefined);
});

test('a secret that cannot be read throws, and is asked for again', async () => {
  const { manager, secrets } = vault({ 'postern/relay': new Error('throttled') });
  await assert.rejects(secrets.read('relay'), /throttled/);
  manager['postern/relay'] = 'one';
  assert.equal(await secrets.read('relay'), 'one');
});

function vault(manager: Record<string, string | Error>) {
  let now = 0;
  const send = ({ input }: GetSecretValueCommand): Promise<object> => {
    const found = manager[input.SecretId ?? ''];
    if (found instanceof Error) return Promise.reject(found);
    if (found === undefined)
      return Promise.reject(new ResourceNotFoundException({ message: 'none', $metadata: {} }));
    return Promise.resolve({ SecretString: found });
  };
  const secrets = awsSecrets({
    client: { send: send as never },
    prefix: 'postern/',
    clock: () => new Date(now),
  });
  return { manager, secrets, wait: (seconds: number) => void (now += seconds * 1000) };
}

test('whether there is a secret is told without reading it', async () => {
  const described = new Map<string, object | Error>([
    ['postern/relay', {}],
    ['postern/leaving', { DeletedDate: new Date(0) }],
    ['postern/throttled', new Error('throttled')],
  ]);
  const send = ({ input }: DescribeSecretCommand): Promise<object> => {
    const found = described.get(input.SecretId ?? '');
    if (found === undefined)
      return Promise.reject(new ResourceNotFoundException({ message: 'none', $metadata: {} }));
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  };
  const client = { send: send as never };
  assert.equal(await hasSecret(client, 'postern/relay'), true);
  assert.equal(await hasSecret(client, 'postern/none'), false);
  assert.equal(await hasSecret(client, 'postern/leaving'), false, 'it is to be deleted');
  await assert.rejects(hasSecret(client, 'postern/throttled'), /throttled/);
});
