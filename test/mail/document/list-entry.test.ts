import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  parseEntry,
  places,
  printEntry,
  type ListEntry,
  type Place,
} from '../../../mail/document/list-entry.ts';

const good: [text: string, place: Place, printed: string, kind: ListEntry['kind'], why: string][] = [
  ['*', 'denied-hosts', '*', 'everything', 'a deny list'],
  ['*', 'denied-destinations', '*', 'everything', 'a deny list'],
  ['XYZ.com', 'destinations', 'xyz.com', 'domain', 'without case'],
  ['bücher.example', 'addresses', 'xn--bcher-kva.example', 'domain', 'as A-label'],
  ['@xyz.com', 'addresses', '@xyz.com', 'exact-domain', 'exactly'],
  ['User@XYZ.com', 'addresses', 'user@xyz.com', 'address', 'folded'],
  ['"jane doe"@xyz.com', 'outbound-senders', '"jane doe"@xyz.com', 'address', 'quoted'],
  ['%Sales', 'destinations', '%sales', 'domino-domain', 'a Domino domain'],
  ['mx.abc.com', 'hosts', 'mx.abc.com', 'host', 'equal or below'],
  ['.abc.com', 'hosts', '.abc.com', 'host', 'only below'],
  ['[1.2.3.4]', 'hosts', '[1.2.3.4]', 'network', 'one address'],
  ['1.2.3.4', 'hosts', '[1.2.3.4]', 'network', 'brackets may be left out'],
  ['[1.2.3.*]', 'hosts', '[1.2.3.*]', 'network', 'a wildcard'],
  ['[1.2.3.5-15]', 'hosts', '[1.2.3.5-15]', 'network', 'a range'],
  ['[192.168.1-10.*]', 'hosts', '[192.168.1-10.*]', 'network', 'a range and a wildcard'],
  ['[10.*.0.1]', 'networks', '[10.*.0.1]', 'network', 'a wildcard within'],
  ['[1.2.3.0/27]', 'hosts', '[1.2.3.0-31]', 'network', 'a prefix length'],
  ['[1.2.3.77/24]', 'hosts', '[1.2.3.*]', 'network', 'bits beyond the prefix do not count'],
  ['0.0.0.0/0', 'hosts', '[*.*.*.*]', 'network', 'everybody'],
  ['[2001:db8::/32]', 'hosts', '[2001:db8::/32]', 'network', 'IPv6'],
  ['2001:DB8::1', 'hosts', '[2001:db8::1/128]', 'network', 'one IPv6 address'],
  ['[IPv6:2001:db8::1]', 'hosts', '[2001:db8::1/128]', 'network', 'as an address literal'],
  ['[::ffff:1.2.3.0/120]', 'hosts', '[1.2.3.*]', 'network', 'IPv4 in IPv6 is IPv4'],
  ['Sales', 'hosts', 'sales', 'name', 'a group'],
  ['Jane Doe/Acme', 'addresses', 'jane doe/acme', 'name', 'a person'],
  ['CN=Jane Doe/O=Acme', 'addresses', 'jane doe/acme', 'name', 'a person, canonical'],
  ['Dr. Who', 'addresses', 'dr. who', 'name', 'a dot and a space are no domain'],
  ["O'Neil.Partners", 'addresses', "o'neil.partners", 'name', 'no domain has quotes'],
  ['Büro "Süd"', 'members', 'büro "süd"', 'name', 'Unicode and quotes'],
  [
    '*/Sales/Acme',
    'members',
    '*/sales/acme',
    'name',
    'a wildcard of groups for access, which matches nobody in mail',
  ],
  ['*', 'members', '*', 'everything', 'for relay deny lists that name the group'],
  ['.abc.com', 'members', '.abc.com', 'host', 'members may be entries of any list'],
  ['abc.com', 'members', 'abc.com', 'domain', 'members may be entries of any list'],
];

test('entries are read by their place', () => {
  for (const [text, place, printed, kind, why] of good) {
    const parsed = parseEntry(text, place);
    assert.ok(parsed.ok, `${text}: ${why}`);
    assert.equal(parsed.value.kind, kind, `${text}: ${why}`);
    assert.equal(printEntry(parsed.value), printed, `${text}: ${why}`);
  }
});

const bad: [text: string, place: Place, problem: string][] = [
  ['', 'hosts', 'is empty; leave the entry out'],
  ['CN=', 'addresses', '"CN=" is no name; write one such as Jane Doe/Acme'],
  ['*', 'hosts', '"*" stands for everything, which only relay deny lists take; list what you mean'],
  [
    '[192.168.*.0/24]',
    'hosts',
    '"[192.168.*.0/24]" mixes a wildcard and a prefix length; write [192.168.0.0/16]',
  ],
  [
    '[192.168.1-10.0/8]',
    'hosts',
    '"[192.168.1-10.0/8]" mixes a range and a prefix length; write [192.168.1-10.*]',
  ],
  ['[1.2.3]', 'hosts', '"[1.2.3]" has 3 numbers where an IPv4 address has four; write [1.2.3.*]'],
  ['1.2.3.4.5', 'hosts', '"1.2.3.4.5" has 5 numbers where an IPv4 address has four; write [1.2.3.4]'],
  [
    '[1.2.3.256]',
    'hosts',
    '"[1.2.3.256]" has "256" where a number from 0 to 255 without leading zeros belongs',
  ],
  [
    '[1.2.3.010]',
    'hosts',
    '"[1.2.3.010]" has "010" where a number from 0 to 255 without leading zeros belongs',
  ],
  ['[1.2.3.9-5]', 'hosts', '"[1.2.3.9-5]" has the range 9-5, which runs backwards; write 5-9'],
  [
    '[1.2.3.0/33]',
    'hosts',
    '"[1.2.3.0/33]" has the prefix length "33"; write a number from 0 to 32, as in [1.2.3.0/27]',
  ],
  [
    '[2001:db8::/129]',
    'hosts',
    '"[2001:db8::/129]" has the prefix length "129"; write a number from 0 to 128, as in [2001:db8::/32]',
  ],
  [
    '[2001:db8::*]',
    'hosts',
    '"[2001:db8::*]" has a wildcard or range, which only IPv4 knows; write a prefix length, as in [2001:db8::/32]',
  ],
  [
    '[fe80::1%eth0]',
    'hosts',
    '"[fe80::1%eth0]" is not an IPv6 address; write [2001:db8::1] or [2001:db8::/32]',
  ],
  [
    '[1.2.3.4',
    'hosts',
    '"[1.2.3.4" is not an address; write [1.2.3.4], [1.2.3.*], [1.2.3.5-15], [1.2.3.0/27] or [2001:db8::/32]',
  ],
  [
    '[mail]',
    'hosts',
    '"[mail]" is not an address; write numbers, as in [1.2.3.4], [1.2.3.*], [1.2.3.5-15] or [1.2.3.0/27]',
  ],
  ['*.abc.com', 'hosts', '"*.abc.com" has a wildcard; write .abc.com for what lies below'],
  ['*.abc.com', 'destinations', '"*.abc.com" has a wildcard; write abc.com, which covers every subdomain'],
  ['abc*', 'addresses', '"abc*" has a wildcard; this list takes domains, @domains, addresses and groups'],
  ['*@abc.com', 'addresses', '"*@abc.com" has a wildcard; write @abc.com for every address of the domain'],
  ['.abc.com', 'destinations', '".abc.com" has a leading dot, which only lists of hosts know; write abc.com'],
  ['.abc.com', 'networks', '".abc.com" is a domain; this list takes [addresses]'],
  ['abc..com', 'destinations', '"abc..com" is not a domain; write one such as acme.example'],
  ['abc..com', 'hosts', '"abc..com" is not a host name; write one such as mx.acme.example'],
  ['mx.abc.com:25', 'hosts', '"mx.abc.com:25" has a port; write mx.abc.com'],
  ['@', 'addresses', '"@" is not a domain; write @ and a domain, as in @acme.example'],
  ['jane doe@abc.com', 'addresses', '"jane doe@abc.com" is not an address; write user@acme.example'],
  [
    'user@abc.com',
    'destinations',
    '"user@abc.com" is an address; this list takes domains, @domains, %DominoDomains and groups',
  ],
  [
    'user@abc.com',
    'hosts',
    '"user@abc.com" is an address; this list takes host names, [addresses] and groups',
  ],
  ['@abc.com', 'hosts', '"@abc.com" is a domain; this list takes host names, [addresses] and groups'],
  ['abc.com', 'outbound-senders', '"abc.com" is a domain; this list takes addresses and groups'],
  [
    '%Sales',
    'addresses',
    '"%Sales" is a Domino domain; this list takes domains, @domains, addresses and groups',
  ],
  ['%', 'destinations', '"%" is not a Domino domain; write % and one name, as in %Sales'],
  ['50% off', 'addresses', '"50% off" is no entry; this list takes domains, @domains, addresses and groups'],
  [
    '[1.2.3.4]',
    'destinations',
    '"[1.2.3.4]" is a network address; this list takes domains, @domains, %DominoDomains and groups',
  ],
  ['mx.abc.com', 'networks', '"mx.abc.com" is a domain; this list takes [addresses]'],
  ['Sales', 'networks', '"Sales" is a name; this list takes [addresses]'],
  ['a\u0000b', 'addresses', '"a\u0000b" has control characters; write it without'],
];

test('an entry that no rule understands says what to write', () => {
  for (const [text, place, problem] of bad) assert.deepEqual(parseEntry(text, place), { ok: false, problem });
});

const octet = fc.integer({ min: 0, max: 255 });
const octets = fc.oneof(
  octet.map(String),
  fc.constant('*'),
  fc.tuple(octet, octet).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
);
const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const domain = fc.tuple(label, label).map(([a, b]) => `${a}.${b}`);
const hex = fc.integer({ min: 0, max: 65_535 }).map((part) => part.toString(16));
const texts = fc.oneof(
  fc.tuple(octets, octets, octets, octets).map((parts) => `[${parts.join('.')}]`),
  fc
    .tuple(octet, octet, octet, octet, fc.integer({ min: 0, max: 32 }))
    .map(([a, b, c, d, n]) => `[${a}.${b}.${c}.${d}/${n}]`),
  fc
    .tuple(hex, hex, hex, fc.integer({ min: 0, max: 128 }))
    .map(([a, b, c, n]) => `[2${a.slice(1)}:${b}:${c}::/${n}]`),
  domain,
  domain.map((name) => `.${name}`),
  domain.map((name) => `@${name}`),
  fc.tuple(label, domain).map(([local, name]) => `${local}@${name}`),
  label.map((name) => `%${name}`),
  fc.constant('*'),
  fc.tuple(label, label).map(([one, other]) => `${one} ${other}/Acme`),
);
const place = fc.constantFrom(...(Object.keys(places) as Place[]));

test('an entry printed and read again is the same entry', () => {
  fc.assert(
    fc.property(texts, place, (text, where) => {
      const parsed = parseEntry(text, where);
      if (parsed.ok) assert.deepEqual(parseEntry(printEntry(parsed.value), where), parsed);
      else assert.ok(parsed.problem.startsWith(`"${text}" `), parsed.problem);
    }),
    { numRuns: 1000 },
  );
});

test('whatever is written, the answer is an entry or a sentence', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), place, (text, where) => {
      const parsed = parseEntry(text, where);
      assert.ok(parsed.ok ? printEntry(parsed.value) !== '' : parsed.problem.length > 10);
    }),
    { numRuns: 300 },
  );
});
