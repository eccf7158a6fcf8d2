import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseForwardPath } from '../../../mail/address/path.ts';
import { line } from '../../../mail/reply/reply.ts';
import { atRecipient } from '../../../mail/policy/stages.ts';
import { named, path, world, type World } from './world.ts';

async function rcptTo(given: World, to: string, from = '<>'): Promise<string> {
  const recipient = parseForwardPath(`<${to}>`, { smtpUtf8: true });
  assert.ok(recipient.ok);
  const verdict = await atRecipient(world({ ...acme, ...given }), {
    sender: path(from),
    recipient: recipient.value,
  });
  return verdict.outcome === 'accept' ? 'accept' : line(verdict.reply);
}

const acme: World = {
  people: [
    {
      name: 'Jane Smith/Acme',
      internetAddress: 'jane@acme.example',
      lastName: 'Smith',
      mailFile: 'mail/jane',
    },
    {
      name: 'John Smith/Acme',
      internetAddress: 'john@acme.example',
      lastName: 'Smith',
      mailFile: 'mail/john',
    },
    { name: 'Gone Girl/Acme', internetAddress: 'gone@acme.example', mailSystem: 'none' },
  ],
  groups: [
    { name: 'Sales', internetAddress: 'sales@acme.example', members: ['Jane Smith/Acme'] },
    { name: 'Admins', internetAddress: 'admins@acme.example', groupType: 'acl-only' },
    { name: 'Board', internetAddress: 'board@acme.example', readers: ['Chiefs'] },
    { name: 'Chiefs', members: ['Deputies', 'Chiefs'] },
    { name: 'Deputies', members: ['Jane Smith/Acme'] },
  ],
  databases: [{ name: 'Support', internetAddress: 'support@acme.example' }],
};
const configuration = (inboundRecipients: Record<string, unknown>, more = {}) => ({
  configuration: { inboundRecipients, ...more },
});
const policy = '554 5.7.1 Message rejected for policy reasons.';
const unknown = '550 5.1.1 <nobody@acme.example>... No such user';
const ambiguous =
  '553 5.1.4 User smith (smith@acme.example) not unique. Several matches found in Domino Directory.';
const smartHost = { routing: { localDomainSmartHost: 'old.acme.example' } };

const rows: [given: World, to: string, result: string, why: string][] = [
  [{}, 'jane@acme.example', 'accept', 'P2 found'],
  [{}, 'JANE@acme.example', 'accept', 'M1 without case'],
  [{}, 'support@acme.example', 'accept', 'a mail-in database'],
  [{}, 'nobody@acme.example', unknown, 'P2 not found'],
  [{}, 'gone@acme.example', '550 5.1.1 <gone@acme.example>... No such user', 'mail system none'],
  [{}, 'smith@acme.example', ambiguous, 'P2 ambiguous'],
  [configuration({ rejectAmbiguous: false }), 'smith@acme.example', 'accept', 'P2 ambiguous, allowed'],
  [{}, 'sales@acme.example', 'accept', 'a group'],
  [configuration({ denyGroups: true }), 'sales@acme.example', policy, 'P2 no mail to groups'],
  [{}, 'admins@acme.example', '550 5.1.1 <admins@acme.example>... Cannot route mail to user', 'not mailable'],
  [configuration({ verifyLocal: false }), 'nobody@acme.example', 'accept', 'P3 not verified'],
  [configuration({}, smartHost), 'nobody@acme.example', 'accept', 'a smart host takes the unknown'],
  [configuration({}, smartHost), 'smith@acme.example', ambiguous, 'but not the ambiguous'],
  [
    configuration(
      {},
      { routing: { localDomainSmartHost: 'h.example', smartHostForAllLocalRecipients: true } },
    ),
    'smith@acme.example',
    'accept',
    'a smart host takes all',
  ],
  [
    { directoryDown: true },
    'jane@acme.example',
    '451 4.3.0 Directory not available, try again later',
    'P2 not all look-ups completed',
  ],
  [configuration({ deny: ['jane@acme.example'] }), 'jane@acme.example', policy, 'P1 denied'],
  [configuration({ allow: ['john@acme.example'] }), 'jane@acme.example', policy, 'P1 not allowed'],
  [configuration({ allow: ['jane@acme.example'] }), 'jane@acme.example', 'accept', 'P1 allowed'],
  [
    configuration({ allow: ['jane@acme.example'], deny: ['acme.example'] }),
    'jane@acme.example',
    policy,
    'P1 both: deny',
  ],
  [configuration({ deny: ['Sales'] }), 'jane@acme.example', policy, 'M9 a group in the list'],
  [
    configuration({ deny: ['jane@acme.example'] }),
    'jane%ACME@acme.example',
    policy,
    'our own Domino domain does not hide her',
  ],
  [
    configuration({ deny: ['elsewhere.example'] }),
    'u@elsewhere.example',
    '554 5.7.1 Relay rejected for policy reasons.',
    'P4, P5 otherwise: local recipients only',
  ],
  [
    { auth: 'Jane Smith/Acme', ...configuration({ deny: ['elsewhere.example'] }) },
    'u@elsewhere.example',
    'accept',
    'P5 users may write outside',
  ],
  [configuration({ deny: ['acme.example'] }), 'postmaster', 'accept', 'postmaster is exempt'],
  [configuration({ deny: ['acme.example'] }), 'PostMaster@acme.example', 'accept', 'in every local domain'],
  [{}, 'postmaster@elsewhere.example', '554 5.7.1 Relay rejected for policy reasons.', 'not elsewhere'],
];

test('P1 to P5: recipients', async () => {
  for (const [given, to, result, why] of rows) assert.equal(await rcptTo(given, to), result, `${to}: ${why}`);
});

const inside = { peer: '192.0.2.7', dns: named('192.0.2.7', 'ws7.acme.example') };
const notReader = '550 5.7.2 not authorized to send mail to group Board';
const west: World = {
  domains: [{ name: 'Acme', primaryDomain: 'acme.example', aliases: ['acmewest.example'] }],
};
const board = (...names: string[]): World => ({
  groups: [{ name: 'Board', internetAddress: 'board@acme.example', readers: names }],
});
const john: World = { auth: 'John Smith/Acme' };
const readers: [given: World, from: string, result: string, why: string][] = [
  [{ auth: 'Jane Smith/Acme' }, '<jane@acme.example>', 'accept', 'logged in; a reader through nested groups'],
  [{ auth: 'John Smith/Acme' }, '<john@acme.example>', notReader, 'logged in, no reader'],
  [inside, '<jane@acme.example>', 'accept', 'an internal peer vouches for the sender'],
  [inside, '<john@acme.example>', notReader, 'no reader'],
  [inside, '<>', notReader, 'nobody'],
  [{ ...inside, ...west }, '<jane@acmewest.example>', 'accept', 'her address in an alias domain'],
  [{ ...inside, ...west }, '<john@acmewest.example>', notReader, 'no reader by any address'],
  [{ ...john, ...west, ...board('john@acmewest.example') }, '<>', 'accept', 'named by that address'],
  [{ ...john, ...board('john@acmewest.example') }, '<>', notReader, 'a domain that is no alias'],
  [{ ...john, ...board('John Smith') }, '<>', 'accept', 'named by a common name that one document has'],
  [{ ...john, ...board('Smith') }, '<>', notReader, 'a last name names nobody'],
  [
    { ...john, ...board('John Smith'), people: [...(acme.people ?? []), { name: 'John Smith/Other' }] },
    '<>',
    notReader,
    'a common name that two documents have',
  ],
  [{}, '<jane@acme.example>', notReader, 'anybody outside can write that sender'],
  [
    { dns: { 'ptr 192.0.2.1': 'down' } },
    '<jane@acme.example>',
    '451 4.4.3 Name server not available, try again later',
    'a host name could decide',
  ],
  [configuration({ verifyLocal: false }), '<a@b.example>', 'accept', 'the router reports it'],
];

test('readers of a group', async () => {
  for (const [given, from, result, why] of readers)
    assert.equal(await rcptTo(given, 'board@acme.example', from), result, why);
});

test('more recipients than the Server document allows are put off', async () => {
  const recipient = parseForwardPath('<jane@acme.example>', { smtpUtf8: false });
  assert.ok(recipient.ok);
  const context = world({ ...acme, server: { maximumRecipients: 2 } });
  const facts = { sender: null, recipient: recipient.value };
  assert.equal((await atRecipient(context, { ...facts, earlier: 1 })).outcome, 'accept');
  const verdict = await atRecipient(context, { ...facts, earlier: 2 });
  assert.equal(verdict.outcome === 'defer' && line(verdict.reply), '452 4.5.3 Too many recipients');
});

test('local domains: primary, alias, wildcard alias, own host name', async () => {
  const domains = [{ name: 'Acme', primaryDomain: 'acme.example', aliases: ['acme.test', '*.labs.example'] }];
  const cases: [to: string, result: string][] = [
    ['jane@acme.test', 'accept'],
    ['jane@x.labs.example', 'accept'],
    ['jane@mail1.acme.example', '550 5.1.1 <jane@mail1.acme.example>... No such user'],
    ['jane@labs.example', '554 5.7.1 Relay rejected for policy reasons.'],
    ['jane@sub.acme.example', '554 5.7.1 Relay rejected for policy reasons.'],
  ];
  for (const [to, result] of cases) assert.equal(await rcptTo({ domains }, to), result, to);
});
