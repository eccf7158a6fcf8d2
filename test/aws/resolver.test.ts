import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dnsResolver, withHostsFile } from '../../aws/resolver.ts';
import { DnsUnavailable } from '../../mail/relay/doors.ts';
import { dnsServer } from '../builders/dns-server.ts';

const zone = {
  'there.example': { mx: [[10, 'mx.there.example']], txt: ['v=spf1 -all'] },
  'mx.there.example': { a: ['9.0.0.1'], aaaa: ['2600::1'] },
  'nullmx.example': { mx: [[0, '.']] },
  'nothing.example': {},
  'broken.example': 'SERVFAIL',
  'silent.example': 'say nothing',
  '1.0.0.9.in-addr.arpa': { ptr: ['mx.there.example'] },
  '2.0.0.9.in-addr.arpa': 'SERVFAIL',
  '3.0.0.9.in-addr.arpa': 'say nothing',
} as const;

test('records come as they are', async () => {
  await using dns = await dnsServer({ ...zone });
  const resolver = dnsResolver({ servers: [dns.address] });
  assert.deepEqual(await resolver.mx('there.example'), {
    exists: true,
    records: [{ exchange: 'mx.there.example', priority: 10 }],
  });
  assert.deepEqual(await resolver.addresses('mx.there.example'), ['9.0.0.1', '2600::1']);
  assert.deepEqual(await resolver.addresses('mx.there.example', 6), ['2600::1']);
  assert.deepEqual(await resolver.ptr('9.0.0.1'), ['mx.there.example']);
  assert.deepEqual(await resolver.txt('there.example'), [['v=spf1 -all']]);
  assert.deepEqual(await resolver.addresses('192.0.2.7'), ['192.0.2.7'], 'an address needs no look-up');
});

test('no such name, no such record and a null MX are answers', async () => {
  await using dns = await dnsServer({ ...zone });
  const resolver = dnsResolver({ servers: [dns.address] });
  assert.deepEqual(await resolver.mx('gone.example'), { exists: false, records: [] });
  assert.deepEqual(await resolver.mx('nothing.example'), { exists: true, records: [] });
  assert.deepEqual(await resolver.mx('nullmx.example'), {
    exists: true,
    records: [{ exchange: '', priority: 0 }],
  });
  assert.deepEqual(await resolver.addresses('gone.example'), []);
});

for (const name of ['broken.example', 'silent.example'])
  test(`${name}: DNS could not be asked`, async () => {
    await using dns = await dnsServer({ ...zone });
    const resolver = dnsResolver({ servers: [dns.address], timeoutMs: 100, tries: 1 });
    await assert.rejects(resolver.mx(name), DnsUnavailable);
    await assert.rejects(resolver.addresses(name), DnsUnavailable);
    await assert.rejects(resolver.txt(name), DnsUnavailable);
    await assert.rejects(resolver.ptr(name === 'broken.example' ? '9.0.0.2' : '9.0.0.3'), DnsUnavailable);
  });

const hosts = async () => Promise.resolve('# ours\n10.0.0.7 Domino1.corp domino1 # old\nfd00::7 domino1\n');

test('the hosts file helps where DNS has nothing', async () => {
  await using dns = await dnsServer({ ...zone, 'domino1.corp': { a: ['9.0.0.9'] } });
  const resolver = withHostsFile(dnsResolver({ servers: [dns.address] }), 'dynamic-then-local', hosts);
  assert.deepEqual(await resolver.addresses('domino1.corp'), ['9.0.0.9'], 'DNS first');
  assert.deepEqual(await resolver.addresses('DOMINO1'), ['10.0.0.7', 'fd00::7']);
  assert.deepEqual(await resolver.mx('domino1'), { exists: true, records: [] });
  assert.equal((await resolver.mx('gone.example')).exists, false);
});

test('the hosts file alone asks nobody', async () => {
  await using dns = await dnsServer({ ...zone });
  const resolver = withHostsFile(dnsResolver({ servers: [dns.address] }), 'local', hosts);
  assert.deepEqual(await resolver.addresses('domino1.corp'), ['10.0.0.7']);
  assert.deepEqual(await resolver.addresses('mx.there.example'), []);
  assert.deepEqual(await resolver.mx('there.example'), { exists: false, records: [] });
  assert.deepEqual(dns.questions, []);
});

test('DNS alone never reads the hosts file', async () => {
  await using dns = await dnsServer({ ...zone });
  const resolver = withHostsFile(dnsResolver({ servers: [dns.address] }), 'dynamic', () =>
    Promise.reject(new Error('read')),
  );
  assert.deepEqual(await resolver.addresses('domino1'), []);
});
