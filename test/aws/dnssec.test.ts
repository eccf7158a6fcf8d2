import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { dnssecResolver } from '../../aws/dnssec.ts';
import { DnsUnavailable } from '../../mail/relay/doors.ts';
import { dnsServer, type Zone } from '../builders/dns-server.ts';

const data = Buffer.from([3, 1, 1, ...Buffer.alloc(32, 7)]);
const zone: Zone = {
  'signed.example': { mx: [[10, 'mx.signed.example']], secure: true },
  'unsigned.example': { mx: [[10, 'mx.unsigned.example']] },
  '_25._tcp.mx.signed.example': { tlsa: [data, data], secure: true },
  'many.example': { tlsa: Array.from({ length: 100 }, () => data), secure: true },
  'bogus.example': 'SERVFAIL',
  'silent.example': 'say nothing',
};

test('signed and unsigned answers, and those that nobody gives', async (t) => {
  await using dns = await dnsServer(zone);
  const resolver = dnssecResolver({ server: dns.address, timeoutMs: 500, tries: 2 });
  await t.test('the flag is seen', async () => {
    const { secure, records } = await resolver.ask('Signed.example.', 'MX');
    assert.deepEqual([secure, records.map(({ exchange }) => exchange)], [true, ['mx.signed.example']]);
    assert.equal((await resolver.ask('unsigned.example', 'MX')).secure, false);
  });
  await t.test('TLSA records come as they are', async () => {
    const { records } = await resolver.ask('_25._tcp.mx.signed.example', 'TLSA');
    assert.deepEqual(
      records.map((record) => [...record.data]),
      [[...data], [...data]],
    );
  });
  await t.test('an answer that is too long comes by TCP', async () => {
    assert.equal((await resolver.ask('many.example', 'TLSA')).records.length, 100);
  });
  await t.test('no such name is an answer', async () => {
    assert.deepEqual(await resolver.ask('none.example', 'A'), { secure: false, records: [] });
  });
  await t.test('wrong signatures, and silence, are none', async () => {
    await assert.rejects(resolver.ask('bogus.example', 'A'), DnsUnavailable);
    await assert.rejects(resolver.ask('silent.example', 'A'), DnsUnavailable);
    assert.equal(dns.questions.filter((question) => question.includes('silent')).length, 2, 'asked twice');
  });
});

test('an answer to another question is passed over', async () => {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => {
    const answer = Buffer.from(query);
    answer.writeUInt16BE(0x81a0, 2);
    answer.writeUInt16BE(0, 10);
    const other = Buffer.from(answer);
    other.writeUInt16BE((query.readUInt16BE(0) + 1) % 65_536, 0);
    socket.send('nonsense', port, address);
    socket.send(other, port, address);
    answer.writeUInt16BE(0x8180, 2);
    socket.send(answer, port, address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const resolver = dnssecResolver({
    server: `127.0.0.1:${socket.address().port}`,
    timeoutMs: 1_000,
    tries: 1,
  });
  assert.equal((await resolver.ask('a.example', 'A')).secure, false);
  socket.close();
});
