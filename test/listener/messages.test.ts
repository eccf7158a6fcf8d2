import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { closed as closedOf, connect, greeted, inData } from './client.ts';
import { alice, gateway } from './gateway.ts';

const header = 'Subject: size\r\nMessage-ID: <one@there.example>\r\n\r\n';

/** A message of so many octets, in lines with dots at some of their starts. */
function message(octets: number): string {
  const line = `.${'0123456789'.repeat(7)}\r\n`;
  const body = line.repeat(Math.ceil(octets / line.length)).slice(0, octets - header.length - 2);
  return `${header}${body.replace(/[\r\n.]+$/, '')}`.padEnd(octets - 2, 'x') + '\r\n';
}

/** A header block of so many octets. */
const block = (octets: number): string => `A: ${'x'.repeat(octets - 7)}\r\n\r\n`;
const stuffed = (text: string): string => text.replaceAll(/^\./gm, '..');

for (const [octets, where] of [
  [2_000, 'memory'],
  [256 * 1024, 'memory, at its limit'],
  [256 * 1024 + 1, 'a file'],
  [5_000_000, 'a file'],
] as const)
  test(`${octets} octets pass through ${where} unchanged`, async () => {
    await using house = await gateway();
    const client = await inData(house.ports.smtp);
    const sent = message(octets);
    client.send(stuffed(sent));
    assert.match(await client.ask('.'), /^250 2\.0\.0 Message accepted for delivery as [a-z0-9-]+$/);
    const [{ envelope, body } = assert.fail('nothing was kept')] = house.kept;
    assert.ok(body.equals(Buffer.from(sent)));
    assert.equal(envelope.size, octets);
    assert.equal(envelope.sha256, createHash('sha256').update(sent).digest('hex'));
    assert.equal(envelope.headerSize, header.length);
    assert.deepEqual(envelope.header, { messageId: '<one@there.example>', subject: 'size' });
    assert.deepEqual(await house.staged(), []);
    client.close();
  });

test('SIZE is enforced while reading, and the session goes on', async () => {
  await using house = await gateway({ configuration: { routing: { maximumMessageSize: 300 } } });
  const client = await inData(house.ports.smtp);
  client.send(stuffed(message(300 * 1024 + 1)));
  assert.match(await client.ask('.'), /^552 5\.3\.4 /);
  assert.match(await client.ask('MAIL FROM:<>'), /^250 /);
  await client.ask('RCPT TO:<alice@acme.example>');
  assert.match(await client.deliver(stuffed(message(300 * 1024))), /^250 /);
  assert.equal(house.kept.length, 1);
  assert.deepEqual(await house.staged(), []);
  client.close();
});

test('a header block over 256 KB is refused, one of 256 KB is not', async () => {
  await using house = await gateway();
  for (const [octets, reply] of [
    [256 * 1024, /^250 /],
    [256 * 1024 + 1, /^552 5\.3\.4 /],
    [1_000_000, /^552 5\.3\.4 /],
  ] as const) {
    const client = await inData(house.ports.smtp);
    client.send(`${block(octets)}body\r\n`);
    assert.match(await client.ask('.'), reply);
    client.close();
  }
  assert.deepEqual(await house.staged(), []);
});

test('a body that never ends costs no memory', async () => {
  await using house = await gateway({ configuration: { routing: { maximumMessageSize: 100 } } });
  const client = await inData(house.ports.smtp);
  const chunk = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(64));
  for (let n = 0; n < 600; n++)
    if (!client.socket.write(chunk)) await new Promise((resolve) => client.socket.once('drain', resolve));
  assert.match(await client.ask('.'), /^552 5\.3\.4 /);
  assert.deepEqual(await house.staged(), []);
  client.close();
});

test('a sender that goes on and on after the refusal is cut off', async () => {
  await using house = await gateway({ configuration: { routing: { maximumMessageSize: 1 } } });
  const client = await inData(house.ports.smtp);
  const chunk = Buffer.from(`${'x'.repeat(998)}\r\n`.repeat(1024));
  const closed = closedOf(client.socket);
  for (let n = 0; n < 1000 && !client.socket.destroyed; n++)
    if (!client.socket.write(chunk))
      await Promise.race([closed, once(client.socket, 'drain').catch(() => [])]);
  assert.ok(client.socket.destroyed);
  assert.deepEqual(house.kept, []);
});

test('when acceptance fails the reply is 451, the cause is logged and nothing stays', async () => {
  let fails = true;
  await using house = await gateway({
    onAccept() {
      if (fails) throw new Error('S3 said no');
    },
  });
  for (const octets of [1_000, 500_000]) {
    const client = await inData(house.ports.smtp);
    client.send(stuffed(message(octets)));
    assert.equal(await client.ask('.'), '451 4.3.0 Local error in processing, try again later');
    assert.deepEqual(await house.staged(), []);
    client.close();
  }
  const faults = house.events.filter(([name]) => name === 'fault');
  assert.deepEqual(
    faults.map(([, { cause }]) => (cause as Error).message),
    ['S3 said no', 'S3 said no'],
  );
  fails = false;
  const client = await inData(house.ports.smtp);
  assert.match(await client.ask(`${header}again\r\n.`), /^250 /);
  client.close();
});

test('250 comes after acceptance, never before', async () => {
  const release = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  await using house = await gateway({
    onAccept() {
      asked.resolve();
      return release.promise;
    },
  });
  const client = await inData(house.ports.smtp);
  client.send(`${header}x\r\n.\r\n`);
  await asked.promise;
  let replied = false;
  const reply = client.reply().then((text) => ((replied = true), text));
  for (let n = 0; n < 50; n++) await new Promise(setImmediate);
  assert.equal(replied, false);
  release.resolve();
  assert.match((await reply)!, /^250 /);
  client.close();
});

test('a sender is not read while its file is behind, and uploads wait for their turn', async () => {
  let running = 0;
  let most = 0;
  const gate = Promise.withResolvers<void>();
  await using house = await gateway({
    async onAccept() {
      most = Math.max(most, ++running);
      if (running === 4) gate.resolve();
      await gate.promise;
      running -= 1;
    },
  });
  const clients = await Promise.all(Array.from({ length: 12 }, () => inData(house.ports.smtp)));
  for (const client of clients) client.send(stuffed(message(600_000)));
  const replies = await Promise.all(clients.map((client) => client.ask('.')));
  assert.ok(
    replies.every((reply) => reply.startsWith('250 ')),
    replies.join(),
  );
  assert.equal(most, 4);
  assert.equal(house.kept.length, 12);
  assert.deepEqual(await house.staged(), []);
  for (const client of clients) client.close();
});

test('without room there is 452 at MAIL and 421 at connect', async () => {
  let used = 0.5;
  await using house = await gateway({ listener: { room: { disk: async () => ({ used, free: 0 }) } } });
  const client = await greeted(house.ports.smtp);
  used = 0.95;
  await new Promise((resolve) => setTimeout(resolve, 600));
  assert.match(await client.ask('MAIL FROM:<>'), /^452 4\.3\.1 /);
  const late = await (await connect(house.ports.smtp)).rest();
  assert.deepEqual(late, ['421 mail1.acme.example SMTP service not available, closing transmission channel']);
  client.close();
});

test('too many hops', async () => {
  await using house = await gateway({ configuration: { transfer: { maximumHopCount: 2 } } });
  const received = 'Received: from a by b; Sat, 21 Nov 2026 00:00:00 +0000\r\n';
  for (const [hops, reply] of [
    [2, /^250 /],
    [3, /^554 5\.4\.6 Maximum hop count exceeded/],
  ] as const) {
    const client = await inData(house.ports.smtp);
    assert.match(await client.ask(`${received.repeat(hops)}\r\nx\r\n.`), reply);
    client.close();
  }
});

test('the envelope carries what was said, octet for octet', async () => {
  await using house = await gateway({ people: [alice] });
  const client = await greeted(house.ports.smtp);
  await client.askAll(
    'XCLIENT NAME=mx.there.example ADDR=2001:DB8::1',
    'EHLO mx.there.example',
    'MAIL FROM:<"A b"@There.Example> RET=hdrs ENVID=QQ+2B314 BODY=8bitmime SMTPUTF8',
    'RCPT TO:<Alice@ACME.example> NOTIFY=success,failure ORCPT=rfc822;Alice+2Bx@ACME.example',
  );
  await client.deliver('Return-Path: <forged@x>\r\nX-Priority: 1\r\nDelivered-To: a@b.example\r\n\r\n');
  const { envelope } = house.kept[0]!;
  const { id, edits, acceptedAt, session, ...rest } = envelope;
  assert.match(id, /^[a-z0-9]{9}-[a-f0-9]{16}$/);
  assert.match(acceptedAt, /^\d{4}-\d\d-\d\dT[\d:.]{12}Z$/);
  assert.deepEqual(
    { ...session, id: '' },
    {
      id: '',
      port: 'smtp',
      peer: '2001:db8::1',
      hostName: 'mx.there.example',
      helo: 'mx.there.example',
      standing: 'external',
    },
  );
  assert.deepEqual(edits[0], { op: 'drop', name: 'Return-Path', n: 1, length: 25 });
  assert.match(
    JSON.stringify(edits.at(-1)),
    /Received: from mx\.there\.example \(mx\.there\.example.*UTF8SMTP/,
  );
  assert.deepEqual(rest, {
    origin: 'session',
    from: '"A b"@There.Example',
    recipients: [
      { address: 'Alice@ACME.example', notify: 'SUCCESS,FAILURE', orcpt: 'rfc822;Alice+2Bx@ACME.example' },
    ],
    eightBitMime: true,
    smtpUtf8: true,
    requireTls: false,
    ret: 'HDRS',
    envid: 'QQ+2B314',
    bodyKey: rest.bodyKey,
    size: 69,
    sha256: rest.sha256,
    headerSize: 69,
    header: { deliveredTo: ['a@b.example'], priority: 'high' },
    accepted: {
      document: 'Person Alice Example/Acme',
      field: 'internetAddress',
      entry: 'alice@acme.example',
    },
    settings: rest.settings,
  });
  client.close();
});
