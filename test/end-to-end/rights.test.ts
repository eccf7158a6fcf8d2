/**
 * Least rights, shown by use: one gateway takes its mail through every way there is, among them those that only a
 * crash or a mistake opens. No component is denied a call, and none has a right that it never used, but for `unused`.
 */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { BatchWriteItemCommand, DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import { unusedRights, type Unused } from '../../local/rights.ts';
import { localTemplate } from '../../local/template-cache.ts';
import { Template } from '../../local/template.ts';
import { type Component, readWiring, stackOf } from '../../local/wiring.ts';
import { bodyKeyOf, restOf, wakeOf } from '../../mail/spool/keys.ts';
import { dnsServer } from '../builders/dns-server.ts';
import { type SharedGateway, startTestGateway, temporaryData, until } from '../builders/gateway.ts';
import { logIn, MailWorld } from '../builders/mail-world.ts';
import { type SmtpSink, smtpSink } from '../builders/smtp-sink.ts';
import { greeted } from '../listener/client.ts';

/** Allowed and not used here: who, what, on what, and why it is allowed all the same. */
const unused: readonly (readonly [who: RegExp, action: string, resource: RegExp, why: string])[] = [
  [/./, 'xray:PutTraceSegments', /^\*$/, 'Lambda sends them in the function’s name'],
  [/./, 'xray:PutTelemetryRecords', /^\*$/, 'Lambda sends them in the function’s name'],
  [/./, 'logs:CreateLogStream', /./, 'Lambda writes logs in the function’s name'],
  [/./, 'logs:PutLogEvents', /./, 'Lambda writes logs in the function’s name'],
  [/./, 's3:ListBucket', /mail/, 'few list; without it S3 says "denied" of a body that is missing'],
  [/^listener$/, 's3:AbortMultipartUpload', /spool/, 'an upload that S3 cuts short is taken back'],
  [/^deliver-to-mailbox$/, 's3:DeleteObject', /mailboxes/, 'a copy, where two at once went over the quota'],
  [/^retry-deferred$/, 's3:DeleteObject', /kept/, 'a kept copy, no sooner than an hour after it was made'],
  [/^route-mail$/, 's3:GetObject', /kept/, 'a body that was kept while routing was off is put back'],
  [/^route-mail$/, 's3:PutObject', /spool/, 'a body that was kept while routing was off is put back'],
];

const mxHost = '127.0.0.2';
const past = '2020-01-01T00:00:00.000Z';
const answers = {
  'RCPT nobody@there.example': '550 5.1.1 Nobody of that name here',
  'RCPT later-smtp@there.example': ['450 4.2.1 Come again'],
  'RCPT later-direct@there.example': ['450 4.2.1 Come again'],
};

const rule = (word: string) => ({
  name: word,
  if: [{ item: 'body', is: 'contains', value: `please ${word}` }],
  then: { action: word },
});

const megabyte = 1024 * 1024;
const large = (bytes: number): string => `${'x'.repeat(898)}\r\n`.repeat(Math.ceil(bytes / 900));

/** Configuration `*`, in force everywhere; what is deferred is tried again at once. */
function configure(world: MailWorld, routing: object, fields: object = {}): Promise<void> {
  return world.inForce({
    form: 'Configuration',
    name: '*',
    routing: { smtpOutsideLocalDomain: true, ...routing },
    transfer: { initialRetryMinutes: 0.01 },
    dkimSigning: [{ domain: 'acme.example', selector: 'now', secret: 'dkim' }],
    rules: [rule('hold'), rule('return')],
    ...fields,
  });
}

async function putAll(
  { clients, endpoints }: SharedGateway,
  table: 'directory' | 'spool',
  items: readonly object[],
): Promise<void> {
  for (let at = 0; at < items.length; at += 25) {
    const puts = items.slice(at, at + 25).map((one) => ({ PutRequest: { Item: marshall(one) } }));
    const RequestItems = { [endpoints.tables[table]]: puts };
    await clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
}

/** Documents that are right, wrong, and gone. */
async function documents({ gateway }: MailWorld): Promise<void> {
  const { clients, endpoints } = gateway;
  const names = Array.from({ length: 95 }, (_, n) => `Member ${n}/Acme`);
  const people = names.map((name, n) => ({ form: 'Person', name, lastName: `${n}`, mailFile: `mail/${n}` }));
  await putAll(gateway, 'directory', people);
  await gateway.put({
    form: 'MailInDatabase',
    name: 'Full',
    internetAddress: 'full@acme.example',
    mailFile: 'mail/full',
    quotaMB: 1,
  });
  await gateway.put({
    form: 'Group',
    name: 'Everybody',
    internetAddress: 'everybody@acme.example',
    members: names,
  });
  await assert.rejects(gateway.put({ form: 'Group', name: 'Wrong', member: [] }), /member/);
  const Key = marshall({ form: 'Group', name: 'Team' });
  await clients.dynamodb.send(new DeleteItemCommand({ TableName: endpoints.tables.directory, Key }));
}

/** Refused by a mail file that is full; an envelope so long that it leaves the queue's message for an object. */
async function returned(world: MailWorld): Promise<void> {
  await world.reported(await world.strangerWrites('full@acme.example', large(1.2 * megabyte)));
  const long = (n: number) => `<r${n}@there.example> ORCPT=rfc822;${'x'.repeat(450)}@there.example`;
  await world.bobWrites(Array.from({ length: 450 }, (_, n) => long(n)));
}

async function heldWhereItFailed(world: MailWorld): Promise<void> {
  await configure(world, { relayHost: '' }, { undeliverable: { hold: true } });
  const [refused = ''] = await world.bobWrites(['<nobody@there.example>']);
  await world.delivery(refused, 'held');
}

/** Held by a rule and released; held, expired and deleted with a report; returned by a rule. */
async function judged(world: MailWorld): Promise<void> {
  const { clients, endpoints } = world.gateway;
  const [released = '', deleted = '', abandoned = ''] = await world.bobWrites(
    ['<alice@acme.example>'],
    'please hold\r\n',
    3,
  );
  for (const id of [released, deleted, abandoned]) await world.delivery(id, 'held');
  await world.cli('spool', 'release', `${released}.0`);
  await clients.s3.send(new DeleteObjectCommand({ Bucket: endpoints.bucket, Key: bodyKeyOf(deleted) }));
  await world.cli('spool', 'delete', '--report', `${deleted}.0`);
  const lease = { state: 'sending', lease: 'lost', leaseUntil: past, want: 'hold' };
  await world.leave(
    { message: abandoned, part: 'd#0000' },
    { ...lease, wake: wakeOf(abandoned), wakeAt: past },
  );
  const [back = ''] = await world.bobWrites(['<alice@acme.example>'], 'please return\r\n');
  for (const id of [deleted, back]) await world.reported(id);
}

/** What cannot be worked off is offered again sooner. */
async function poison(world: MailWorld): Promise<void> {
  for (const queue of ['route', 'deliver', 'report'] as const) await world.enqueue(queue, '{');
}

/** More of what rests than the sweep reads at once. */
async function crowd({ gateway }: MailWorld): Promise<void> {
  const names = Array.from({ length: 101 }, (_, n) => `resting-${n}`);
  const rests = names.map((message) => ({ message, part: 'm', wake: restOf(message), wakeAt: past }));
  await putAll(gateway, 'spool', rests);
}

async function logins({ gateway }: MailWorld): Promise<void> {
  const client = await greeted(gateway.port('submission'));
  assert.match(await logIn(client, 'wrong'), /^535 /);
  client.close();
}

/** Into mail files: small, in parts, over the quota, to more people than one transaction takes. */
async function inward(world: MailWorld): Promise<void> {
  await configure(world, { relayHost: 'ses' }, { delivery: { overQuota: 'hold' } });
  await world.strangerWrites('alice@acme.example', large(6 * megabyte));
  await world.delivery(await world.strangerWrites('full@acme.example', large(1.2 * megabyte)), 'deferred');
  const many = await world.strangerWrites('everybody@acme.example');
  await world.gateway.mail('mail/94');
  await world.leave({ message: many, part: 'm' }, { phase: 'planned', wake: wakeOf(many), wakeAt: past });
}

/** SES took it, and tells of a bounce later. */
async function bounces(world: MailWorld): Promise<string> {
  const [message = ''] = await world.bobWrites(['<anna@there.example>']);
  const { recipients } = await world.delivery(message, 'delivered');
  const bounce = {
    eventType: 'Bounce',
    mail: { messageId: recipients[0]?.reply?.replace(/^.* as /, '') },
    bounce: { bounceType: 'Permanent', bouncedRecipients: [{ emailAddress: 'anna@there.example' }] },
  };
  const envelope = { Type: 'Notification', TopicArn: 'arn:aws:sns', Message: JSON.stringify(bounce) };
  await world.enqueue('report', JSON.stringify(envelope));
  return message;
}

/** To SES; what is too large for it is held. */
async function bySes(world: MailWorld): Promise<void> {
  await world.reported(await bounces(world));
  const routing = { relayHost: 'ses', sesMaximumSize: 2 };
  await configure(world, routing, { undeliverable: { hold: true }, delivery: { overQuota: 'return' } });
  await world.delivery(await bounces(world), 'held');
  const [tooLarge = ''] = await world.bobWrites(['<anna@there.example>'], large(4096));
  await world.delivery(tooLarge, 'held');
  await world.delivery(await world.strangerWrites('full@acme.example', large(1.2 * megabyte)), 'held');
}

/** By relay host or MX: refused, deferred, taken, and a host that was down while much gathered for it. */
interface Way {
  readonly transport: 'smtp' | 'direct';
  /** Empty: by MX. */
  readonly relayHost: string;
  readonly sink: SmtpSink;
}

async function outward(world: MailWorld, { transport, relayHost, sink }: Way): Promise<void> {
  await configure(world, { relayHost }, { delivery: { overQuota: 'return' } });
  const nextHop = relayHost || 'there.example';
  const to = ['<nobody@there.example>', `<later-${transport}@there.example>`];
  const [refused = ''] = await world.bobWrites(to);
  await world.reported(refused);
  await sink.receivedFor(`later-${transport}@there.example`);
  await world.leave({ message: refused, part: 'r#01' }, { wake: wakeOf(refused), wakeAt: past });
  const hop = { message: `hop#${transport}#${nextHop}`, part: 'state' };
  await world.leave(hop, { failures: 1, closedUntil: '2999-01-01T00:00:00.000Z' });
  await world.deliveries(await world.bobWrites(['<much@there.example>'], undefined, 30), 'pending');
  await world.leave(hop, { failures: 1, closedUntil: past });
  await world.enqueue(transport === 'smtp' ? 'relay' : 'direct', JSON.stringify({ transport, nextHop }));
}

/** What was counted on the way by MX is reported without waiting for the next day. */
async function toldOfTls(world: MailWorld, sink: SmtpSink): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  await world.enqueue('report', JSON.stringify({ tlsReport: { domain: 'there.example', day } }));
  await sink.receivedFor('tls@there.example');
}

interface Report {
  readonly denied: string[];
  readonly unused: Unused[];
}

async function components(): Promise<readonly Component[]> {
  const document = await localTemplate();
  const stack = stackOf(document);
  const wiring = readWiring(new Template(document, { stack, queueUrl: (name) => name }), stack);
  return [...wiring.functions, wiring.listener];
}

function report(gateway: SharedGateway, all: readonly Component[]): Report {
  const calls = gateway.calls();
  return {
    denied: Object.entries(calls).flatMap(([component, { denied }]) =>
      denied.map(({ action, resource }) => `${component}: ${action} on ${resource}`),
    ),
    unused: all.flatMap(({ name, statements }) => unusedRights(name, statements, calls[name]?.used ?? [])),
  };
}

const isExcused = (one: Unused, [who, action, resource]: (typeof unused)[number]): boolean =>
  who.test(one.component) && action === one.action && resource.test(one.resource);

const unexcused = (found: readonly Unused[]): string[] =>
  found
    .filter((one) => !unused.some((excuse) => isExcused(one, excuse)))
    .map(({ component, action, resource }) => `${component}: ${action} on ${resource}`);

async function start(t: TestContext, sink: SmtpSink): Promise<MailWorld> {
  const dns = await dnsServer({
    'there.example': { mx: [[10, 'mx.there.example']], a: [mxHost] },
    'mx.there.example': { a: [mxHost] },
    'relay.there.example': { a: [mxHost] },
    '_smtp._tls.there.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@there.example'] },
  });
  t.after(() => dns.close());
  const data = temporaryData(t);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  mkdirSync(join(data, 'secrets'));
  writeFileSync(join(data, 'secrets', 'dkim'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const env = { DNS_SERVERS: dns.address, MX_PORT: String(sink.port) };
  return new MailWorld(await startTestGateway(t, { data, env }));
}

test('every component uses the rights it has, and needs no other', async (t) => {
  await using sink = await smtpSink({ host: mxHost, script: answers });
  const world = await start(t, sink);
  const all = await components();
  const ways: readonly (readonly [what: string, go: () => Promise<void>])[] = [
    ['documents', () => documents(world)],
    ['a login that fails', () => logins(world)],
    ['into mail files', () => inward(world)],
    ['held, released, deleted, returned', () => judged(world)],
    ['by SES', () => bySes(world)],
    ['by relay host', () => outward(world, { transport: 'smtp', relayHost: 'relay.there.example', sink })],
    ['over a quota, and to many', () => returned(world)],
    ['by MX', () => outward(world, { transport: 'direct', relayHost: '', sink })],
    ['told of TLS', () => toldOfTls(world, sink)],
    ['held where it failed', () => heldWhereItFailed(world)],
    ['poison', () => poison(world)],
    ['a crowd', () => crowd(world)],
  ];
  for (const [what, go] of ways) await t.test(what, go);
  await until(
    'nothing is left unused',
    () => unexcused(report(world.gateway, all).unused).length === 0 || undefined,
    10_000,
  ).catch(() => undefined);
  await t.test('no component asked for what its role does not allow', () =>
    assert.deepEqual(report(world.gateway, all).denied, []),
  );
  await t.test('no component has a right that it does not use', () =>
    assert.deepEqual(unexcused(report(world.gateway, all).unused), []),
  );
  await t.test('every exception is one', () => {
    const found = report(world.gateway, all).unused;
    assert.deepEqual(
      unused.filter((excuse) => !found.some((one) => isExcused(one, excuse))),
      [],
    );
  });
});
