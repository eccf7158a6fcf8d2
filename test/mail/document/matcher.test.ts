import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeAddress } from '../../../mail/address/address.ts';
import type { Known } from '../../../mail/document/expand.ts';
import type { Group } from '../../../mail/document/forms.ts';
import {
  addressMatcher,
  destinationMatcher,
  equalOrBelow,
  hostMatcher,
  isExplicit,
  type Peer,
} from '../../../mail/document/matcher.ts';

const nobody: Known = { groups: {}, people: {} };

function known(groups: Record<string, string[] | Group>, people: Record<string, string> = {}): Known {
  const made = Object.entries(groups).map(
    ([name, group]) => [name, Array.isArray(group) ? groupOf(name, group) : group] as const,
  );
  return { groups: Object.fromEntries(made), people };
}

function groupOf(name: string, members: string[], groupType: Group['groupType'] = 'multi-purpose'): Group {
  return { name, groupType, members, readers: [] };
}

function at(address: string, hostName?: string): Peer {
  return { address, hostName };
}

const hosts: [entries: string[], peer: Peer, because: string | undefined, why: string][] = [
  [[], at('1.2.3.4'), undefined, 'an empty list matches nobody'],
  [['[1.2.3.4]'], at('1.2.3.4'), '[1.2.3.4]', 'the address'],
  [['1.2.3.4'], at('1.2.3.4'), '1.2.3.4', 'without brackets, named as written'],
  [['[1.2.3.4]'], at('::ffff:1.2.3.4'), '[1.2.3.4]', 'IPv4 in IPv6'],
  [['[1.2.3.*]'], at('1.2.4.0'), undefined, 'beyond the wildcard'],
  [['[1.2.3.5-15]'], at('1.2.3.15'), '[1.2.3.5-15]', 'the end of a range'],
  [['[1.2.3.5-15]'], at('1.2.3.16'), undefined, 'beyond the range'],
  [['[192.168.1-10.*]'], at('192.168.10.255'), '[192.168.1-10.*]', 'a range of networks'],
  [['[192.168.1-10.*]'], at('192.168.11.0'), undefined, 'beyond it'],
  [['[10.*.0.1]'], at('10.77.0.1'), '[10.*.0.1]', 'a pattern that is no interval'],
  [['[10.*.0.1]'], at('10.77.0.2'), undefined, 'beside the pattern'],
  [['[1.2.3.0/27]'], at('1.2.3.31'), '[1.2.3.0/27]', 'the last of a network'],
  [['[1.2.3.0/27]'], at('1.2.3.32'), undefined, 'the first of the next'],
  [['[2001:db8::/32]'], at('2001:db8:ffff::1'), '[2001:db8::/32]', 'IPv6'],
  [['[2001:db8::/32]'], at('2001:db9::1'), undefined, 'another IPv6 network'],
  [['[10.0.0.0/8]', '[10.1.0.0/16]'], at('10.1.2.3'), '[10.0.0.0/8]', 'overlapping networks'],
  [
    ['[10.1.0.0/16]', '[10.1.2.0/23]', '[10.0.0.0/8]'],
    at('10.200.0.1'),
    '[10.0.0.0/8]',
    'behind a nested one',
  ],
  [['abc.com'], at('1.2.3.4', 'abc.com'), 'abc.com', 'equal'],
  [['abc.com'], at('1.2.3.4', 'smtp.ABC.com'), 'abc.com', 'below, in any case'],
  [['abc.com'], at('1.2.3.4', 'evilabc.com'), undefined, 'never on the bare suffix'],
  [['.abc.com'], at('1.2.3.4', 'abc.com'), undefined, 'a leading dot is only below'],
  [['.abc.com'], at('1.2.3.4', 'x.abc.com'), '.abc.com', 'below'],
  [['abc.com'], at('1.2.3.4'), undefined, 'without a confirmed name no name matches'],
  [['*'], at('1.2.3.4'), '*', 'everything'],
  [['*', '[1.2.3.4]'], at('1.2.3.4'), '[1.2.3.4]', 'the explicit entry is the reason'],
  [['*'], at('no address'), '*', 'even what is no address'],
];

test('hosts', () => {
  for (const [entries, peer, because, why] of hosts)
    assert.equal(
      hostMatcher(entries, nobody, 'denied-hosts').match(peer),
      because,
      `${entries.join(' ')}: ${why}`,
    );
});

test('a list says whether a host name could decide', () => {
  assert.equal(hostMatcher(['[1.2.3.4]', '*'], nobody, 'denied-hosts').needsHostName, false);
  assert.equal(hostMatcher(['Partners'], known({ partners: ['mx.abc.com'] })).needsHostName, true);
  assert.equal(hostMatcher([], nobody).empty, true);
  assert.equal(
    hostMatcher(['Unknown'], nobody).empty,
    false,
    'a name that nobody bears still fills the field',
  );
});

const addresses: [
  entries: string[],
  local: string,
  domain: string,
  because: string | undefined,
  why: string,
][] = [
  [['xyz.com'], 'u', 'abc.xyz.com', 'xyz.com', 'a subdomain'],
  [['xyz.com'], 'u', 'evilxyz.com', undefined, 'a label boundary'],
  [['@xyz.com'], 'u', 'xyz.com', '@xyz.com', 'exactly'],
  [['@xyz.com'], 'u', 'abc.xyz.com', undefined, 'not below'],
  [['User@xyz.com'], 'uSER', 'xyz.com', 'User@xyz.com', 'without case'],
  [['jos\u00e9@xyz.com'], 'jose\u0301', 'xyz.com', 'jos\u00e9@xyz.com', 'in NFC'],
  [['xyz.com', 'u@xyz.com'], 'u', 'xyz.com', 'u@xyz.com', 'the address is the nearer reason'],
  [['xyz.com'], 'postmaster', '', undefined, 'no domain'],
  [['xyz.com'], 'u', '[1.2.3.4]', undefined, 'an address literal has no domain'],
];

test('senders and recipients', () => {
  for (const [entries, local, domain, because, why] of addresses)
    assert.equal(addressMatcher(entries, nobody).match(makeAddress(local, domain)), because, why);
});

test('outbound senders: a domain, also of a member, matches nothing', () => {
  const list = addressMatcher(['Sales'], known({ sales: ['xyz.com', 'u@abc.com'] }), 'outbound-senders');
  assert.equal(list.match(makeAddress('u', 'xyz.com')), undefined);
  assert.equal(list.match(makeAddress('u', 'abc.com')), 'Sales');
});

test('an MX host matches the entry written for exactly it', () => {
  const list = addressMatcher(['mx1.abc.com', 'example.net'], nobody);
  assert.equal(list.matchHost('MX1.abc.com'), 'mx1.abc.com');
  assert.equal(list.matchHost('a.example.net'), undefined);
});

test('relay destinations', () => {
  const list = destinationMatcher(['xyz.com', '%Sales'], nobody);
  assert.equal(list.match({ domain: 'a.xyz.com' }), 'xyz.com');
  assert.equal(list.match({ dominoDomain: 'SALESDOM', words: ['salesdom', 'sales'] }), '%Sales');
  assert.equal(list.match({ dominoDomain: 'Other', words: ['other'] }), undefined);
  assert.equal(
    destinationMatcher(['*'], nobody, 'denied-destinations').match({
      dominoDomain: 'Other',
      words: ['other'],
    }),
    '*',
  );
  assert.equal(
    destinationMatcher(['*', '@xyz.com'], nobody, 'denied-destinations').match({ domain: 'xyz.com' }),
    '@xyz.com',
  );
});

const everyGroup = known(
  {
    sales: ['Jane Doe/Acme', 'Partners', 'bob@abc.com'],
    partners: ['Sales', '@partner.example', '[10.0.0.0/8]'],
    admins: groupOf('Admins', ['root@abc.com'], 'acl-only'),
    mailonly: groupOf('MailOnly', ['CN=Jane Doe/O=Acme'], 'mail-only'),
  },
  { 'jane doe/acme': 'jane@acme.example' },
);
const groups: [entry: string, local: string, domain: string, found: boolean, why: string][] = [
  ['Sales', 'jane', 'acme.example', true, 'a person stands for their address'],
  ['Sales', 'bob', 'abc.com', true, 'an address among the members'],
  ['sALES', 'x', 'partner.example', true, 'a nested group, in a circle'],
  ['MailOnly', 'jane', 'acme.example', true, 'a canonical name among the members'],
  ['Admins', 'root', 'abc.com', false, 'an ACL group is not for mail'],
  ['constructor', 'x', 'abc.com', false, 'nobody wrote that group'],
  ['Jane Doe/Acme', 'jane', 'acme.example', true, 'a person in the list itself'],
];

test('groups', () => {
  for (const [entry, local, domain, found, why] of groups)
    assert.equal(
      addressMatcher([entry], everyGroup).match(makeAddress(local, domain)),
      found ? entry : undefined,
      why,
    );
  assert.equal(hostMatcher(['Sales'], everyGroup).match(at('10.1.2.3')), 'Sales');
});

test('a group with `*` matches everything in relay deny lists, and nothing more than its others elsewhere', () => {
  const everybody = known({ everybody: ['Nested', '[10.0.0.1]', 'abc.com'], nested: [' * '] });
  const denied = hostMatcher(['Everybody'], everybody, 'denied-hosts');
  const explicit = [denied.match(at('10.0.0.1')), denied.match(at('192.0.2.1'))];
  assert.deepEqual(explicit, ['Everybody', 'Everybody: *']);
  assert.deepEqual(explicit.map(isExplicit), [true, false]);
  const allowed = hostMatcher(['Everybody'], everybody);
  assert.deepEqual([allowed.match(at('10.0.0.1')), allowed.match(at('192.0.2.1'))], ['Everybody', undefined]);
  const destinations = (place: 'destinations' | 'denied-destinations') =>
    ['abc.com', 'xyz.com'].map((domain) =>
      destinationMatcher(['Everybody'], everybody, place).match({ domain }),
    );
  assert.deepEqual(destinations('denied-destinations'), ['Everybody', 'Everybody: *']);
  assert.deepEqual(destinations('destinations'), ['Everybody', undefined]);
  assert.equal(addressMatcher(['Everybody'], everybody).match(makeAddress('u', 'xyz.com')), undefined);
});

test('explicit is what is more than `*`', () => {
  for (const [match, explicit] of [
    [undefined, false],
    ['*', false],
    [' * ', false],
    ['Everybody: *', false],
    ['1.2.3.*', true],
    ['Everybody', true],
  ] as const)
    assert.equal(isExplicit(match), explicit, match);
});

test('a group nested 20,000 deep is opened', () => {
  const chain = Array.from({ length: 20_000 }, (_, index) => [`g${index}`, [`g${index + 1}`]] as const);
  const deep = known({ ...Object.fromEntries(chain), g20000: ['u@abc.com'] });
  assert.equal(addressMatcher(['g0'], deep).match(makeAddress('u', 'abc.com')), 'g0');
});

test('the first and the last of 50,000 entries are found', () => {
  const entries = Array.from({ length: 50_000 }, (_, index) => manyHosts(index));
  const list = hostMatcher(entries, nobody);
  for (const index of [0, 1, 2, 24_999, 49_998, 49_999])
    assert.equal(list.match(peerOf(index)), entries[index], entries[index]);
  assert.equal(list.match(at('203.0.113.1', 'host1.example.org')), undefined);
});

function manyHosts(index: number): string {
  return index % 2 === 0 ? `host${index}.example.com` : `[10.${index >> 8}.${index & 255}.*]`;
}

function peerOf(index: number): Peer {
  if (index % 2 === 0) return at('192.0.2.1', `mx.host${index}.example.com`);
  return at(`10.${index >> 8}.${index & 255}.9`);
}

const small = fc.integer({ min: 0, max: 3 });
const part = fc.oneof(
  small.map(String),
  fc.constant('*'),
  fc.tuple(small, small).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
);
const pattern = fc.tuple(part, part, part, part).map((parts) => parts.join('.'));

test('any set of patterns matches as each of them would', () => {
  fc.assert(
    fc.property(
      fc.array(pattern, { maxLength: 40 }),
      fc.tuple(small, small, small, small),
      (patterns, octets) => {
        const because = hostMatcher(patterns, nobody).match(at(octets.join('.')));
        const matching = patterns.filter((one) => covers(one, octets));
        if (because === undefined) assert.deepEqual(matching, []);
        else assert.ok(matching.includes(because));
      },
    ),
    { numRuns: 1000 },
  );
});

/** The slow way. */
function covers(text: string, octets: readonly number[]): boolean {
  return text.split('.').every((one, index) => {
    const [low, high] = one === '*' ? [0, 255] : one.split('-').map(Number);
    return octets[index]! >= low! && octets[index]! <= (high ?? low!);
  });
}

test('a name is equal to a domain or below it', () => {
  assert.ok(equalOrBelow('ACME.example', 'acme.example'));
  assert.ok(equalOrBelow('mx.acme.example', 'acme.example'));
  assert.ok(!equalOrBelow('evilacme.example', 'acme.example'));
  assert.ok(!equalOrBelow('', 'acme.example'));
});
