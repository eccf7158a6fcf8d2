import assert from 'node:assert/strict';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { TestContext } from 'node:test';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { SESClient, SendRawEmailCommand } from '@aws-sdk/client-ses';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { startServices } from '../../../local/services/services.ts';
import type { ServiceEndpoints } from '../../../local/services/services.ts';
import { access, createSpool, dynamoClient, folder, s3Client, sqsClient } from './clients.ts';

async function started(t: TestContext, dataDir: string) {
  const faults: Error[] = [];
  const services = await startServices({
    dataDir,
    secretPrefix: 'postern/',
    onFault: (fault) => faults.push(fault),
    onEnd: (fault) => faults.push(fault),
  });
  let running = true;
  const stop = async () => {
    if (running) await services.stop();
    running = false;
    assert.deepEqual(faults, []);
  };
  t.after(stop);
  return { endpoints: services.endpoints, stop };
}

function clients({ dynamodb, sqs, s3 }: ServiceEndpoints, t: TestContext) {
  return { dynamo: dynamoClient(dynamodb, t), queues: sqsClient(sqs, t), objects: s3Client(s3, t) };
}

suite('the services', () => {
  test('answer on loopback, stop, and have everything in the next start', async (t) => {
    const dataDir = join(await folder(t), 'new', 'data');
    const first = await started(t, dataDir);
    for (const url of Object.values(first.endpoints)) assert.match(url, /^http:\/\/127\.0\.0\.1:\d+\/?$/);
    const { dynamo, queues, objects } = clients(first.endpoints, t);
    const Item = marshall({ message: 'm1', part: 'm' });
    await createSpool(dynamo);
    await dynamo.send(new PutItemCommand({ TableName: 'spool', Item }));
    await objects.send(new CreateBucketCommand({ Bucket: 'postern' }));
    await objects.send(new PutObjectCommand({ Bucket: 'postern', Key: 'k', Body: 'kept' }));
    const queue = await queues.send(new CreateQueueCommand({ QueueName: 'route' }));
    await queues.send(new SendMessageCommand({ QueueUrl: queue.QueueUrl, MessageBody: 'kept' }));
    await first.stop();

    const second = await started(t, dataDir);
    const later = clients(second.endpoints, t);
    const found = await later.dynamo.send(new GetItemCommand({ TableName: 'spool', Key: Item }));
    assert.deepEqual(found.Item, Item);
    const object = await later.objects.send(new GetObjectCommand({ Bucket: 'postern', Key: 'k' }));
    assert.equal(await object.Body?.transformToString(), 'kept');
    const { QueueUrl } = await later.queues.send(new CreateQueueCommand({ QueueName: 'route' }));
    const { Messages } = await later.queues.send(new ReceiveMessageCommand({ QueueUrl }));
    assert.equal(Messages?.[0]?.Body, 'kept');
  });

  test('stop while a client waits for a message', async (t) => {
    const { endpoints, stop } = await started(t, await folder(t));
    const { queues } = clients(endpoints, t);
    const { QueueUrl } = await queues.send(new CreateQueueCommand({ QueueName: 'route' }));
    const waiting = queues.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
    await Promise.all([Promise.allSettled([waiting]), stop()]);
  });
});

const refusal = async (dataDir: string): Promise<string> => {
  const failure = await startServices({ dataDir, secretPrefix: 'postern/' }).then(
    async (services) => {
      await services.stop();
      return undefined;
    },
    (error: unknown) => error,
  );
  assert(failure instanceof Error, 'it started');
  assert.match(failure.message, /^[^\n]+\.$/);
  return failure.message;
};

suite('state that cannot be used is one sentence', () => {
  test('a file where the folder should be', async (t) => {
    const file = join(await folder(t), 'file');
    await writeFile(file, '');
    assert.match(await refusal(file), /^The folder .*file cannot be written: make it writable/);
  });

  test('a folder that cannot be made', async (t) => {
    const loop = join(await folder(t), 'loop');
    await symlink(loop, loop);
    assert.match(await refusal(join(loop, 'data')), /cannot be written/);
  });

  test('a folder that another gateway runs on', async (t) => {
    const dataDir = await folder(t);
    await started(t, dataDir);
    assert.match(await refusal(dataDir), /is in use by another process: stop the gateway/);
  });

  for (const [what, file, sentence] of [
    ['tables', 'dynamodb/CURRENT', /^The tables in .*dynamodb cannot be opened \(.+\): put back a copy/],
    ['queues', 'sqs/fauxqs.db', /^The queues in .*sqs cannot be opened/],
    ['objects', 's3/objects.db', /^The stored messages in .*s3 cannot be opened/],
  ] as const)
    test(`${what} that are no longer what was written`, async (t) => {
      const dataDir = await folder(t);
      await mkdir(join(dataDir, file, '..'), { recursive: true });
      await writeFile(join(dataDir, file), 'not what was written here'.repeat(100));
      assert.match(await refusal(dataDir), sentence);
    });
});

test('SES shows what it was sent in its inbox', async (t) => {
  const { endpoints } = await started(t, await folder(t));
  const ses = new SESClient({ ...access, endpoint: endpoints.ses });
  t.after(() => ses.destroy());
  const Data = Buffer.from(
    'From: bob@acme.example\r\nTo: carol@other.example\r\nSubject: Hi\r\n\r\nHello\r\n',
  );
  const { MessageId } = await ses.send(
    new SendRawEmailCommand({
      Source: 'bob@acme.example',
      Destinations: ['carol@other.example'],
      RawMessage: { Data },
    }),
  );
  const page = await fetch(endpoints.sesInbox);
  assert.match(await page.text(), /<html/i);
  const store = (await (await fetch(`${endpoints.ses}/store`)).json()) as {
    emails: { messageId: string; subject: string; destination: { to: string[] } }[];
  };
  assert.deepEqual(
    store.emails.map(({ messageId, subject, destination }) => [messageId, subject, destination.to]),
    [[MessageId, 'Hi', ['carol@other.example']]],
  );
});

async function secrets(t: TestContext) {
  const dataDir = await folder(t);
  const { endpoints } = await started(t, dataDir);
  const client = new SecretsManagerClient({
    ...access,
    endpoint: endpoints.secretsManager,
    maxAttempts: 1,
  });
  t.after(() => client.destroy());
  const value = async (SecretId: string) =>
    (await client.send(new GetSecretValueCommand({ SecretId }))).SecretString;
  return {
    client,
    value,
    write: (name: string, text: string) => writeFile(join(dataDir, 'secrets', name), text),
  };
}

suite('a secret', () => {
  test('is a file, read at each call', async (t) => {
    const { client, value, write } = await secrets(t);
    await write('relay.password', 'one\n');
    assert.equal(await value('postern/relay.password'), 'one');
    await write('relay.password', 'two\nlines');
    assert.equal(await value('postern/relay.password'), 'two\nlines');
    const described = await client.send(new DescribeSecretCommand({ SecretId: 'postern/relay.password' }));
    assert.equal(described.Name, 'postern/relay.password');
    assert.ok(!('SecretString' in described));
  });

  test('is not found outside its folder, or hidden, or under another prefix', async (t) => {
    const { value, write } = await secrets(t);
    await write('key', 'value');
    await write('.hidden', 'value');
    for (const id of [
      'postern/none',
      'postern/../secrets/key',
      'postern/..',
      'postern/.hidden',
      'postern/',
      'other/key',
      'key',
      'postern/a/b',
      'postern/..\\key',
      'postern/key\0',
    ])
      await assert.rejects(value(id), { name: 'ResourceNotFoundException' }, id);
  });
});
