import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relayAgain } from '../../../mail/policy/relay-again.ts';
import { atRecipient } from '../../../mail/policy/stages.ts';
import { address, named, settingsOf, world, type World } from './world.ts';

type Lists = { DA?: string[]; DD?: string[]; HA?: string[]; HD?: string[] };

/** Lists that a row does not name are blank, not the safe default. */
function relay({ DA = [], DD = [], HA = [], HD = [] }: Lists): Record<string, unknown> {
  return { inboundRelay: { allowDestinations: DA, denyDestinations: DD, allowHosts: HA, denyHosts: HD } };
}

async function relayed(given: World, to: string): Promise<string> {
  const verdict = await atRecipient(world(given), { sender: null, recipient: address(to) });
  if (verdict.outcome === 'accept') return 'accept';
  if (verdict.outcome === 'refuse') assert.equal(verdict.reply.text, 'Relay rejected for policy reasons.');
  return `${verdict.outcome} ${verdict.reply.code}`;
}

const accept = 'accept';
const reject = 'refuse 554';
const peers: Record<string, string> = {
  'smtp.efg.com': '192.0.2.10',
  'relay.abc.com': '192.0.2.11',
  'other.host.net': '192.0.2.12',
};
const dns = Object.assign(
  {},
  ...Object.entries(peers).map(([name, ip]) => named(ip, name)),
) as World['dns'] & {};

const worked: [lists: Lists, peer: string, to: string, result: string, why: string][] = [
  [
    { DA: ['xyz.com'], HD: ['smtp.efg.com'] },
    'smtp.efg.com',
    'u@xyz.com',
    accept,
    'R4.3 destination allowed',
  ],
  [{ DA: ['xyz.com'], HD: ['smtp.efg.com'] }, 'smtp.efg.com', 'u@other.com', reject, 'R4.4 host denied'],
  [{ DD: ['qrs.com'], HA: ['relay.abc.com'] }, 'relay.abc.com', 'u@qrs.com', accept, 'R4.2 host allowed'],
  [
    { DD: ['qrs.com'], HA: ['relay.abc.com'] },
    'other.host.net',
    'u@qrs.com',
    reject,
    'R4.4 destination denied',
  ],
  [{ DD: ['qrs.com'], HA: ['relay.abc.com'] }, 'other.host.net', 'u@foo.com', reject, 'R4.5 only that host'],
  [{ DA: ['xyz.com'], DD: ['xyz.com'] }, 'other.host.net', 'u@xyz.com', reject, 'R4.1 in both: deny'],
  [{ DD: ['*'], HA: ['[192.0.2.12]'], HD: ['*'] }, 'other.host.net', 'u@any.com', accept, 'R4.1 beats *'],
  [{ DD: ['*'], HD: ['*'] }, 'other.host.net', 'u@any.com', reject, 'the closed default'],
  [{}, 'other.host.net', 'u@any.com', accept, 'R4.6 all four empty'],
  [{ DA: ['xyz.com'] }, 'other.host.net', 'u@foo.com', reject, 'R4.5 only that destination'],
  [{ DA: ['xyz.com'] }, 'other.host.net', 'u@evilxyz.com', reject, 'M3 label boundary'],
  [{ DA: ['@xyz.com'] }, 'other.host.net', 'u@a.xyz.com', reject, 'M4 exactly'],
  [{ DA: ['a.xyz.com'], DD: ['xyz.com'] }, 'other.host.net', 'u@a.xyz.com', reject, 'R4.1 overlap: deny'],
  [{ HA: ['.abc.com'] }, 'relay.abc.com', 'u@foo.com', accept, 'M7 below'],
  [{ HA: ['[192.0.2.0/27]'] }, 'other.host.net', 'u@foo.com', accept, 'M8 prefix'],
  [{ HA: ['192.0.2.10-11'], HD: [] }, 'other.host.net', 'u@foo.com', reject, 'M8 no brackets, not in range'],
];

test('R4: the relay lists, worked table first', async () => {
  for (const [lists, peer, to, result, why] of worked) {
    const given = { configuration: relay(lists), peer: peers[peer]!, dns };
    assert.equal(await relayed(given, to), result, `${why}: ${JSON.stringify(lists)} ${peer} -> ${to}`);
  }
});

const denyFirst: typeof worked = [
  [{ DD: ['xyz.com'], HA: ['relay.abc.com'] }, 'relay.abc.com', 'u@xyz.com', reject, 'worked table, ini=1'],
  [{ DD: ['xyz.com'], HA: ['relay.abc.com'] }, 'relay.abc.com', 'u@foo.com', accept, 'host is in the list'],
  [{ HA: ['relay.abc.com'] }, 'other.host.net', 'u@foo.com', reject, 'host is not in the list'],
  [{ DA: ['foo.com'], HA: ['relay.abc.com'] }, 'relay.abc.com', 'u@x.com', reject, 'both lists must be met'],
  [{ DA: ['foo.com'], HD: ['relay.abc.com'] }, 'relay.abc.com', 'u@foo.com', reject, 'host denied'],
  [
    { DD: ['*'], HA: ['relay.abc.com'] },
    'relay.abc.com',
    'u@foo.com',
    reject,
    '* is a deny entry like others',
  ],
];

test('R5: relayDenyWins', async () => {
  for (const [lists, peer, to, result, why] of denyFirst) {
    const given = { configuration: relay(lists), server: { relayDenyWins: true }, peer: peers[peer]!, dns };
    assert.equal(await relayed(given, to), result, why);
  }
});

const inside = named('192.0.2.7', 'ws7.acme.example');
const closed: Record<string, unknown> = {};
const person = { name: 'Jane Doe/Acme', internetAddress: 'jane@acme.example' };

const enforcement: [given: World, result: string, why: string][] = [
  [{ configuration: { relayEnforcement: { hosts: 'none' } } }, accept, 'R2a'],
  [{ peer: '192.0.2.7', dns: inside }, accept, 'R2b internal by its host name'],
  [
    { peer: '192.0.2.7', dns: { 'ptr 192.0.2.7': ['ws7.acme.example'] } },
    reject,
    'R2b not confirmed forward',
  ],
  [{ peer: '192.0.2.7', dns: inside, server: { allHostsExternal: true } }, reject, 'R2b allHostsExternal'],
  [
    { peer: '192.0.2.7', dns: inside, configuration: { relayEnforcement: { hosts: 'all' } } },
    reject,
    'R2b only for external hosts',
  ],
  [{ peer: '127.0.0.1', dns: named('127.0.0.1', 'ws.acme.example') }, reject, 'loopback has no host name'],
  [{ configuration: { relayEnforcement: { excludeHosts: ['[192.0.2.1]'] } } }, accept, 'R2c by address'],
  [
    { configuration: { relayEnforcement: { hosts: 'all', excludeHosts: ['b.net'] } }, hostName: 'a.b.net' },
    accept,
    'R2c by host name, also when all are enforced',
  ],
  [{ auth: 'Jane Doe/Acme' }, accept, 'R2d'],
  [
    { auth: 'Jane Doe/Acme', configuration: { relayEnforcement: { authenticatedUsers: 'check' } } },
    reject,
    'R2d not when they are checked',
  ],
  [{ configuration: closed }, reject, 'R4 for everybody else'],
  [{ dns: { 'ptr 192.0.2.1': 'down' } }, 'defer 451', 'a host name could make the peer internal'],
  [{ auth: 'Jane Doe/Acme', dns: { 'ptr 192.0.2.1': 'down' } }, accept, 'no host name is needed'],
];

test('R2: who is exempt', async () => {
  for (const [given, result, why] of enforcement)
    assert.equal(await relayed({ people: [person], ...given }, 'u@foo.com'), result, why);
});

test('R1: a local domain is no relay; the lists are not asked', async () => {
  const given = { configuration: relay({ DD: ['*'], HD: ['*'] }), people: [person] };
  assert.equal(await relayed(given, 'jane@acme.example'), accept);
});

test('DNS is asked only where a host name could decide', async () => {
  const context = world({ auth: 'Jane Doe/Acme', people: [person] });
  await atRecipient(context, { sender: null, recipient: address('u@foo.com') });
  assert.deepEqual(context.asked, []);
});

const domino = [
  { name: 'Acme', primaryDomain: 'acme.example', dominoDomains: ['Vertrieb=SALESDOM', 'ACME'] },
];
const percent: [lists: Lists, to: string, code: number | undefined, why: string][] = [
  [{ DD: ['*'] }, 'jane%ACME@acme.example', undefined, 'our own Domino domain is removed'],
  [{ DD: ['*'] }, 'jane%SALESDOM@acme.example', 554, 'another Domino domain is a relay; * matches it'],
  [{ DA: ['%SALESDOM'], DD: ['*'] }, 'jane%SALESDOM@acme.example', undefined, 'M5'],
  [{ DA: ['%SALESDOM'], DD: ['*'] }, 'jane%vertrieb@acme.example', undefined, 'M5 by its alias'],
  [{ DA: ['%Vertrieb'], DD: ['*'] }, 'jane%vertrieb@acme.example', undefined, 'an alias stands in lists too'],
  [{ DA: ['%Vertrieb'], DD: ['*'] }, 'jane%SALESDOM@acme.example', undefined, 'whatever the address says'],
  [{ DD: ['%Vertrieb'] }, 'jane%vertrieb@acme.example', 554, 'an alias that is denied'],
  [
    { DA: ['acme.example'], DD: ['*'] },
    'jane%SALESDOM@acme.example',
    554,
    'the domain is not the destination',
  ],
  [{}, 'jane%victim.com@acme.example', 550, 'any other percent'],
  [{}, 'jane%victim.com%ACME@acme.example', 550, 'also behind our own domain'],
  [{}, '"jane@victim.com"@acme.example', 550, 'an @ left after unquoting'],
  [{}, 'victim.com!jane@acme.example', 550, 'a bang path'],
  [{ DA: ['elsewhere.net'] }, 'a%b@elsewhere.net', 550, 'a relay to one domain is none to the next'],
  [{}, 'b!a@elsewhere.net', 550, 'nor for bang paths'],
  [{}, '"a@b"@elsewhere.net', 550, 'nor in quotes'],
];

test('percent hacks, bang paths and Domino domains', async () => {
  for (const [lists, to, code, why] of percent) {
    const context = world({ domains: domino, people: [person], configuration: relay(lists) });
    const verdict = await atRecipient(context, { sender: null, recipient: address(to) });
    assert.equal(verdict.outcome === 'accept' ? undefined : verdict.reply.code, code, `${to}: ${why}`);
    if (code === 550) assert.equal(verdict.outcome !== 'accept' && verdict.reply.enhanced, '5.1.3', why);
  }
});

test('whom relay enforcement does not concern writes to any local part of another domain', async () => {
  const recipient = address('a%b!c@elsewhere.net');
  const context = world({ people: [person], auth: 'Jane Doe/Acme' });
  assert.equal((await atRecipient(context, { sender: null, recipient })).outcome, 'accept');
});

test('a source route is refused, to whatever domain', async () => {
  for (const to of ['jane@acme.example', 'jane@elsewhere.net']) {
    const recipient = { ...address(to), route: '@acme.example' };
    const verdict = await atRecipient(world({ people: [person], auth: 'Jane Doe/Acme' }), {
      sender: null,
      recipient,
    });
    assert.ok(verdict.outcome === 'refuse' && verdict.reply.enhanced === '5.1.3', to);
  }
});

test('every verdict names document, field and entry', async () => {
  const context = world({ configuration: relay({ DD: ['foo.com', '*'] }) });
  const verdict = await atRecipient(context, { sender: null, recipient: address('u@foo.com') });
  assert.deepEqual(verdict.because, {
    document: 'Configuration *',
    field: 'inboundRelay.denyDestinations',
    entry: 'foo.com',
  });
  assert.deepEqual(
    verdict.steps.map(({ rule }) => rule),
    ['number of recipients', 'relay enforcement', 'address', 'relay lists'],
  );
});

test('the router decides the same from the envelope', async () => {
  const session = { id: 's', port: 'smtp', peer: '192.0.2.1', helo: 'h', standing: 'external' } as const;
  const settings = settingsOf({ people: [person] });
  const rows: [session: Parameters<typeof relayAgain>[1], to: string, outcome: string][] = [
    [session, 'u@foo.com', 'refuse'],
    [session, 'jane@acme.example', 'accept'],
    [session, 'Postmaster', 'accept'],
    [session, 'a!b@acme.example', 'refuse'],
    [{ ...session, auth: 'Jane Doe/Acme' }, 'u@foo.com', 'accept'],
    [{ ...session, standing: 'internal' }, 'u@foo.com', 'accept'],
  ];
  for (const [from, to, outcome] of rows)
    assert.equal((await relayAgain(settings, from, to)).outcome, outcome, to);
});

test('a group that has `*` denies as `*` does, and its other members explicitly', async () => {
  const groups = [
    { name: 'Everybody', members: ['Rivals', '*'] },
    { name: 'Rivals', members: ['[192.0.2.11]', 'xyz.com'] },
  ];
  const table: readonly (readonly [Lists, string, string, string, string])[] = [
    [{ HA: ['[192.0.2.12]'], HD: ['Everybody'] }, 'other.host.net', 'u@any.com', accept, 'allowed beats *'],
    [
      { HA: ['[192.0.2.11]'], HD: ['Everybody'] },
      'relay.abc.com',
      'u@any.com',
      reject,
      'denied by its address',
    ],
    [{ HD: ['Everybody'] }, 'other.host.net', 'u@any.com', reject, 'everybody else'],
    [{ DA: ['any.com'], DD: ['Everybody'] }, 'other.host.net', 'u@any.com', accept, 'allowed beats *'],
    [{ DA: ['xyz.com'], DD: ['Everybody'] }, 'other.host.net', 'u@xyz.com', reject, 'denied by its name'],
    [{ HA: ['Everybody'] }, 'other.host.net', 'u@any.com', reject, 'an allow list never takes it'],
  ];
  for (const [lists, name, to, expected, why] of table) {
    const given: World = {
      configuration: relay(lists),
      groups,
      dns,
      peer: peers[name]!,
    };
    assert.equal(await relayed(given, to), expected, why);
  }
});
