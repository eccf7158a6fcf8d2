import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitHeader } from '../../../mail/envelope/header.ts';
import { line } from '../../../mail/reply/reply.ts';
import { atData, atMail } from '../../../mail/policy/stages.ts';
import { path, world, type World } from './world.ts';

async function mailFrom(given: World, sender: string, size?: number): Promise<string> {
  const { verdict } = await atMail(world(given), { sender: path(sender), size });
  return verdict.outcome === 'accept' ? 'accept' : line(verdict.reply);
}

const senders = (fields: Record<string, unknown>) => ({ configuration: { inboundSenders: fields } });
const rejected = '554 5.7.1 Mail from <a@bad.example> rejected for policy reasons.';
const jane = {
  name: 'Jane Doe/Acme',
  internetAddress: 'jane@acme.example',
  userNames: ['Jane Doe', 'jd@acme.example'],
  shortNames: ['JDoe', 'janed@elsewhere.example'],
  sendAs: ['boss@partner.example', 'Support Desk', 'Sales', 'Bob Example/Acme'],
};
const acme = {
  domains: [{ name: 'Acme', primaryDomain: 'acme.example', aliases: ['acme.test', '*.labs.example'] }],
  people: [jane, { name: 'Bob Example/Acme', internetAddress: 'bob@acme.example' }],
  databases: [{ name: 'Support Desk', internetAddress: 'support@acme.example' }],
  groups: [{ name: 'Sales', internetAddress: 'sales@acme.example' }],
};
const auth = { ...acme, auth: 'Jane Doe/Acme', port: 'submission' as const };

const rows: [given: World, sender: string, result: string, why: string][] = [
  [{}, '<a@bad.example>', 'accept', 'no list'],
  [senders({ deny: ['bad.example'] }), '<a@bad.example>', rejected, 'F2 denied domain'],
  [senders({ deny: ['bad.example'] }), '<a@sub.bad.example>', rejected.replace('@', '@sub.'), 'M3 below'],
  [senders({ deny: ['bad.example'] }), '<a@verybad.example>', 'accept', 'M3 label boundary'],
  [senders({ deny: ['@bad.example'] }), '<a@sub.bad.example>', 'accept', 'M4 exactly'],
  [senders({ deny: ['A@Bad.example'] }), '<a@bad.example>', rejected, 'M1, M6 address, without case'],
  [senders({ deny: ['Crowd'] }), '<a@bad.example>', 'accept', 'M9 a group that is not there'],
  [
    { ...senders({ deny: ['Crowd'] }), groups: [{ name: 'Crowd', members: ['a@bad.example'] }] },
    '<a@bad.example>',
    rejected,
    'M9 a group stands for its members',
  ],
  [
    {
      ...senders({ deny: ['Crowd'] }),
      groups: [{ name: 'Crowd', groupType: 'acl-only', members: ['a@bad.example'] }],
    },
    '<a@bad.example>',
    'accept',
    'M9 not an ACL group',
  ],
  [senders({ allow: ['good.example'] }), '<a@bad.example>', rejected, 'F2 allow list without a match'],
  [senders({ allow: ['bad.example'] }), '<a@bad.example>', 'accept', 'F2 allow list with a match'],
  [senders({ allow: ['bad.example'], deny: ['bad.example'] }), '<a@bad.example>', rejected, 'F2 both: deny'],
  [senders({ allow: ['good.example'], verifyDomain: true }), '<>', 'accept', 'F4 the null sender'],
  [
    { ...auth, ...senders({ deny: ['acme.example'], verifyDomain: true }) },
    '<jane@acme.example>',
    'accept',
    'not for who has logged in',
  ],
  [
    { port: 'submission' },
    '<a@bad.example>',
    '530 5.7.0 Authentication required',
    'F1 the port asks for a login',
  ],
];

test('F1, F2, F4: sender lists', async () => {
  for (const [given, sender, result, why] of rows) assert.equal(await mailFrom(given, sender), result, why);
});

const verify = senders({ verifyDomain: true });
const noDomain =
  '554 5.1.8 Mail from <a@x.example> rejected for policy reasons. Domain x.example has neither an MX nor an address.';
const domains: [dns: World['dns'], sender: string, result: string, why: string][] = [
  [{ 'mx x.example': ['mx.x.example'] }, '<a@x.example>', 'accept', 'F3 MX'],
  [{ 'a x.example': ['192.0.2.3'] }, '<a@x.example>', 'accept', 'F3 A'],
  [{ 'aaaa x.example': ['2001:db8::3'] }, '<a@x.example>', 'accept', 'F3 AAAA'],
  [{}, '<a@x.example>', noDomain, 'F3 no such domain'],
  [{ 'txt x.example': ['v=spf1 -all'] }, '<a@x.example>', noDomain, 'F3 a domain without mail'],
  [{ 'mx x.example': [''] }, '<a@x.example>', '550 5.7.27 Sender domain x.example has a null MX', 'RFC 7505'],
  [
    { 'mx x.example': ['.'], 'a x.example': ['192.0.2.3'] },
    '<a@x.example>',
    '550 5.7.27 Sender domain x.example has a null MX',
    'a null MX outranks an address',
  ],
  [
    { 'mx x.example': 'down' },
    '<a@x.example>',
    '451 4.4.3 Name server not available, try again later',
    'F3 DNS cannot be asked',
  ],
  [{}, '<a@[192.0.2.3]>', 'accept', 'a literal has no domain'],
];

test('F3: the sender domain must be able to take mail', async () => {
  for (const [dns, sender, result, why] of domains)
    assert.equal(await mailFrom({ ...verify, dns: dns! }, sender), result, why);
});

test('F5: a declared size over the maximum is refused before the transfer', async () => {
  const small = { configuration: { routing: { maximumMessageSize: 1 } } };
  assert.equal(await mailFrom(small, '<a@b.example>', 1024), 'accept');
  assert.equal(
    await mailFrom(small, '<a@b.example>', 1025),
    '552 5.3.4 Message exceeds fixed maximum message size',
  );
  assert.equal(
    await mailFrom({ configuration: { routing: { maximumMessageSize: 0 } } }, '<a@b.example>', 1e12),
    'accept',
  );
});

const own: [sender: string, mine: boolean, why: string][] = [
  ['<jane@acme.example>', true, 'the Internet address'],
  ['<JANE@ACME.example>', true, 'without case'],
  ['<jane@acme.test>', true, 'in an alias domain'],
  ['<jane@x.labs.example>', true, 'in a wildcard alias domain'],
  ['<jd@acme.example>', true, 'an address among the user names'],
  ['<janed@elsewhere.example>', true, 'an address among the short names'],
  ['<boss@partner.example>', true, 'sendAs: an address'],
  ['<support@acme.example>', true, 'sendAs: a mail-in database'],
  ['<sales@acme.test>', true, 'sendAs: a group, in an alias domain'],
  ['<>', true, 'the null sender'],
  ['<bob@acme.example>', false, 'another person, though sendAs names him: only addresses, databases, groups'],
  ['<jane@elsewhere.example>', false, 'another domain'],
  ['<jdoe@acme.example>', false, 'a short name is no address'],
];

test('verifyAuthenticatedSender at MAIL', async () => {
  for (const [sender, mine, why] of own) {
    const result = await mailFrom(auth, sender);
    assert.equal(
      result === 'accept' || result,
      mine || `553 5.7.1 ${sender} is not an address of Jane Doe/Acme`,
      why,
    );
  }
  assert.equal(
    await mailFrom({ ...auth, server: { verifyAuthenticatedSender: false } }, '<any@one.example>'),
    'accept',
  );
});

test('a directory that cannot be searched defers', async () => {
  assert.match(await mailFrom({ ...auth, directoryDown: true }, '<jane@acme.example>'), /^451 4\.3\.0 /);
});

const authors: [header: string[], result: string, why: string][] = [
  [['From: Jane <jane@acme.example>'], 'accept', 'her own'],
  [['From: jane@acme.example, Support <support@acme.example>'], 'accept', 'every mailbox is hers'],
  [['From: jane@acme.example, bob@acme.example'], 'From', 'one is not'],
  [['From: jane@acme.example', 'from: bob@acme.example'], 'From', 'a second From'],
  [['From: jane@acme.example', 'Sender: bob@acme.example'], 'Sender', 'Sender'],
  [['From: "jane@acme.example" <bob@acme.example>'], 'From', 'a phrase is no address'],
  [['From: Jane Doe/Acme'], 'From', 'a name is no address'],
  [['From: <jane@acme.example'], 'From', 'a list that does not close'],
  [['From: jane@acme.example', 'Reply-To: bob@acme.example'], 'accept', 'answers may go elsewhere'],
];

test('verifyAuthenticatedSender at the end of DATA', async () => {
  for (const [lines, result, why] of authors) {
    const header = splitHeader(Buffer.from([...lines, '', ''].join('\r\n')));
    const verdict = await atData(world(auth), { size: 1, hops: 0, header });
    const said = verdict.outcome === 'accept' ? 'accept' : line(verdict.reply);
    const refusal = `550 5.7.1 The ${result} field must hold addresses of Jane Doe/Acme only`;
    assert.equal(said, result === 'accept' ? 'accept' : refusal, why);
    assert.equal(
      (await atData(world(acme), { size: 1, hops: 0, header })).outcome,
      'accept',
      'strangers are not asked',
    );
  }
});

test('size and hop count at the end of DATA', async () => {
  const header = splitHeader(Buffer.from('\r\n'));
  const context = world({
    configuration: { routing: { maximumMessageSize: 1 }, transfer: { maximumHopCount: 2 } },
  });
  const rows: [size: number, hops: number, result: string][] = [
    [1024, 2, 'accept'],
    [1025, 2, '552 5.3.4 Message exceeds fixed maximum message size'],
    [1, 3, '554 5.4.6 Maximum hop count exceeded. Message probably in a routing loop.'],
  ];
  for (const [size, hops, result] of rows) {
    const verdict = await atData(context, { size, hops, header });
    assert.equal(verdict.outcome === 'accept' ? 'accept' : line(verdict.reply), result);
  }
});
