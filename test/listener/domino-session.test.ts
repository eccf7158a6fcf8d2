/** domino-map.md, connection (C1 to C7), MAIL (F1 to F5) and RCPT (P1 to P5), with Domino's phrases, as dialogues. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Zone } from '../builders/dns-server.ts';
import { alice } from './gateway.ts';
import { play, stage, type Row, type Turn } from './domino-session.ts';
import type { World } from '../mail/policy/world.ts';

const zone: Zone = {
  '10.2.0.192.in-addr.arpa': { ptr: ['smtp.efg.com'] },
  'smtp.efg.com': { a: ['192.0.2.10'] },
  '11.2.0.192.in-addr.arpa': 'SERVFAIL',
  '14.2.0.192.in-addr.arpa': { ptr: ['inside.acme.example'] },
  'inside.acme.example': { a: ['192.0.2.14'] },
  '1.2.0.192.bl.example': { a: ['127.0.0.2'] },
  '14.2.0.192.bl.example': { a: ['127.0.0.2'] },
  '1.2.0.192.second.example': { a: ['127.0.0.4'] },
  '1.2.0.192.parked.example': { a: ['203.0.113.9'] },
  '1.2.0.192.blocked.example': { a: ['127.255.255.254'] },
  '1.2.0.192.down.example': 'SERVFAIL',
  '1.2.0.192.good.example': { a: ['127.0.0.2'] },
  '7.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.example': { a: ['127.0.0.2'] },
  'there.example': { mx: [[10, 'mx.there.example']] },
  'addressed.example': { a: ['192.0.2.99'] },
  'six.example': { aaaa: ['2001:db8::9'] },
  'null.example': { mx: [[0, '.']] },
  'empty.example': { txt: ['nothing to see'] },
  'broken.example': 'SERVFAIL',
};

const configured = (configuration: Record<string, unknown>): World => ({ configuration });
const connections = (fields: object): World => configured({ inboundConnections: fields });
const rejected = '554 Connection from [192.0.2.1] rejected for policy reasons.';
const named = 'ADDR=192.0.2.10';
const unknownName = 'ADDR=192.0.2.11';
const mail: Turn = ['MAIL FROM:<a@there.example>', '250 2.1.0 <a@there.example>... Sender OK'];
const toAlice: Turn = ['RCPT TO:<alice@acme.example>', '250 2.1.5 <alice@acme.example>... Recipient OK'];
const bad = ['[192.0.2.1]'];

const connecting: readonly Row[] = [
  {
    rule: 'C1 a denied peer, C2 in place of the greeting',
    world: connections({ deny: bad }),
    greeting: rejected,
  },
  { rule: 'C1 deny wins over allow', world: connections({ deny: bad, allow: bad }), greeting: rejected },
  {
    rule: 'C1 an allow list without the peer',
    world: connections({ allow: ['[10.0.0.1]'] }),
    greeting: rejected,
  },
  { rule: 'C1 an allow list with the peer', world: connections({ allow: bad }) },
  {
    rule: 'C1 internal peers are not exempt, and are called by name',
    world: connections({ deny: ['acme.example'] }),
    peer: 'ADDR=192.0.2.14',
    greeting: '554 Connection from inside.acme.example rejected for policy reasons.',
  },
  {
    rule: 'C2 then 503 until QUIT',
    world: connections({ deny: bad }),
    greeting: rejected,
    turns: [
      ['MAIL FROM:<>', '503 5.5.1 '],
      ['XCLIENT ADDR=10.0.0.1', '503 5.5.1 '],
      ['QUIT', '221 2.0.0 mail1.acme.example SMTP Service closing transmission channel'],
    ],
  },
  {
    rule: 'C6 no host name: MAIL is refused',
    world: connections({ verifyHostName: true }),
    turns: [
      ['MAIL FROM:<a@there.example>', '554 5.7.1 Mail from <a@there.example> rejected for policy reasons.'],
    ],
  },
  {
    rule: 'C6 a confirmed host name',
    world: connections({ verifyHostName: true }),
    peer: named,
    turns: [mail],
  },
  {
    rule: 'C6 a host name that cannot be looked up',
    world: connections({ verifyHostName: true }),
    peer: unknownName,
    turns: [['MAIL FROM:<a@there.example>', '451 4.4.3 ']],
  },
  {
    rule: 'C7 a host name is allowed, the peer has none',
    world: connections({ allow: ['efg.com'] }),
    greeting: rejected,
  },
  { rule: 'C7 the peer has it', world: connections({ allow: ['efg.com'] }), peer: named },
  {
    rule: 'C7 it cannot be looked up: greeted, and deferred at MAIL',
    world: connections({ allow: ['efg.com'] }),
    peer: unknownName,
    turns: [['MAIL FROM:<>', '451 4.4.3 ']],
  },
];

const own = (fields: object): object => ({ privateBlacklist: { enabled: true, hosts: bad, ...fields } });
const dns = (fields: object): object => ({
  dnsBlacklist: { enabled: true, sites: ['bl.example'], ...fields },
});
const reject = { action: 'reject' };
const listedAt = (site: string): string => `${rejected} Host found in DNS blacklist at ${site}`;
const lists = (...parts: object[]): World =>
  configured(Object.assign({}, ...parts) as Record<string, unknown>);

const listed: readonly Row[] = [
  { rule: 'C3 the private blacklist', world: lists(own(reject)), greeting: rejected },
  {
    rule: 'C3 the private whitelist before it',
    world: lists(own(reject), { privateWhitelist: { enabled: true, hosts: bad } }),
  },
  { rule: 'C3 a DNS blacklist', world: lists(dns(reject)), greeting: listedAt('bl.example') },
  {
    rule: 'C3 a DNS whitelist before it',
    world: lists(dns(reject), { dnsWhitelist: { enabled: true, sites: ['good.example'] } }),
  },
  {
    rule: 'C3 the first site that has the peer is named',
    world: lists(dns({ ...reject, sites: ['none.example', 'second.example', 'bl.example'] })),
    greeting: listedAt('second.example'),
  },
  { rule: 'C3 internal peers are exempt', world: lists(dns(reject)), peer: 'ADDR=192.0.2.14' },
  {
    rule: 'C3 not where all hosts are enforced',
    world: lists(dns(reject), { relayEnforcement: { hosts: 'all' } }),
    peer: 'ADDR=192.0.2.14',
    greeting:
      '554 Connection from inside.acme.example rejected for policy reasons. Host found in DNS blacklist',
  },
  {
    rule: 'C3 excluded peers are exempt',
    world: lists(own(reject), { relayEnforcement: { excludeHosts: bad } }),
  },
  { rule: 'C4 log: accepted', world: lists(dns({ action: 'log' })), turns: [mail, toAlice] },
  { rule: 'C4 tag: accepted', world: lists(own({ action: 'tag' })), turns: [mail, toAlice] },
  {
    rule: 'C4 a response of the administrator',
    world: lists(own({ ...reject, response: 'Go away, %s' })),
    greeting: /^554 Go away, 192\.0\.2\.1$/,
  },
  {
    rule: 'C4 a response for DNS lists',
    world: lists(dns({ ...reject, response: 'See bl.example?ip=%s' })),
    greeting: /^554 See bl\.example\?ip=192\.0\.2\.1$/,
  },
  {
    rule: 'C5 otherwise than Domino: IPv6 is looked up',
    world: lists(dns(reject)),
    peer: 'ADDR=IPV6:2001:db8::7 NAME=[UNAVAILABLE]',
    greeting: '554 Connection from [2001:db8::7] rejected',
  },
  { rule: 'an answer that is no listing', world: lists(dns({ ...reject, sites: ['parked.example'] })) },
  {
    rule: 'an answer that says "you ask too much"',
    world: lists(dns({ ...reject, sites: ['blocked.example'] })),
  },
  { rule: 'a list that does not answer', world: lists(dns({ ...reject, sites: ['down.example'] })) },
];

const senders = (fields: object): World => configured({ inboundSenders: fields });
const from = (sender: string, reply: string | RegExp): Turn[] => [[`MAIL FROM:<${sender}>`, reply]];
const refusedSender = (sender: string): string =>
  `554 5.7.1 Mail from <${sender}> rejected for policy reasons.`;
const verified = senders({ verifyDomain: true });

const sending: readonly Row[] = [
  {
    rule: 'F1 the host name comes before the sender lists',
    world: configured({
      inboundConnections: { verifyHostName: true },
      inboundSenders: { allow: ['there.example'] },
    }),
    turns: from('a@elsewhere.example', refusedSender('a@elsewhere.example')),
  },
  {
    rule: 'F1 the lists come before the size',
    world: senders({ deny: ['there.example'] }),
    turns: [['MAIL FROM:<a@there.example> SIZE=999999999', refusedSender('a@there.example')]],
  },
  {
    rule: 'F2 a denied address',
    world: senders({ deny: ['A@there.example'] }),
    turns: from('a@There.example', '554 5.7.1 Mail from'),
  },
  { rule: 'F2 another address there', world: senders({ deny: ['b@there.example'] }), turns: [mail] },
  {
    rule: 'F2 a denied domain',
    world: senders({ deny: ['there.example'] }),
    turns: from('a@x.there.example', refusedSender('a@x.there.example')),
  },
  { rule: 'F2 a look-alike is another domain', world: senders({ deny: ['here.example'] }), turns: [mail] },
  {
    rule: 'F2 not among the allowed',
    world: senders({ allow: ['@elsewhere.example'] }),
    turns: from('a@there.example', refusedSender('a@there.example')),
  },
  { rule: 'F2 among the allowed', world: senders({ allow: ['@there.example'] }), turns: [mail] },
  {
    rule: 'F2 in both: deny',
    world: senders({ allow: ['there.example'], deny: ['a@there.example'] }),
    turns: from('a@there.example', refusedSender('a@there.example')),
  },
  { rule: 'F3 a domain with an MX', world: verified, turns: [mail] },
  { rule: 'F3 with an address', world: verified, turns: from('a@addressed.example', '250 ') },
  { rule: 'F3 with an IPv6 address', world: verified, turns: from('a@six.example', '250 ') },
  {
    rule: 'F3 that does not exist',
    world: verified,
    turns: from('a@none.example', '554 5.1.8 Mail from <a@none.example> rejected for policy reasons.'),
  },
  {
    rule: 'F3 that has neither',
    world: verified,
    turns: from('a@empty.example', '554 5.1.8 Mail from <a@empty.example> rejected for policy reasons.'),
  },
  { rule: 'F3 with a null MX', world: verified, turns: from('a@null.example', '550 5.7.27 ') },
  { rule: 'F3 DNS cannot be asked', world: verified, turns: from('a@broken.example', '451 4.4.3 ') },
  {
    rule: 'F4 the null sender passes both',
    world: senders({ verifyDomain: true, allow: ['@x.example'] }),
    turns: from('', '250 2.1.0 <>... Sender OK'),
  },
  {
    rule: 'F5 a declared size over the maximum',
    world: configured({ routing: { maximumMessageSize: 1 } }),
    turns: [
      ['MAIL FROM:<> SIZE=1025', '552 5.3.4 Message exceeds fixed maximum message size'],
      ['MAIL FROM:<> SIZE=1024', '250 '],
    ],
  },
];

const recipients = (fields: object): World => configured({ inboundRecipients: fields });
const to = (recipient: string, reply: string | RegExp): Turn[] => [mail, [`RCPT TO:<${recipient}>`, reply]];
const refusedRecipient = '554 5.7.1 Message rejected for policy reasons.';
const smart = { routing: { localDomainSmartHost: 'smart.acme.example' } };

const receiving: readonly Row[] = [
  {
    rule: 'P1 a denied recipient',
    world: recipients({ deny: ['alice@acme.example'] }),
    turns: to('Alice@acme.example', refusedRecipient),
  },
  {
    rule: 'P1 not among the allowed',
    world: recipients({ allow: ['x@acme.example'] }),
    turns: to('alice@acme.example', refusedRecipient),
  },
  {
    rule: 'P1 in both: deny',
    world: recipients({ allow: ['@acme.example'], deny: ['alice@acme.example'] }),
    turns: to('alice@acme.example', refusedRecipient),
  },
  { rule: 'P2 nobody', turns: to('nobody@acme.example', '550 5.1.1 <nobody@acme.example>... No such user') },
  {
    rule: 'P2 several',
    turns: to(
      'smith@acme.example',
      '553 5.1.4 User smith (smith@acme.example) not unique. Several matches found in Domino Directory.',
    ),
  },
  {
    rule: 'P2 several, and nobody minds',
    world: recipients({ rejectAmbiguous: false }),
    turns: to('smith@acme.example', '250 '),
  },
  { rule: 'P2 a group', turns: to('team@acme.example', '250 ') },
  {
    rule: 'P2 a group, and groups are denied',
    world: recipients({ denyGroups: true }),
    turns: to('team@acme.example', refusedRecipient),
  },
  {
    rule: 'P3 not verified',
    world: recipients({ verifyLocal: false }),
    turns: to('nobody@acme.example', '250 '),
  },
  {
    rule: 'P2 unknown people are left to a smart host',
    world: configured(smart),
    turns: to('nobody@acme.example', '250 '),
  },
  {
    rule: 'P2 ambiguous ones are not',
    world: configured(smart),
    turns: to('smith@acme.example', '553 5.1.4 '),
  },
  {
    rule: 'P4 others are a matter of relaying',
    turns: to('nobody@elsewhere.example', '554 5.7.1 Relay rejected for policy reasons.'),
  },
  {
    rule: 'P5 the lists look at the address only',
    world: recipients({ deny: ['john.smith@acme.example'] }),
    turns: to('js@acme.example', '250 '),
  },
  {
    rule: 'P5 otherwise than Domino: not for recipients elsewhere',
    world: configured({
      inboundRecipients: { allow: ['@acme.example'] },
      relayEnforcement: { hosts: 'none' },
    }),
    turns: to('u@elsewhere.example', '250 '),
  },
  {
    rule: 'postmaster is exempt',
    world: recipients({ deny: ['acme.example'] }),
    turns: [...to('Postmaster', '250 '), ['RCPT TO:<postmaster@acme.example>', '250 ']],
  },
];

const people = [
  alice,
  {
    name: 'John Smith/Acme',
    firstName: 'John',
    lastName: 'Smith',
    shortNames: ['js'],
    internetAddress: 'john.smith@acme.example',
  },
  {
    name: 'Jane Smith/Acme',
    firstName: 'Jane',
    lastName: 'Smith',
    internetAddress: 'jane.smith@acme.example',
  },
];
const groups = [{ name: 'Team', members: ['Alice Example/Acme'], internetAddress: 'team@acme.example' }];

test('connection', async (t) => {
  await using place = await stage({ people, groups }, zone);
  await play(t, place, connecting);
  await play(t, place, listed);
  const events = place.house.events
    .filter(([name]) => name === 'listed')
    .map(([, { list, action }]) => `${String(list)} ${String(action)}`);
  for (const event of [
    'privateBlacklist reject',
    'privateBlacklist tag',
    'dnsBlacklist log',
    'dnsWhitelist skip',
  ])
    assert.ok(events.includes(event), `${event} is told`);
  const faults = place.house.events
    .filter(([name]) => name === 'fault')
    .map(([, { cause }]) => (cause as Error).message);
  assert.deepEqual(
    faults,
    ['parked.example', 'blocked.example', 'down.example'].map((site) => `No sensible answer from ${site}.`),
  );
});

test('sender and recipient', async (t) => {
  await using place = await stage({ people, groups }, zone);
  await play(t, place, sending);
  await play(t, place, receiving);
});

test('a directory that cannot be searched is 451', async (t) => {
  await using place = await stage({ people, directoryDown: true }, zone);
  await play(t, place, [
    { rule: 'P2 not all look-ups completed', turns: to('alice@acme.example', '451 4.3.0 ') },
    { rule: 'P4 a relay asks no directory', turns: to('u@elsewhere.example', '554 5.7.1 Relay') },
  ]);
});

test('a tag goes with every message of the session', async (t) => {
  await using place = await stage({ people }, zone);
  const message: Turn[] = [mail, toAlice, ['DATA', '354 '], ['X-DNSBL-Site: forged\r\n\r\n.', '250 ']];
  const world = lists(dns({ action: 'tag' }), { dnsWhitelist: { enabled: true, sites: ['none.example'] } });
  await play(t, place, [{ rule: 'C4 tag', world, turns: [...message, ...message] }]);
  for (const { envelope } of place.house.kept) {
    const fields = envelope.edits.flatMap((edit) =>
      edit.op === 'prepend' ? edit.field : `${edit.op} ${edit.name}`,
    );
    assert.ok(fields.includes('X-DNSBL-Site: bl.example') && fields.includes('drop X-DNSBL-Site'));
  }
  assert.equal(place.house.kept.length, 2);
});
