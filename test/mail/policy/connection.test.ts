import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tagsOf } from '../../../mail/policy/list-hit.ts';
import { reversed } from '../../../mail/policy/dns-lists.ts';
import { peerOf } from '../../../mail/policy/peer.ts';
import { atConnect, atMail } from '../../../mail/policy/stages.ts';
import { named, path, world, type World } from './world.ts';

const connections = (allow: string[], deny: string[]) => ({
  configuration: { inboundConnections: { allow, deny } },
});
const mx = named('192.0.2.1', 'mx.bad.example');
const inside = named('192.0.2.1', 'ws.acme.example');

const rows: [given: World, outcome: string, why: string][] = [
  [{}, 'accept', 'no list'],
  [connections([], ['[192.0.2.1]']), 'refuse', 'C1 denied by address'],
  [{ ...connections([], ['bad.example']), dns: mx }, 'refuse', 'C1 denied by host name'],
  [connections([], ['bad.example']), 'accept', 'M7 without PTR no host name entry matches'],
  [{ ...connections(['[192.0.2.1]'], ['bad.example']), dns: mx }, 'refuse', 'C1 deny wins over allow'],
  [{ ...connections([], ['acme.example']), dns: inside }, 'refuse', 'C1 internal hosts are not exempt'],
  [connections(['[198.51.100.0/24]'], []), 'refuse', 'C1 allow list without a match'],
  [connections(['[192.0.2.*]'], []), 'accept', 'C1 allow list with a match'],
  [connections(['bad.example'], []), 'refuse', 'C7 allow list of names, peer without PTR'],
  [{ ...connections(['bad.example'], []), dns: mx }, 'accept', 'C7 with PTR'],
  [
    { ...connections(['bad.example'], []), dns: { 'ptr 192.0.2.1': 'down' } },
    'defer',
    'a host name could decide',
  ],
  [
    { ...connections(['[192.0.2.1]', 'bad.example'], []), dns: { 'ptr 192.0.2.1': 'down' } },
    'accept',
    'the address decides',
  ],
  [
    { ...connections(['[198.51.100.1]'], []), port: 'submission' },
    'accept',
    'no allow list on ports for logins',
  ],
  [{ ...connections([], ['[192.0.2.1]']), port: 'submission' }, 'refuse', 'deny lists always'],
  [{ ...connections([], ['[192.0.2.1]']), peer: '::ffff:192.0.2.1' }, 'refuse', 'a mapped address is IPv4'],
  [{ ...connections([], ['[2001:db8::/32]']), peer: '2001:DB8::7' }, 'refuse', 'IPv6'],
];

test('C1, C7: who may connect', async () => {
  for (const [given, outcome, why] of rows)
    assert.equal((await atConnect(world(given))).verdict.outcome, outcome, why);
});

test('C2: the refusal names the peer, without an enhanced code before the greeting and with one at MAIL', async () => {
  const context = world(connections([], ['[192.0.2.1]']));
  const { verdict } = await atConnect(context);
  assert.ok(verdict.outcome === 'refuse');
  assert.deepEqual(verdict.reply, {
    code: 554,
    text: 'Connection from [192.0.2.1] rejected for policy reasons.',
  });
  const later = await atMail(context, { sender: null });
  assert.ok(later.verdict.outcome === 'refuse');
  assert.equal(later.verdict.reply.enhanced, '5.7.1');
});

test('a connection that could not be judged is judged again at MAIL, and then deferred with 451', async () => {
  const context = world({ ...connections(['bad.example'], []), dns: { 'ptr 192.0.2.1': 'down' } });
  const connection = await atConnect(context);
  const { verdict } = await atMail(context, { sender: null, connection });
  assert.ok(verdict.outcome === 'defer');
  assert.equal(verdict.reply.code, 451);
});

test('settings that changed since the connection are asked at MAIL', async () => {
  const connection = await atConnect(world());
  const context = world(connections([], ['[192.0.2.1]']));
  const changed = { ...context, settings: { ...context.settings, version: 'two' } };
  assert.equal((await atMail(context, { sender: null, connection })).verdict.outcome, 'accept');
  assert.equal((await atMail(changed, { sender: null, connection })).verdict.outcome, 'refuse');
});

const verify = { configuration: { inboundConnections: { verifyHostName: true } } };
const hostNames: [given: World, outcome: string, why: string][] = [
  [{ ...verify, dns: mx }, 'accept', 'confirmed'],
  [verify, 'refuse', 'C6 no PTR'],
  [{ ...verify, dns: { 'ptr 192.0.2.1': ['mx.bad.example'] } }, 'refuse', 'a PTR that the peer made up'],
  [{ ...verify, dns: { 'ptr 192.0.2.1': 'down' } }, 'defer', 'DNS cannot be asked'],
  [
    { ...verify, port: 'submission', auth: 'Jane Doe/Acme', server: { verifyAuthenticatedSender: false } },
    'accept',
    'not on ports for logins',
  ],
  [{ ...verify, hostName: 'proxy.said.example' }, 'accept', 'XCLIENT NAME counts as confirmed'],
  [{ ...verify, hostName: null, dns: mx }, 'refuse', 'XCLIENT [UNAVAILABLE] counts as none'],
];

test('C6: the host name is verified at MAIL, not before', async () => {
  for (const [given, outcome, why] of hostNames) {
    const context = world(given);
    const connection = await atConnect(context);
    assert.equal(connection.verdict.outcome, 'accept', why);
    const { verdict } = await atMail(context, { sender: path('<a@b.example>'), connection });
    assert.equal(verdict.outcome, outcome, why);
    if (verdict.outcome === 'refuse')
      assert.equal(verdict.reply.text, 'Mail from <a@b.example> rejected for policy reasons.');
  }
});

const black = (site: string, answer: string[] | 'down') => ({ [`a 1.2.0.192.${site}`]: answer }) as const;
const dnsBlacklist = { enabled: true, sites: ['one.example', 'two.example'], action: 'reject' };
const good = { enabled: true, sites: ['good.example'] };
const ownBlack = { enabled: true, hosts: ['[192.0.2.1]'], action: 'reject' };
const listed = black('two.example', ['127.0.0.2']);

const listRows: [given: World, outcome: string, hits: string, why: string][] = [
  [
    { configuration: { dnsBlacklist }, dns: listed },
    'refuse',
    'dnsBlacklist reject two.example',
    'C4 reject',
  ],
  [
    { configuration: { dnsBlacklist: { ...dnsBlacklist, enabled: false } }, dns: listed },
    'accept',
    '',
    'switched off',
  ],
  [
    { configuration: { dnsBlacklist: { ...dnsBlacklist, action: 'log' } }, dns: listed },
    'accept',
    'dnsBlacklist log two.example',
    'C4 log',
  ],
  [
    { configuration: { dnsBlacklist: { ...dnsBlacklist, action: 'tag' } }, dns: listed },
    'accept',
    'dnsBlacklist tag two.example',
    'C4 tag',
  ],
  [
    { configuration: { dnsBlacklist }, dns: { ...listed, ...black('one.example', ['127.0.0.9']) } },
    'refuse',
    'dnsBlacklist reject one.example',
    'C3 the first site decides',
  ],
  [
    { configuration: { dnsBlacklist }, dns: black('one.example', ['127.0.0.1']) },
    'accept',
    'dnsBlacklist unusable one.example',
    '127.0.0.1 is no listing',
  ],
  [
    { configuration: { dnsBlacklist }, dns: black('one.example', ['127.255.255.254']) },
    'accept',
    'dnsBlacklist unusable one.example',
    'nor is 127.255.255.0/24',
  ],
  [
    { configuration: { dnsBlacklist }, dns: black('one.example', ['203.0.113.1']) },
    'accept',
    'dnsBlacklist unusable one.example',
    'nor another address',
  ],
  [
    { configuration: { dnsBlacklist }, dns: { ...listed, ...black('one.example', 'down') } },
    'refuse',
    'dnsBlacklist unusable one.example, dnsBlacklist reject two.example',
    'the next site counts',
  ],
  [
    {
      configuration: { dnsBlacklist, dnsWhitelist: good },
      dns: { ...listed, ...black('good.example', ['127.0.0.2']) },
    },
    'accept',
    'dnsWhitelist skip good.example',
    'C3 white stops',
  ],
  [
    {
      configuration: { dnsBlacklist, privateWhitelist: { enabled: true, hosts: ['[192.0.2.1]'] } },
      dns: listed,
    },
    'accept',
    'privateWhitelist skip [192.0.2.1]',
    'C3 private white stops',
  ],
  [
    { configuration: { privateBlacklist: ownBlack } },
    'refuse',
    'privateBlacklist reject [192.0.2.1]',
    'private black',
  ],
  [
    { configuration: { privateBlacklist: { ...ownBlack, action: 'log' }, dnsBlacklist }, dns: listed },
    'refuse',
    'privateBlacklist log [192.0.2.1], dnsBlacklist reject two.example',
    'what is only logged may still be refused',
  ],
  [
    {
      configuration: {
        privateBlacklist: ownBlack,
        privateWhitelist: { enabled: true, hosts: ['192.0.2.1'] },
      },
    },
    'accept',
    'privateWhitelist skip 192.0.2.1',
    'C3 white before black',
  ],
  [
    { configuration: { privateBlacklist: { ...ownBlack, hosts: ['acme.example'] } }, dns: inside },
    'accept',
    '',
    'C3 internal peers are exempt',
  ],
  [
    {
      configuration: {
        privateBlacklist: { ...ownBlack, hosts: ['acme.example'] },
        relayEnforcement: { hosts: 'all' },
      },
      dns: inside,
    },
    'refuse',
    'privateBlacklist reject acme.example',
    'C3 not when all are enforced',
  ],
  [
    { configuration: { privateBlacklist: ownBlack, relayEnforcement: { hosts: 'none' } } },
    'accept',
    '',
    'C3 enforcement none',
  ],
  [
    { configuration: { privateBlacklist: ownBlack, relayEnforcement: { excludeHosts: ['[192.0.2.1]'] } } },
    'accept',
    '',
    'C3 excluded peers are exempt',
  ],
  [{ configuration: { privateBlacklist: ownBlack }, port: 'smtps' }, 'accept', '', 'not on ports for logins'],
];

test('C3, C4: black and white lists', async () => {
  for (const [given, outcome, hits, why] of listRows) {
    const connection = await atConnect(world(given));
    assert.equal(connection.verdict.outcome, outcome, why);
    const found = connection.hits.map(({ list, action, entry }) => `${list} ${action} ${entry}`).join(', ');
    assert.equal(found, hits, why);
  }
});

test('C5 otherwise than Domino: IPv6 peers are looked up, nibble by nibble (RFC 5782 section 2.4)', async () => {
  const name = `${reversed('2001:db8::1')}.one.example`;
  assert.equal(name, '1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.one.example');
  const given = {
    configuration: { dnsBlacklist },
    peer: '2001:db8::1',
    dns: { [`a ${name}`]: ['127.0.0.2'] },
  };
  assert.equal((await atConnect(world(given))).verdict.outcome, 'refuse');
});

test('C4: refusals carry the documented or the custom text', async () => {
  const texts: [World, string][] = [
    [
      { configuration: { dnsBlacklist }, dns: listed },
      'Connection from [192.0.2.1] rejected for policy reasons. Host found in DNS blacklist at two.example',
    ],
    [
      { configuration: { dnsBlacklist: { ...dnsBlacklist, response: 'Go to x?ip=%s' } }, dns: listed },
      'Go to x?ip=192.0.2.1',
    ],
    [{ configuration: { privateBlacklist: { ...ownBlack, response: 'No %s' } } }, 'No 192.0.2.1'],
  ];
  for (const [given, text] of texts) {
    const { verdict } = await atConnect(world(given));
    assert.equal(verdict.outcome === 'refuse' && verdict.reply.text, text);
  }
});

test('tags name the list that has the peer', () => {
  assert.deepEqual(
    tagsOf([
      { list: 'dnsBlacklist', action: 'tag', entry: 'bl.example' },
      { list: 'privateBlacklist', action: 'tag', entry: '[192.0.2.1]' },
      { list: 'dnsWhitelist', action: 'tag', entry: 'wl.example' },
      { list: 'dnsBlacklist', action: 'unusable', entry: 'gone.example' },
    ]),
    [
      { header: 'X-DNSBL-Site', value: 'bl.example' },
      { header: 'X-DNSBL-Site', value: 'PrivateBlacklist' },
      { header: 'X-DNSWL-Site', value: 'wl.example' },
    ],
  );
});

test('a host name is looked up once, not for loopback, and again after DNS failed', async () => {
  const { resolver, asked } = world({ dns: mx });
  const peer = peerOf('192.0.2.1', resolver);
  assert.equal(peer.known(), undefined);
  assert.deepEqual(await Promise.all([peer.hostName(), peer.hostName()]), [
    'mx.bad.example',
    'mx.bad.example',
  ]);
  assert.deepEqual(asked, ['ptr 192.0.2.1', 'a mx.bad.example']);
  assert.equal(await peerOf('::1', resolver).hostName(), undefined);
  const broken = world({ dns: { 'ptr 192.0.2.1': 'down' } });
  await assert.rejects(broken.session.peer.hostName(), { name: 'DnsUnavailable' });
  await assert.rejects(broken.session.peer.hostName(), { name: 'DnsUnavailable' });
  assert.equal(broken.asked.length, 2);
});
