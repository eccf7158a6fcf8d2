/** domino-map.md, entry matching (M1 to M9) and relay (R1 to R8), as dialogues. */
import { test } from 'node:test';
import type { Zone } from '../builders/dns-server.ts';
import { alice } from './gateway.ts';
import { play, stage, type Row } from './domino-session.ts';

interface Lists {
  readonly DA?: readonly string[];
  readonly DD?: readonly string[];
  readonly HA?: readonly string[];
  readonly HD?: readonly string[];
}

const relay = ({ DA = [], DD = [], HA = [], HD = [] }: Lists): Record<string, unknown> => ({
  inboundRelay: { allowDestinations: DA, denyDestinations: DD, allowHosts: HA, denyHosts: HD },
});

const accept = '250 2.1.5 ';
const reject = '554 5.7.1 Relay rejected for policy reasons.';
const routed = '550 5.1.3 ';

/** Host names that DNS confirms, and one that it does not. */
const hosts: Record<string, string> = {
  'smtp.efg.com': '192.0.2.10',
  'relay.abc.com': '192.0.2.11',
  'mail.anotherabc.com': '192.0.2.12',
  'abc.com': '192.0.2.13',
  'inside.acme.example': '192.0.2.14',
};
const zone: Zone = {
  '20.2.0.192.in-addr.arpa': { ptr: ['relay.abc.com'] },
  '21.2.0.192.in-addr.arpa': 'SERVFAIL',
};
for (const [name, ip] of Object.entries(hosts)) {
  zone[name] = { a: [ip] };
  zone[`${ip.split('.').toReversed().join('.')}.in-addr.arpa`] = { ptr: [name] };
}

const other = 'ADDR=198.51.100.1 NAME=[UNAVAILABLE]';
const at = (name: string): string => `ADDR=${hosts[name] ?? name}`;

type Asked = readonly [rule: string, lists: Lists, peer: string, to: string, reply: string, more?: object];

function rowOf([rule, lists, peer, to, reply, more]: Asked): Row {
  const configuration = { ...relay(lists), ...(more as Record<string, unknown> | undefined) };
  return { rule, peer, world: { configuration }, turns: asking(to, reply) };
}

const asking = (to: string, reply: string): Row['turns'] => [
  ['MAIL FROM:<a@there.example>', '250 2.1.0 <a@there.example>... Sender OK'],
  [`RCPT TO:<${to}>`, reply],
];

const worked: readonly Asked[] = [
  ['table 1', { DA: ['xyz.com'], HD: ['smtp.efg.com'] }, at('smtp.efg.com'), 'u@xyz.com', accept],
  ['table 2', { DA: ['xyz.com'], HD: ['smtp.efg.com'] }, at('smtp.efg.com'), 'u@foo.com', reject],
  ['table 3', { DD: ['qrs.com'], HA: ['relay.abc.com'] }, at('relay.abc.com'), 'u@qrs.com', accept],
  ['table 4', { DD: ['qrs.com'], HA: ['relay.abc.com'] }, other, 'u@qrs.com', reject],
  ['table 5', { DD: ['qrs.com'], HA: ['relay.abc.com'] }, other, 'u@foo.com', reject],
  ['table 7', { DA: ['xyz.com'], DD: ['xyz.com'] }, other, 'u@xyz.com', reject],
  ['table 8', { DD: ['*'], HA: ['[10.0.0.5]'], HD: ['*'] }, 'ADDR=10.0.0.5', 'u@any.com', accept],
  ['table 9', { DD: ['*'], HD: ['*'] }, other, 'u@any.com', reject],
];

const matching: readonly Asked[] = [
  ['M1 case is ignored', { DA: ['XYZ.com'], DD: ['*'] }, other, 'u@xyz.COM', accept],
  ['M2 a star matches everything', { DD: ['*'] }, other, 'u@foo.com', reject],
  ['M3 a domain and those below it', { DA: ['xyz.com'], DD: ['*'] }, other, 'u@abc.xyz.com', accept],
  [
    'M3 otherwise than Domino: on a label boundary',
    { DA: ['xyz.com'], DD: ['*'] },
    other,
    'u@uvwxyz.com',
    reject,
  ],
  ['M4 exactly that domain', { DA: ['@xyz.com'], DD: ['*'] }, other, 'u@xyz.com', accept],
  ['M4 and none below', { DA: ['@xyz.com'], DD: ['*'] }, other, 'u@abc.xyz.com', reject],
  [
    'M5 another Domino domain is a destination',
    { DA: ['%Sales'], DD: ['*'] },
    other,
    'u%Sales@acme.example',
    accept,
  ],
  ['M5 one that is not named', { DA: ['%Other'], DD: ['*'] }, other, 'u%Sales@acme.example', reject],
  ['M5 a star matches it', { DD: ['*'] }, other, 'u%Sales@acme.example', reject],
  ['M5 denied by name', { DD: ['%sales'] }, other, 'u%SALES@acme.example', reject],
  [
    'M7 a host name and those below it',
    { HA: ['abc.com'], HD: ['*'] },
    at('relay.abc.com'),
    'u@foo.com',
    accept,
  ],
  ['M7 the name itself', { HA: ['abc.com'], HD: ['*'] }, at('abc.com'), 'u@foo.com', accept],
  ['M7 on a label boundary', { HA: ['abc.com'], HD: ['*'] }, at('mail.anotherabc.com'), 'u@foo.com', reject],
  ['M7 a leading dot: only below', { HA: ['.abc.com'], HD: ['*'] }, at('relay.abc.com'), 'u@foo.com', accept],
  ['M7 a leading dot: not the name', { HA: ['.abc.com'], HD: ['*'] }, at('abc.com'), 'u@foo.com', reject],
  [
    'M7 a PTR name is confirmed forward',
    { HA: ['relay.abc.com'], HD: ['*'] },
    'ADDR=192.0.2.20',
    'u@foo.com',
    reject,
  ],
  ['M7 no PTR, no match', { HA: ['abc.com'], HD: ['*'] }, 'ADDR=192.0.2.30', 'u@foo.com', reject],
  [
    'M7 DNS that cannot be asked defers',
    { HA: ['abc.com'], HD: ['*'] },
    'ADDR=192.0.2.21',
    'u@foo.com',
    '451 4.4.3 ',
  ],
  ['M8 an address in brackets', { HA: ['[198.51.100.1]'], HD: ['*'] }, other, 'u@foo.com', accept],
  [
    'M8 otherwise than Domino: without brackets',
    { HA: ['198.51.100.1'], HD: ['*'] },
    other,
    'u@foo.com',
    accept,
  ],
  ['M8 a wildcard', { HA: ['[198.51.100.*]'], HD: ['*'] }, other, 'u@foo.com', accept],
  ['M8 a range', { HA: ['[198.51.100.1-3]'], HD: ['*'] }, other, 'u@foo.com', accept],
  ['M8 beside the range', { HA: ['[198.51.100.2-3]'], HD: ['*'] }, other, 'u@foo.com', reject],
  ['M8 range and wildcard', { HA: ['[198.51.99-100.*]'], HD: ['*'] }, other, 'u@foo.com', accept],
  ['M8 a prefix', { HA: ['[198.51.100.0/27]'], HD: ['*'] }, other, 'u@foo.com', accept],
  ['M8 outside the prefix', { HA: ['[198.51.100.32/27]'], HD: ['*'] }, other, 'u@foo.com', reject],
  ['M8 IPv6', { HA: ['[2001:db8::/32]'], HD: ['*'] }, 'ADDR=IPV6:2001:db8::7', 'u@foo.com', accept],
  ['M9 a group stands for its members', { HA: ['Relays'], HD: ['*'] }, other, 'u@foo.com', accept],
  ['M9 in a destination list', { DA: ['Partners'], DD: ['*'] }, other, 'u@xyz.com', accept],
  ['M9 another type matches nothing, and is not empty', { HA: ['Servers'] }, other, 'u@foo.com', reject],
];

const enforcement = { relayEnforcement: { hosts: 'none' } };
const excluded = { relayEnforcement: { excludeHosts: ['[198.51.100.1]'] } };
const closed: Lists = { DD: ['*'], HD: ['*'] };

const ruled: readonly Asked[] = [
  ['R1 a local domain is no relay', closed, other, 'alice@acme.example', accept],
  ['R2 a nobody is enforced', closed, other, 'u@foo.com', accept, enforcement],
  ['R2 b an internal peer', closed, at('inside.acme.example'), 'u@foo.com', accept],
  [
    'R2 b all hosts are enforced',
    closed,
    at('inside.acme.example'),
    'u@foo.com',
    reject,
    { relayEnforcement: { hosts: 'all' } },
  ],
  ['R2 b a host name that cannot be looked up', closed, 'ADDR=192.0.2.21', 'u@foo.com', '451 4.4.3 '],
  ['R2 c an excluded peer', closed, other, 'u@foo.com', accept, excluded],
  [
    'R4.1 a specific allow entry beats the star of its pair',
    { DA: ['xyz.com'], DD: ['*'] },
    other,
    'u@xyz.com',
    accept,
  ],
  ['R4.1 entries that overlap: deny', { DA: ['a.xyz.com'], DD: ['xyz.com'] }, other, 'u@a.xyz.com', reject],
  [
    'R4.2 an allowed host may write anywhere',
    { DD: ['*'], HA: ['[198.51.100.1]'] },
    other,
    'u@foo.com',
    accept,
  ],
  [
    'R4.3 an allowed destination takes from anybody',
    { DA: ['xyz.com'], HD: ['*'] },
    other,
    'u@xyz.com',
    accept,
  ],
  ['R4.4 a denied host', { HD: ['[198.51.100.1]'] }, other, 'u@foo.com', reject],
  ['R4.4 a denied destination', { DD: ['foo.com'] }, other, 'u@foo.com', reject],
  ['R4.5 an allow list says only: destinations', { DA: ['xyz.com'] }, other, 'u@foo.com', reject],
  ['R4.5 an allow list says only: hosts', { HA: ['[10.0.0.5]'] }, other, 'u@foo.com', reject],
  ['R4.6 all four empty', {}, other, 'u@foo.com', accept],
];

const hacks: readonly Asked[] = [
  ['our own Domino domain is taken away', closed, other, 'alice%ACME@acme.example', accept],
  ['a percent hack', closed, other, 'u%foo.com@acme.example', routed],
  ['two of them', closed, other, 'u%foo.com%Sales@acme.example', routed],
  ['quoted', closed, other, '"u%foo.com"@acme.example', routed],
  ['a bang path', closed, other, 'foo.com!u@acme.example', routed],
  ['an @ in quotes', closed, other, '"u@foo.com"@acme.example', routed],
  ['escaped in quotes', closed, other, '"u\\@foo.com"@acme.example', routed],
  ['a source route', closed, other, '@acme.example:u@foo.com', routed],
  ['a source route to us', closed, other, '@foo.com:alice@acme.example', routed],
  ['a percent hack behind a domain that is allowed', { DA: ['xyz.com'] }, other, 'u%foo.com@xyz.com', routed],
  ['a percent hack behind our domain', closed, other, 'u%foo.com%ACME@acme.example', routed],
];

/** Release 5's rule. */
const deny: readonly Asked[] = [
  ['table 6', { DD: ['xyz.com'], HA: ['relay.abc.com'] }, at('relay.abc.com'), 'u@xyz.com', reject],
  ['R5 a denied host', { DA: ['xyz.com'], HD: ['[198.51.100.1]'] }, other, 'u@xyz.com', reject],
  ['R5 not an allowed host', { HA: ['relay.abc.com'] }, other, 'u@foo.com', reject],
  ['R5 not an allowed destination', { HA: ['[198.51.100.1]'], DA: ['xyz.com'] }, other, 'u@foo.com', reject],
  ['R5 both', { HA: ['[198.51.100.1]'], DA: ['xyz.com'] }, other, 'u@xyz.com', accept],
  ['R5 all empty', {}, other, 'u@foo.com', accept],
];

const groups = [
  { name: 'Relays', groupType: 'mail-only', members: ['[198.51.100.1]'] },
  { name: 'Partners', members: ['xyz.com'] },
  { name: 'Servers', groupType: 'servers-only', members: ['[198.51.100.1]'] },
];
const domains = [{ name: 'Acme', primaryDomain: 'acme.example', dominoDomains: ['ACME', 'Sales'] }];

test('relay', async (t) => {
  await using place = await stage({ people: [alice], groups, domains }, zone);
  const rows = [...worked, ...matching, ...ruled, ...hacks].map(rowOf);
  const known = { groups, domains };
  await play(
    t,
    place,
    rows.map((row) => ({ ...row, world: { ...known, ...row.world } })),
  );
  const server = { relayDenyWins: true };
  await play(
    t,
    place,
    deny.map(rowOf).map((row) => ({ ...row, world: { ...known, ...row.world, server } })),
  );
  const external = { ...known, server: { allHostsExternal: true } };
  await play(t, place, [
    {
      rule: 'R2 b all hosts are external',
      peer: at('inside.acme.example'),
      world: external,
      turns: asking('u@foo.com', reject),
    },
    {
      rule: 'R6 other recipients of the transaction are unaffected',
      world: known,
      turns: [
        ...asking('u@foo.com', reject)!,
        ['RCPT TO:<alice@acme.example>', accept],
        ['RCPT TO:<v@foo.com>', reject],
        ['DATA', '354 '],
        ['.', '250 2.0.0 Message accepted for delivery as '],
      ],
    },
    {
      rule: 'R7 the connecting host counts, whatever it says of itself',
      world: { ...known, configuration: relay({ HA: ['relay.abc.com'], HD: ['*'] }) },
      peer: 'ADDR=198.51.100.1 NAME=[UNAVAILABLE] HELO=relay.abc.com',
      turns: asking('u@foo.com', reject),
    },
  ]);
});
