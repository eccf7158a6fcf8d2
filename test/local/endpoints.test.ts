import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { endpointsOf, removeEndpoints, tuningForCommands, writeEndpoints } from '../../local/endpoints.ts';

const url = 'http://127.0.0.1:1';
const facts = (host: string) => ({
  host,
  ports: { smtp: 25, submission: 587, smtps: 465 },
  services: { dynamodb: url, sqs: url, s3: url, ses: url, secretsManager: url, sesInbox: `${url}/` },
  stack: 'postern',
  bucket: 'mail',
});

const hosts: [host: string, smtp: string][] = [
  ['127.0.0.1', '127.0.0.1:25'],
  ['::1', '[::1]:25'],
  ['0.0.0.0', '127.0.0.1:25'],
  ['::', '[::1]:25'],
];
for (const [host, smtp] of hosts)
  test(`a listener on ${host} is reached at ${smtp}`, () =>
    assert.equal(endpointsOf(facts(host)).smtp, smtp));

test('names and URLs are those of the stack', () => {
  const { tables, queues, bucket } = endpointsOf(facts('127.0.0.1'));
  assert.deepEqual(tables, {
    directory: 'postern-directory',
    views: 'postern-views',
    spool: 'postern-spool',
    mailboxes: 'postern-mailboxes',
  });
  assert.equal(queues.direct, `${url}/000000000000/postern-direct`);
  assert.equal(bucket, 'mail');
});

test('a command learns where the run looks things up, and nothing else of its environment', () => {
  const tuning = { DNS_SERVERS: '127.0.0.1:53', MX_PORT: '25', POSTERN_REFRESH: '1' };
  assert.deepEqual(tuningForCommands(tuning), { DNS_SERVERS: '127.0.0.1:53', MX_PORT: '25' });
});

test('the file is written whole and removed', (t) => {
  const data = mkdtempSync(join(tmpdir(), 'postern-endpoints-'));
  t.after(() => rmSync(data, { recursive: true }));
  const endpoints = endpointsOf(facts('127.0.0.1'));
  writeEndpoints(data, endpoints);
  assert.deepEqual(readdirSync(data), ['endpoints.json']);
  assert.deepEqual(JSON.parse(readFileSync(join(data, 'endpoints.json'), 'utf8')), endpoints);
  removeEndpoints(data);
  assert.ok(!existsSync(join(data, 'endpoints.json')));
  removeEndpoints(data);
});
