/** What a hostile peer tried in review, each held by a test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { connect as connectSocket, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { dnsForMailauth } from '../../listener/mailauth-dns.ts';
import { refusalReasons } from '../../aws/metric-names.ts';
import { Room } from '../../listener/room.ts';
import { Staging } from '../../listener/staging.ts';
import { DirectoryUnavailable } from '../../mail/directory/directory.ts';
import { networkOf } from '../../mail/policy/peer.ts';
import { world } from '../mail/policy/world.ts';
import { closed, connect, greeted } from './client.ts';
import { gateway, type Gateway } from './gateway.ts';

async function staged(work: (staging: Staging, folder: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'postern-staging-'));
  const room = new Room({ directory, onTrouble: () => undefined, memory: 64 * 1024 ** 2 });
  await work(new Staging({ directory, id: 'one', limit: Infinity, room }), directory);
  assert.equal(room.held, 0, 'what was held is free again');
  await rm(directory, { recursive: true });
}

const large = (): Buffer => Buffer.concat([Buffer.from('\r\n'), Buffer.alloc(300_000, 'x')]);

test('a message whose peer is gone during its last write is not accepted as an empty one', () =>
  staged(async (staging) => {
    const written = staging.write(large());
    const discarded = staging.discard();
    await Promise.all([written, discarded]);
    await assert.rejects(staging.finish(), /discarded/);
  }));

test('a discard during a write leaves no file', () =>
  staged(async (staging, folder) => {
    const written = staging.write(large());
    await Promise.all([staging.discard(), written]);
    assert.equal(staging.write(large()), undefined, 'nothing is taken any more');
    assert.deepEqual(await readdir(folder), []);
  }));

test('a connection reset within its last octets has no message accepted that differs from the one sent', async () => {
  await using house = await gateway();
  const message = `\r\n${`${'x'.repeat(998)}\r\n`.repeat(400)}`;
  for (let n = 0; n < 5; n++) {
    const client = await greeted(house.ports.smtp);
    await client.askAll('MAIL FROM:<>', 'RCPT TO:<alice@acme.example>', 'DATA');
    client.send(`${message}.\r\n`);
    await new Promise(setImmediate);
    client.socket.resetAndDestroy();
  }
  await house.stop();
  for (const { body } of house.kept) assert.equal(body.toString(), message);
  const told = house.events.filter(([name]) => name === 'accepted');
  assert.equal(told.length, house.kept.length);
});

async function silent(port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1');
  socket.on('error', () => undefined).resume();
  await once(socket, 'connect');
  return socket;
}

test('a TLS handshake that does not begin counts as a session of its peer', async () => {
  await using house = await gateway({ server: { maximumSessionsPerHost: 2, trustedProxies: [] } });
  const sockets = [await silent(house.ports.smtps), await silent(house.ports.smtps)];
  const third = await silent(house.ports.smtps);
  await closed(third);
  assert.ok(sockets.every((socket) => !socket.destroyed));
  const client = await connect(house.ports.smtp);
  assert.match((await client.reply())!, /^421 4\.7\.0 /);
  for (const socket of sockets) socket.destroy();
});

test('a TLS handshake has an end', async () => {
  await using house = await gateway({ listener: { idleSeconds: 0.1 } });
  const socket = await silent(house.ports.smtps);
  await closed(socket);
});

test('so has one after STARTTLS, whatever trickles in', async () => {
  await using house = await gateway({ listener: { idleSeconds: 0.3 } });
  const client = await greeted(house.ports.smtp);
  assert.match(await client.ask('STARTTLS'), /^220 /);
  const begun = Buffer.from('16030100ff0100', 'hex');
  const trickle = setInterval(() => client.send(begun.subarray(0, 1)), 50);
  client.send(begun);
  await closed(client.socket);
  clearInterval(trickle);
});

test('an IPv6 peer has its whole /64, an IPv4 peer one address', async () => {
  assert.equal(networkOf('2001:db8:0:1:ffff::1'), networkOf('2001:DB8:0:1::2'));
  assert.notEqual(networkOf('2001:db8:0:1::1'), networkOf('2001:db8:0:2::1'));
  assert.equal(networkOf('::ffff:192.0.2.1'), '192.0.2.1');
  await using house = await gateway({ server: { maximumSessionsPerHost: 1 } });
  const as = async (address: string): Promise<string> => {
    const client = await connect(house.ports.smtp);
    await client.reply();
    return client.ask(`XCLIENT ADDR=${address}`);
  };
  assert.match(await as('2001:db8::1'), /^220 /);
  assert.match(await as('2001:db8::2'), /^421 4\.7\.0 /);
  assert.match(await as('2001:db8:1::1'), /^220 /);
});

test('settings that cannot be confirmed refuse nobody for good, and admit nobody', async () => {
  const { settings } = world({
    server: { smtpListener: true },
    configuration: { inboundConnections: { deny: ['[127.0.0.1]'] } },
  });
  let reads = 0;
  const current = () =>
    reads++ === 0 ? Promise.resolve(settings) : Promise.reject(new DirectoryUnavailable('Away.'));
  await using house = await gateway({ listener: { settings: { current }, refreshSeconds: 3600 } });
  const client = await connect(house.ports.smtp);
  assert.match((await client.reply())!, /^220 /);
  await client.ask('EHLO client.example');
  assert.match(await client.ask('MAIL FROM:<>'), /^451 4\.3\.0 /);
  client.close();
});

async function deliver(house: Gateway, message: string): Promise<string> {
  const client = await greeted(house.ports.smtp);
  await client.askAll('XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1', 'EHLO there.example');
  await client.askAll('MAIL FROM:<a@evil.example>', 'RCPT TO:<alice@acme.example>');
  const reply = await client.deliver(message);
  client.close();
  return reply;
}

const protectedDomain = {
  dns: {
    'txt _dmarc.bank.example': ['v=DMARC1; p=reject'],
    'txt evil.example': ['v=spf1 ip4:192.0.2.1 -all'],
    'txt _dmarc.evil.example': ['v=DMARC1; p=none'],
  },
  configuration: { senderAuthentication: { dmarc: 'reject' } },
};

const authors: readonly (readonly [why: string, header: string, reply: RegExp])[] = [
  ['a domain of their own', 'From: a@evil.example', /^250 /],
  [
    'a protected domain',
    'From: ceo@bank.example',
    /^550 5\.7\.1 Rejected by the DMARC policy of bank\.example$/,
  ],
  ['beside one of their own', 'From: a@evil.example, ceo@bank.example', /^550 5\.7\.1 .*bank\.example$/],
  ['in a second field', 'From: a@evil.example\r\nFrom: ceo@bank.example', /^550 5\.7\.1 .*bank\.example$/],
  ['in a group', 'From: us: a@evil.example, ceo@bank.example;', /^550 5\.7\.1 .*bank\.example$/],
  ['behind a second @', 'From: <a@evil.example@bank.example>', /^550 5\.7\.1 /],
  [
    'among too many',
    `From: ${Array.from({ length: 12 }, (_, n) => `a@x${n}.example`).join(', ')}`,
    /^550 5\.7\.1 /,
  ],
  ['no author at all', 'Subject: none', /^250 /],
];

test('no way around DMARC by several authors', async (t) => {
  await using house = await gateway(protectedDomain);
  for (const [why, header, reply] of authors)
    await t.test(why, async () => assert.match(await deliver(house, `${header}\r\n\r\nhello\r\n`), reply));
});

test('signatures beyond ten are not looked at, in memory and in a file', async () => {
  const signature = (n: number): string =>
    `DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=s${n}.example; s=x; h=from; bh=AAAA; b=AAAA\r\n`;
  const header = `${Array.from({ length: 40 }, (_, n) => signature(n)).join('')}From: a@evil.example\r\n\r\n`;
  await using house = await gateway();
  for (const body of ['short\r\n', `${'y'.repeat(998)}\r\n`.repeat(400)]) {
    assert.match(await deliver(house, header + body), /^250 /);
    const results = JSON.stringify(house.kept.at(-1)!.envelope.edits);
    assert.equal(results.match(/dkim=/g)?.length, 10);
    assert.match(results, /s9\.example/);
  }
});

test('one message asks so many DNS questions and no more', async () => {
  const { resolver, asked } = world();
  const dns = dnsForMailauth(resolver, '192.0.2.1');
  const codes: string[] = [];
  for (let n = 0; n < 210; n++)
    await dns(`n${n}.example`, 'TXT').catch(({ code }: { code: string }) => codes.push(code));
  assert.deepEqual([...new Set(codes)], ['ENODATA', 'ETIMEOUT']);
  assert.equal(asked.length, 200);
});

test('refusals are told by a word of the closed list', async () => {
  await using house = await gateway({
    server: { errorLimit: 30, maximumRecipients: 1 },
    configuration: {
      routing: { maximumMessageSize: 1 },
      inboundSenders: { deny: ['evil.example'] },
      inboundRecipients: { deny: ['denied@acme.example'] },
      rules: [{ name: 'one', if: [{ item: 'subject', is: 'is', value: 'no' }], then: { action: 'refuse' } }],
    },
  });
  const client = await greeted(house.ports.smtp);
  await client.askAll('MAIL FROM:<a@evil.example>', 'MAIL FROM:<> SIZE=2000', 'MAIL FROM:<>');
  await client.askAll(
    'RCPT TO:<denied@acme.example>',
    'RCPT TO:<nobody@acme.example>',
    'RCPT TO:<a@b.example>',
  );
  await client.askAll('RCPT TO:<a!b@acme.example>', 'RCPT TO:<alice@acme.example>', 'RCPT TO:<postmaster>');
  await client.deliver('Subject: no\r\n\r\n');
  await client.askAll('MAIL FROM:<>', 'RCPT TO:<alice@acme.example>');
  await client.deliver('bare\n\r\n');
  client.close();
  const reasons = house.events.filter(([name]) => name === 'refused').map(([, { reason }]) => String(reason));
  const wanted = [
    'sender',
    'size',
    'recipient',
    'unknown-user',
    'relay',
    'protocol',
    'recipient',
    'rules',
    'protocol',
  ];
  assert.deepEqual(reasons, wanted);
  assert.ok(reasons.every((reason) => (refusalReasons as readonly string[]).includes(reason)));
  assert.ok(refusalReasons.length < 20);
});
