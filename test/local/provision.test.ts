/** Made once from the template, kept at the next start, refused when another version made it. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { provision } from '../../local/provision.ts';
import { queueUrlAt, serviceClients } from '../../local/service-clients.ts';
import { startServices } from '../../local/services/services.ts';
import { Template } from '../../local/template.ts';
import { localTemplate } from '../../local/template-cache.ts';
import { readWiring } from '../../local/wiring.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'postern-provision-'));
const services = await startServices({ dataDir, secretPrefix: 'postern/' });
const clients = serviceClients(services.endpoints);
const queueUrl = queueUrlAt(services.endpoints.sqs);
const wiring = readWiring(new Template(await localTemplate(), { stack: 'postern', queueUrl }), 'postern');
after(async () => {
  clients.destroy();
  await services.stop();
  rmSync(dataDir, { recursive: true });
});

test('tables, indexes, expiry, stream, queues and bucket are there, also after a second time', async () => {
  await provision(wiring, clients);
  await provision(wiring, clients);
  const spool = (await clients.dynamodb.send(new DescribeTableCommand({ TableName: 'postern-spool' }))).Table;
  assert.deepEqual(spool?.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName).sort(), ['due', 'hop']);
  const directory = (
    await clients.dynamodb.send(new DescribeTableCommand({ TableName: 'postern-directory' }))
  ).Table;
  assert.equal(directory?.StreamSpecification?.StreamViewType, 'KEYS_ONLY');
  const ttl = await clients.dynamodb.send(new DescribeTimeToLiveCommand({ TableName: 'postern-spool' }));
  assert.equal(ttl.TimeToLiveDescription?.AttributeName, 'expiresAt');
  const route = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queueUrl('postern-route'), AttributeNames: ['All'] }),
  );
  assert.match(route.Attributes?.['RedrivePolicy'] ?? '', /postern-route-dead/);
  const { Buckets } = await clients.s3.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets?.map(({ Name }) => Name),
    wiring.buckets,
  );
});

test('a queue that is there gets the attributes of the template', async () => {
  const queues = wiring.queues.map((queue) =>
    queue.name === 'postern-report'
      ? { ...queue, attributes: { ...queue.attributes, VisibilityTimeout: '77' } }
      : queue,
  );
  await provision({ ...wiring, queues }, clients);
  const report = await clients.sqs.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl('postern-report'),
      AttributeNames: ['VisibilityTimeout'],
    }),
  );
  assert.equal(report.Attributes?.['VisibilityTimeout'], '77');
});

test('a table with other indexes is refused with its name', async () => {
  const tables = wiring.tables.map((table) =>
    table.name === 'postern-spool'
      ? { ...table, definition: { ...table.definition, GlobalSecondaryIndexes: [] } }
      : table,
  );
  await assert.rejects(provision({ ...wiring, tables }, clients), {
    name: 'Refusal',
    message: /^The table postern-spool in this data folder was made by a version of Postern with other keys/,
  });
});
