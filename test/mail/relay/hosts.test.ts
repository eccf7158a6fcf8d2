import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsUnavailable, type MxRecord, type Resolver } from '../../../mail/relay/doors.ts';
import { resolveHop, type ResolveOptions, type Resolution } from '../../../mail/relay/hosts.ts';
import { parseNextHop } from '../../../mail/relay/next-hop.ts';

interface World {
  readonly mx?: Record<string, MxRecord[] | 'down'>;
  readonly hosts?: Record<string, string[] | 'down'>;
}

const there = { 'mx1.there.example': ['9.0.0.1'], 'mx2.there.example': ['9.0.0.2', '2600::2'] };
const twoServers = [mx(20, 'mx2.there.example'), mx(10, 'mx1.there.example')];

interface Case {
  readonly name: string;
  readonly world: World;
  readonly hop?: string;
  readonly options?: Partial<ResolveOptions>;
  readonly targets?: readonly string[];
  readonly failed?: RegExp;
  readonly waiting?: RegExp;
}

const cases: readonly Case[] = [
  {
    name: 'MX by preference, then every address of each',
    world: { mx: { 'there.example': twoServers }, hosts: there },
    targets: ['mx1.there.example 9.0.0.1:25', 'mx2.there.example 9.0.0.2:25', 'mx2.there.example 2600::2:25'],
  },
  {
    name: 'no MX: the address of the name itself',
    world: { mx: { 'there.example': [] }, hosts: { 'there.example': ['9.0.0.9'] } },
    targets: ['there.example 9.0.0.9:25'],
  },
  {
    name: 'a name with a port goes by address only',
    hop: 'there.example:587',
    world: { mx: { 'there.example': twoServers }, hosts: { ...there, 'there.example': ['9.0.0.9'] } },
    targets: ['there.example 9.0.0.9:587'],
  },
  { name: 'an address needs no look-up', hop: '[9.0.0.3]:26', world: {}, targets: ['9.0.0.3 9.0.0.3:26'] },
  {
    name: 'the name does not exist',
    world: {},
    failed: /^550 5\.1\.2 Host or domain name not found: there\.example$/,
  },
  {
    name: 'the name has neither MX nor address',
    world: { mx: { 'there.example': [] } },
    failed: /^550 5\.1\.2 Host or domain name not found/,
  },
  { name: 'a null MX (RFC 7505)', world: { mx: { 'there.example': [mx(0, '')] } }, failed: /^556 5\.1\.10 / },
  {
    name: 'a null MX written as a dot',
    world: { mx: { 'there.example': [mx(0, '.')] } },
    failed: /^556 5\.1\.10 /,
  },
  {
    name: 'DNS is down for MX',
    world: { mx: { 'there.example': 'down' } },
    waiting: /DNS could not be asked/,
  },
  {
    name: 'DNS is down for every host of the MX',
    world: { mx: { 'there.example': [mx(1, 'mx1.there.example')] }, hosts: { 'mx1.there.example': 'down' } },
    waiting: /DNS could not be asked/,
  },
  {
    name: 'DNS is down for one host: the other one is enough',
    world: { mx: { 'there.example': twoServers }, hosts: { ...there, 'mx1.there.example': 'down' } },
    targets: ['mx2.there.example 9.0.0.2:25', 'mx2.there.example 2600::2:25'],
  },
  {
    name: 'no host of the MX has an address',
    world: { mx: { 'there.example': [mx(1, 'gone.there.example')] } },
    failed: /None of the mail servers/,
  },
  {
    name: 'we are the second MX: only better ones are tried',
    world: {
      mx: { 'there.example': [...twoServers, mx(20, 'Mail1.acme.example.'), mx(30, 'mx3.there.example')] },
      hosts: there,
    },
    targets: ['mx1.there.example 9.0.0.1:25'],
  },
  {
    name: 'we are the best MX: the mail loops',
    world: { mx: { 'there.example': [mx(5, 'mail1.acme.example'), ...twoServers] }, hosts: there },
    failed: /^554 5\.4\.6 .*loops back/,
  },
  {
    name: 'the next hop is ourselves',
    hop: 'mail1.acme.example:25',
    world: { hosts: { 'mail1.acme.example': ['9.0.0.7'] } },
    failed: /loops back/,
  },
  {
    name: 'private addresses behind a stranger’s MX are left out',
    world: {
      mx: { 'there.example': twoServers },
      hosts: { ...there, 'mx1.there.example': ['10.0.0.1', '::ffff:10.0.0.2'] },
    },
    targets: ['mx2.there.example 9.0.0.2:25', 'mx2.there.example 2600::2:25'],
  },
  {
    name: 'nothing but private addresses is a refusal that says why',
    world: {
      mx: { 'there.example': [mx(1, 'mx1.there.example')] },
      hosts: { 'mx1.there.example': ['10.0.0.1'] },
    },
    failed: /there\.example leads to \[10\.0\.0\.1\] only; routing\.privateAddresses/,
  },
  {
    name: 'loopback is private on AWS',
    world: {
      mx: { 'there.example': [mx(1, 'mx1.there.example')] },
      hosts: { 'mx1.there.example': ['127.0.0.1'] },
    },
    failed: /privateAddresses/,
  },
  {
    name: 'loopback is allowed on one machine',
    world: {
      mx: { 'there.example': [mx(1, 'mx1.there.example')] },
      hosts: { 'mx1.there.example': ['127.0.0.2'] },
    },
    options: { allowLoopback: true },
    targets: ['mx1.there.example 127.0.0.2:25'],
  },
  {
    name: 'an address literal of a stranger is no way in either',
    hop: '[10.0.0.1]',
    world: {},
    failed: /privateAddresses/,
  },
  {
    name: 'what the administrator wrote may be private',
    hop: '[10.0.0.1]:25',
    world: {},
    options: { publicOnly: false },
    targets: ['10.0.0.1 10.0.0.1:25'],
  },
];

for (const one of cases)
  test(`hosts: ${one.name}`, async () => {
    const found = await resolve(one.hop ?? 'there.example', one.world, one.options);
    if (one.targets !== undefined) assert.deepEqual(shown(found), one.targets);
    else {
      assert.equal(found.outcome, one.failed === undefined ? 'waiting' : 'failed');
      assert.match('reply' in found ? found.reply : '', (one.failed ?? one.waiting)!);
    }
  });

test('hosts of equal preference are shuffled', async () => {
  const names = ['a.there.example', 'b.there.example', 'c.there.example'];
  const world = {
    mx: { 'there.example': names.map((name) => mx(10, name)) },
    hosts: Object.fromEntries(names.map((name, n) => [name, [`9.0.0.${n}`]])),
  };
  const draws = [0.9, 0.5, 0.1];
  const found = await resolve('there.example', world, { random: () => draws.shift() ?? 0 });
  assert.deepEqual(
    shown(found).map((text) => text[0]),
    ['c', 'b', 'a'],
  );
});

test('port 465 means TLS at once, and an address has no name to check', async () => {
  const found = await resolve('[9.0.0.3]:465', {});
  assert.deepEqual(found, {
    outcome: 'targets',
    targets: [
      { host: '9.0.0.3', address: '9.0.0.3', port: 465, tlsAtOnce: true, literal: true, byMx: false },
    ],
  });
});

test('what is no DNS failure is thrown on', async () => {
  const resolver = { ...resolverOf({}), mx: () => Promise.reject(new TypeError('a mistake of ours')) };
  await assert.rejects(resolve('there.example', {}, { resolver }), TypeError);
});

function mx(priority: number, exchange: string): MxRecord {
  return { priority, exchange };
}

function resolve(hop: string, world: World, options: Partial<ResolveOptions> = {}): Promise<Resolution> {
  const parsed = parseNextHop(hop);
  assert.ok(parsed.ok && parsed.value.kind !== 'ses');
  return resolveHop(parsed.value, {
    resolver: resolverOf(world),
    port: 25,
    publicOnly: true,
    allowLoopback: false,
    ownNames: ['mail1.acme.example'],
    random: () => 0.5,
    ...options,
  });
}

function resolverOf({ mx = {}, hosts = {} }: World): Resolver {
  return {
    async mx(domain) {
      const records = mx[domain];
      if (records === 'down') throw new DnsUnavailable(domain);
      return Promise.resolve({ exists: records !== undefined, records: records ?? [] });
    },
    async addresses(host) {
      const found = hosts[host] ?? [];
      if (found === 'down') throw new DnsUnavailable(host);
      return Promise.resolve(found);
    },
    ptr: () => Promise.reject(new Error('not expected')),
    txt: () => Promise.reject(new Error('not expected')),
  };
}

function shown(found: Resolution): string[] {
  assert.equal(found.outcome, 'targets', JSON.stringify(found));
  return 'targets' in found ? found.targets.map((t) => `${t.host} ${t.address}:${t.port}`) : [];
}
