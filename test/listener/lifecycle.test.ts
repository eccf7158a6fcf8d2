import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { endsSoon } from '../../listener/certificate.ts';
import { selfSigned } from '../../listener/self-signed.ts';
import { connect, connectSecurely, greeted, inData } from './client.ts';
import { world } from '../mail/policy/world.ts';
import { gateway } from './gateway.ts';

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

test('a stop: new and idle sessions get 421, a message that is coming in gets its 250, then all is over', async () => {
  const house = await gateway({ listener: { stopSeconds: 30 } });
  const idle = await greeted(house.ports.smtp);
  const sending = await inData(house.ports.smtp);
  sending.send('Subject: last\r\n\r\n');
  const stopped = house.stop();
  assert.match((await idle.reply())!, /^421 4\.3\.2 mail1\.acme\.example SMTP service not available/);
  assert.deepEqual(await idle.rest(), []);
  assert.match((await (await connect(house.ports.smtp)).rest())[0]!, /^421 mail1\.acme\.example SMTP /);
  assert.match(await sending.ask('.'), /^250 /);
  assert.match((await sending.reply())!, /^421 /);
  await stopped;
  assert.equal(await isOpen(house.ports.smtp), false);
  assert.equal(house.kept.length, 1);
});

test('who is being admitted while a stop begins is told so at once', async () => {
  const asked = Promise.withResolvers<void>();
  const answered = Promise.withResolvers<void>();
  const slowPtr = async (): Promise<string[]> => {
    asked.resolve();
    await answered.promise;
    return [];
  };
  const house = await gateway({
    server: { proxyProtocol: ['[127.0.0.1]'] },
    configuration: { inboundConnections: { deny: ['abc.com'] } },
    listener: { resolver: { ...world().resolver, ptr: slowPtr }, stopSeconds: 30 },
  });
  const idle = await connect(house.ports.smtp);
  assert.match(await idle.ask('PROXY UNKNOWN'), /^220 /);
  const late = await connect(house.ports.smtp);
  late.send('PROXY TCP4 192.0.2.1 192.0.2.2 1 25\r\n');
  await asked.promise;
  const stopped = house.stop();
  assert.match((await idle.reply())!, /^421 /);
  answered.resolve();
  assert.match((await late.reply())!, /^220 /);
  assert.match((await late.reply())!, /^421 4\.3\.2 /);
  await stopped;
});

test('documents close and open ports while the listener runs', async () => {
  await using house = await gateway();
  const client = await greeted(house.ports.smtp);
  house.publish({ server: { smtpListener: false } });
  assert.match((await client.reply())!, /^421 /);
  await until(async () => !(await isOpen(house.ports.smtp)));
  house.publish({ server: { ports: { submission: { enabled: false } } } });
  await until(() => isOpen(house.ports.smtp));
  assert.equal(await isOpen(house.ports.submission), false);
});

test('a transaction is judged with one set of settings; the next MAIL takes the new one', async () => {
  await using house = await gateway();
  const client = await greeted(house.ports.smtp);
  await client.ask('MAIL FROM:<>');
  house.publish({ configuration: { inboundRecipients: { deny: ['alice@acme.example'] } } });
  assert.match(await client.ask('RCPT TO:<alice@acme.example>'), /^250 /);
  await client.askAll('RSET', 'MAIL FROM:<>');
  assert.match(await client.ask('RCPT TO:<alice@acme.example>'), /^554 5\.7\.1 /);
  client.close();
});

test('one peer has so many sessions, another peer has its own', async () => {
  await using house = await gateway({ server: { maximumSessionsPerHost: 2 } });
  const as = async (address: string) => {
    const client = await connect(house.ports.smtp);
    await client.reply();
    return { client, reply: await client.ask(`XCLIENT ADDR=${address}`) };
  };
  const first = await as('192.0.2.1');
  const second = await as('192.0.2.1');
  const third = await as('192.0.2.1');
  const other = await as('192.0.2.2');
  assert.deepEqual(
    [first, second, third, other].map(({ reply }) => reply.slice(0, 9)),
    ['220 mail1', '220 mail1', '421 4.7.0', '220 mail1'],
  );
  first.client.close();
  await until(async () => (await as('192.0.2.1')).reply.startsWith('220'));
  for (const { client } of [second, other]) client.close();
});

test('peers that are gone before they are greeted are not counted', async () => {
  await using house = await gateway({ server: { maximumSessionsPerHost: 2, trustedProxies: [] } });
  for (let n = 0; n < 20; n++) (await connect(house.ports.smtp)).close();
  await until(async () => {
    const client = await connect(house.ports.smtp);
    const reply = await client.reply();
    client.close();
    return reply?.startsWith('220') ?? false;
  });
});

test('a peer that says nothing is told 421', async () => {
  await using house = await gateway({ listener: { idleSeconds: 0.2 } });
  const client = await greeted(house.ports.smtp);
  assert.match((await client.reply())!, /^421 4\.4\.2 /);
  assert.deepEqual(await client.rest(), []);
});

test('what a directory cannot tell is 451, never a default', async () => {
  await using house = await gateway({ directoryDown: true });
  const client = await greeted(house.ports.smtp);
  await client.ask('MAIL FROM:<>');
  assert.match(await client.ask('RCPT TO:<alice@acme.example>'), /^451 4\.3\.0 /);
  client.close();
});

/** A header of version 2: command, family, address block. */
const v2 = (command: number, family: number, rest: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1'),
    Buffer.from([command, family, rest.length >> 8, rest.length & 255]),
    rest,
  ]);

test('PROXY headers: from the load balancer always, from nobody else', async (t) => {
  await using house = await gateway({ server: { proxyProtocol: ['[127.0.0.1]'], trustedProxies: [] } });
  const block = Buffer.from('c0000201c000020204d20019', 'hex');
  const six = Buffer.concat([
    Buffer.from('20010db8000000000000000000000001', 'hex'),
    Buffer.alloc(16),
    Buffer.from([4, 1, 0, 25]),
  ]);
  const headers: readonly (readonly [string, string | Buffer, string | undefined])[] = [
    ['v1, IPv4', 'PROXY TCP4 192.0.2.1 192.0.2.2 1234 25\r\n', '192.0.2.1'],
    ['v1, IPv6', 'PROXY TCP6 2001:db8::1 2001:db8::2 1234 25\r\n', '2001:db8::1'],
    ['v1, unknown', 'PROXY UNKNOWN\r\n', '127.0.0.1'],
    ['v2, IPv4', v2(0x21, 0x11, block), '192.0.2.1'],
    [
      'v2, IPv4 and more',
      v2(0x21, 0x11, Buffer.concat([block, Buffer.from('040001ff', 'hex')])),
      '192.0.2.1',
    ],
    ['v2, IPv6', v2(0x21, 0x21, six), '2001:db8::1'],
    ['v2, local', v2(0x20, 0, Buffer.alloc(0)), '127.0.0.1'],
    ['v1, no address', 'PROXY TCP4 here there 1 2\r\n', undefined],
    ['v1, wrong family', 'PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n', undefined],
    ['v2, another version', v2(0x31, 0x11, block), undefined],
    ['v2, too short a block', v2(0x21, 0x11, block.subarray(0, 8)), undefined],
    ['no header', 'EHLO client.example\r\n', undefined],
  ];
  for (const [why, header, peer] of headers)
    await t.test(why, async () => {
      const client = await connect(house.ports.smtp);
      for (const octet of Buffer.from(header)) client.send(Buffer.from([octet]));
      if (peer === undefined) return assert.deepEqual(await client.rest(), []);
      client.send('EHLO client.example\r\n');
      assert.match((await client.reply())!, /^220 /);
      assert.ok((await client.reply())!.includes(`([${peer}])`));
      client.close();
    });
});

test('the self-signed certificate is kept, a given one wins', async () => {
  await using house = await gateway();
  const shown = async (): Promise<string> => {
    const client = await connectSecurely(house.ports.smtps);
    const { raw } = (client.socket as TLSSocket).getPeerCertificate();
    client.close();
    return new X509Certificate(raw).toString();
  };
  const kept = await readFile(join(house.certificateDir, 'self-signed.pem'), 'utf8');
  assert.ok(kept.includes((await shown()).trim()));
  const { key, cert } = selfSigned('given.acme.example', new Date());
  await writeFile(join(house.certificateDir, 'key.pem'), key);
  await writeFile(join(house.certificateDir, 'cert.pem'), cert);
  await using second = await gateway({ listener: { certificateDir: house.certificateDir } });
  const client = await connectSecurely(second.ports.smtps);
  assert.equal((client.socket as TLSSocket).getPeerCertificate().subject.CN, 'given.acme.example');
  client.close();
});

test('a certificate ends soon two weeks before its end', () => {
  const pair = selfSigned('mail1.acme.example', new Date());
  const end = Date.parse(new X509Certificate(pair.cert).validTo);
  const before = (days: number) => endsSoon(pair, new Date(end - days * 86_400_000));
  assert.deepEqual([before(15), before(13), before(-1)], [false, true, true]);
});

test('our own certificates stand up to a second look', () => {
  for (const name of ['mail1.acme.example', 'localhost', `${'long.'.repeat(30)}example`]) {
    const { cert } = selfSigned(name, new Date());
    const certificate = new X509Certificate(cert);
    assert.ok(certificate.verify(certificate.publicKey));
    assert.equal(certificate.checkHost(name), name);
    assert.equal(certificate.ca, false);
    assert.ok(Date.parse(certificate.validTo) > Date.now() + 9.9 * 365 * 86_400_000);
  }
});

test('a certificate that cannot be looked at again leaves the last in force, whatever the folder is', async () => {
  const { key, cert } = selfSigned('given.acme.example', new Date());
  let looks = 0;
  await using house = await gateway({
    listener: {
      certificate: async () => {
        if (looks++ === 0) return key + cert;
        throw new Error('The secret cannot be read.');
      },
      certificateDir: import.meta.filename,
      certificateSeconds: 0.02,
    },
  });
  await until(async () => looks > 2);
  const client = await connectSecurely(house.ports.smtps);
  assert.equal((client.socket as TLSSocket).getPeerCertificate().subject.CN, 'given.acme.example');
  client.close();
  assert.ok(house.events.some(([name, { what }]) => name === 'fault' && /certificate/.test(String(what))));
});

test('a certificate that was replaced serves the next handshakes, a broken one does not', async () => {
  const pems = ['one', 'two'].map((name) => selfSigned(`${name}.acme.example`, new Date()));
  let given = pems[0]!.key + pems[0]!.cert;
  const looked = { again: () => undefined as void };
  await using house = await gateway({
    listener: {
      certificate: () => {
        looked.again();
        return Promise.resolve(given);
      },
      certificateSeconds: 0.02,
    },
  });
  const shown = async (): Promise<string | undefined> => {
    const client = await connectSecurely(house.ports.smtps);
    const { subject } = (client.socket as TLSSocket).getPeerCertificate();
    client.close();
    return String(subject.CN);
  };
  const lookedTwice = async (): Promise<void> => {
    for (let n = 0; n < 2; n++) await new Promise<void>((resolve) => (looked.again = resolve));
  };
  assert.equal(await shown(), 'one.acme.example');
  given = 'no certificate at all';
  await lookedTwice();
  assert.equal(await shown(), 'one.acme.example');
  given = pems[1]!.key + pems[1]!.cert;
  await lookedTwice();
  assert.equal(await shown(), 'two.acme.example');
});
