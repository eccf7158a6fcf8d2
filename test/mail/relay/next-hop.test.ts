import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseNextHop, queueFor } from '../../../mail/relay/next-hop.ts';

const good: readonly [text: string, value: object, why: string][] = [
  ['there.example', { kind: 'domain', domain: 'there.example' }, 'a name alone goes by MX'],
  ['There.Example', { kind: 'domain', domain: 'there.example' }, 'names have no case'],
  ['bücher.example', { kind: 'domain', domain: 'xn--bcher-kva.example' }, 'look-ups use A-labels'],
  ['mx.there.example:587', { kind: 'host', host: 'mx.there.example', port: 587 }, 'a port: by address'],
  ['mx.there.example:25', { kind: 'host', host: 'mx.there.example', port: 25 }, 'the usual port too'],
  ['[192.0.2.1]', { kind: 'address', address: '192.0.2.1' }, 'brackets'],
  ['192.0.2.1', { kind: 'address', address: '192.0.2.1' }, 'IPv4 needs none'],
  ['192.0.2.1:2525', { kind: 'address', address: '192.0.2.1', port: 2525 }, 'nor with a port'],
  ['[192.0.2.1]:465', { kind: 'address', address: '192.0.2.1', port: 465 }, 'both'],
  ['[2001:db8::1]:587', { kind: 'address', address: '2001:db8::1', port: 587 }, 'IPv6'],
  ['[IPv6:2001:DB8::1]', { kind: 'address', address: '2001:db8::1' }, 'the domain of user@[IPv6:…]'],
  ['[::ffff:192.0.2.1]', { kind: 'address', address: '192.0.2.1' }, 'mapped IPv4 is IPv4'],
  [' ses ', { kind: 'ses' }, 'blanks do not matter'],
  ['SES', { kind: 'ses' }, 'nor does case'],
];

for (const [text, value, why] of good)
  test(`next hop ${JSON.stringify(text)}: ${why}`, () => {
    assert.deepEqual(parseNextHop(text), { ok: true, value });
  });

const bad: readonly [text: string, why: string][] = [
  ['', 'nothing'],
  ['there.example:0', 'no such port'],
  ['there.example:70000', 'no such port'],
  ['there.example:', 'a port that is missing'],
  ['there.example:smtp', 'a service name'],
  ['2001:db8::1', 'IPv6 without brackets'],
  ['[there.example]', 'a name in brackets'],
  ['[300.0.0.1]', 'no address'],
  ['[fe80::1%eth0]', 'a zone belongs to one machine'],
  ['a b.example', 'a blank within'],
  ['user@there.example', 'an address of a person'],
];

for (const [text, why] of bad)
  test(`no next hop ${JSON.stringify(text)}: ${why}`, () => {
    const parsed = parseNextHop(text);
    assert.equal(parsed.ok, false);
    assert.match(parsed.ok ? '' : parsed.problem, /write /);
  });

const queues: readonly [transport: string, hop: string, queue: string, why: string][] = [
  ['ses', 'ses', 'relay', 'SES is an API call'],
  ['smtp', 'ses', 'relay', 'whatever the transport says'],
  ['smtp', 'smtp.there.example:587', 'relay', 'a public host on another port'],
  ['smtp', '[198.51.100.7]:465', 'direct', 'documentation addresses are not public'],
  ['smtp', '[9.9.9.9]:465', 'relay', 'a public address'],
  ['smtp', '[9.9.9.9]', 'direct', 'port 25'],
  ['smtp', 'smtp.there.example', 'direct', 'port 25 by default'],
  ['smtp', 'smtp.there.example:25', 'direct', 'port 25 as written'],
  ['smtp', '10.1.2.3:587', 'direct', 'a private address'],
  ['smtp', '[fd00::1]:587', 'direct', 'a private address'],
  ['smtp', '127.0.0.1:2526', 'direct', 'loopback'],
  ['smtp', 'localhost:2526', 'direct', 'loopback by name'],
  ['smtp', 'relay.corp.internal:587', 'direct', 'a name that only the private network knows'],
  ['smtp', 'domino1:587', 'direct', 'a name without a domain'],
  ['direct', 'there.example', 'direct', 'by MX'],
  ['smtp', '???', 'direct', 'what cannot be read waits there'],
];

for (const [transport, hop, queue, why] of queues)
  test(`${transport} to ${hop} goes by ${queue}: ${why}`, () => {
    assert.equal(queueFor(transport, hop, { mxPort: 25 }), queue);
  });

test('where the default port is another one, names without a port are for relay', () => {
  assert.equal(queueFor('smtp', 'smtp.there.example', { mxPort: 2526 }), 'relay');
});
