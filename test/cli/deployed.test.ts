/**
 * `--stack NAME`: every command finds a stack by its names, wherever AWS is. A local run's services play AWS, and a
 * scripted one CloudWatch; the command is told nothing of its data folder.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  CreateTableCommand,
  PutItemCommand,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { posternOnStack } from '../builders/deployed-stack.ts';
import { scriptedService } from '../builders/scripted-service.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { greeted } from '../listener/client.ts';

const counted = {
  Namespace: 'postern',
  MetricName: 'Accepted',
  Dimensions: [{ Name: 'service', Value: 'listener' }],
};

test('postern on a deployed stack', async (t) => {
  const gateway = await sharedGateway(t);
  const cloudwatch = await scriptedService(t, ({ target }) => ({
    body: target.endsWith('ListMetrics')
      ? { Metrics: [counted] }
      : { MetricDataResults: [{ Id: 'm0', Values: [3, 4] }] },
  }));
  const run = posternOnStack(gateway, {
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudwatch.url,
    ...gateway.env,
  });
  const client = await greeted(gateway.port('smtp'));
  await client.askAll('MAIL FROM:<you@elsewhere.example>', 'RCPT TO:<alice@acme.example>');
  const reply = await client.deliver('Subject: =?utf-8?q?hello=1B_J=C3=B6rg?=\r\n\r\nHello.\r\n');
  client.close();
  const messageId = reply.split(' ').at(-1) ?? '';
  const [row] = await gateway.mail('mail/alice');
  const file = join(gateway.data, 'group.json');
  writeFileSync(file, JSON.stringify({ form: 'Group', name: 'Sales', members: ['Alice Example/Acme'] }));

  /** What each prints; the reason where that is not plain. */
  const commands: readonly (readonly [words: string, printed: RegExp, why?: string])[] = [
    ['documents list', /Alice Example\/Acme/],
    ['documents get Person alice@acme.example', /There is no Person/, 'a name is asked for, not an address'],
    ['documents get Group team', /"Team"/],
    [`documents put ${file}`, /1 created/, 'written, judged and published'],
    ['documents delete Group Sales', /Deleted Group Sales/],
    ['documents export', /"form":"Server"/],
    ['explain --from you@elsewhere.example --to alice@acme.example', /250/],
    ['people set-internet-address --format first-last --dry-run', /0 people would get/],
    ['mailbox list mail/alice', /hello\? Jörg/, 'subjects as people read them, terminals unharmed'],
    [`mailbox read mail/alice ${row?.id}`, /^Subject: =\?utf-8\?q\?hello/m],
    ['mailbox export mail/alice', /^From /, 'an mbox'],
    [`trace ${messageId}`, /Delivered|delivered/],
    ['spool list --state delivered', new RegExp(messageId)],
    ['spool redrive report', /Nothing lies in report-dead/],
    ['dns check acme.example', /acme\.example/],
    ['stats', /^accepted +7$/m, 'out of CloudWatch'],
  ];
  for (const [words, printed, why = 'it works'] of commands)
    await t.test(`${words}: ${why}`, async () => {
      const { out, err } = await run(...words.split(' '), '--stack', 'postern');
      assert.match(out + err, printed);
    });

  await t.test('the stack may be named before the command', async () => {
    assert.match((await run('--stack', 'postern', 'documents', 'list')).out, /Alice/);
    assert.match(
      (await run('--json', '--stack=postern', 'mailbox', 'list', 'mail/alice')).out,
      /"hello\\u001b Jörg"/,
    );
  });

  await t.test('counters come in the shape of a local run', async () => {
    const { refused, accepted, held } = await run.json<Record<string, number>>('stats', '--stack', 'postern');
    assert.deepEqual([accepted, refused, held], [7, 0, 0]);
    assert.deepEqual(cloudwatch.asked[0]?.input, { Namespace: 'postern' });
  });

  await t.test('an export is valid by itself, as before an update', async () => {
    const { out } = await run('documents', 'export', '--stack', 'postern');
    const exported = join(gateway.data, 'exported.jsonl');
    writeFileSync(exported, out);
    assert.equal((await run('documents', 'validate', exported)).code, 0);
  });

  await t.test('a directory restored under another name is read as another stack’s', async () => {
    const { table, client } = { table: 'rescue-directory', client: gateway.clients.dynamodb };
    const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' as const });
    await client.send(
      new CreateTableCommand({
        TableName: table,
        AttributeDefinitions: [string('form'), string('name')],
        KeySchema: [
          { AttributeName: 'form', KeyType: 'HASH' },
          { AttributeName: 'name', KeyType: 'RANGE' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
      }),
    );
    await waitUntilTableExists(
      { client, maxWaitTime: 20, minDelay: 0.05, maxDelay: 0.2 },
      { TableName: table },
    );
    const { Items = [] } = await client.send(
      new ScanCommand({ TableName: gateway.endpoints.tables.directory }),
    );
    for (const Item of Items) await client.send(new PutItemCommand({ TableName: table, Item }));
    const then = await run('documents', 'export', '--stack', 'rescue');
    const now = await run('documents', 'export', '--stack', 'postern');
    assert.equal(then.out, now.out);
    const file = join(gateway.data, 'then.jsonl');
    writeFileSync(file, then.out);
    await run('documents', 'delete', 'MailInDatabase', 'Support', '--stack', 'postern');
    const dry = await run('documents', 'import', file, '--dry-run', '--stack', 'postern');
    assert.match(dry.out, /\+ MailInDatabase Support/);
    const { code } = await run('documents', 'import', file, '--stack', 'postern');
    assert.equal(code, 0);
    assert.match((await run('documents', 'list', '--stack', 'postern')).out, /Support/);
  });

  await t.test('a stack that is not there is named', async () => {
    const { code, out, err } = await run('documents', 'list', '--stack', 'nowhere');
    assert.deepEqual([code, out], [1, '']);
    assert.match(err, /^postern: There is no stack nowhere .* no table nowhere-directory\.$/m);
  });
});
