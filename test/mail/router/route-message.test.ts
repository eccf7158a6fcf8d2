/** The whole message: mail rules carried out, what waits before routing, the relay decision once more. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RuleOutcome } from '../../../mail/envelope/envelope.ts';
import { asBob, planned, shortPlan, stranger, type RouterWorld } from './world.ts';

const databases = [
  { name: 'Quarantine', mailFile: 'mail/quarantine' },
  { name: 'Journal', mailFile: 'mail/journal' },
];
const two = {
  recipients: [{ address: 'alice@acme.example', notify: 'SUCCESS' }, { address: 'bob@acme.example' }],
};
const rule = (outcome: object): RuleOutcome =>
  ({ rule: 'one', document: 'Configuration *', ...outcome }) as RuleOutcome;
const ruled = (...outcomes: object[]): RouterWorld => ({
  databases,
  envelope: { ...two, from: 'x@far.example', rules: outcomes.map(rule) },
});
const elsewhere = (outcome: object): RouterWorld => ({
  ...ruled(outcome),
  databases: [
    { name: 'Far', internetAddress: 'far@acme.example', mailServer: 'Mail2/Acme' },
    { name: 'Mute', mailServer: 'Mail2/Acme' },
  ],
  servers: [{ name: 'Mail2/Acme', hostName: 'mail2.acme.example', domain: 'ACME', smtpListener: true }],
  configuration: { routing: { smtpWithinLocalDomain: 'all' } },
});
const both = [
  'd#0001 mailbox mail/alice pending: alice@acme.example',
  'd#0002 mailbox mail/bob pending: bob@acme.example',
];

describe('mail rules', () => {
  const rows: readonly (readonly [why: string, given: RouterWorld, deliveries: readonly string[]])[] = [
    [
      'drop: nobody gets it, nobody is told',
      ruled({ action: 'drop' }),
      ['d#0000 route local deleted: alice@acme.example bob@acme.example'],
    ],
    [
      'return: the sender is told',
      ruled({ action: 'return' }),
      ['d#0000 route local failed: alice@acme.example bob@acme.example'],
    ],
    [
      'hold: it waits',
      ruled({ action: 'hold' }),
      ['d#0000 route local held: alice@acme.example bob@acme.example'],
    ],
    [
      'move: only there',
      ruled({ action: 'move', database: 'Quarantine' }),
      ['d#0001 mailbox mail/quarantine pending: alice@acme.example bob@acme.example'],
    ],
    [
      'journal: there as well',
      ruled({ action: 'journal', database: 'Journal' }),
      [...both, 'd#0003 mailbox mail/journal pending: alice@acme.example'],
    ],
    [
      'journal and drop',
      ruled({ action: 'journal', database: 'Journal' }, { action: 'drop' }),
      [
        'd#0000 route local deleted: alice@acme.example bob@acme.example',
        'd#0001 mailbox mail/journal pending: alice@acme.example',
      ],
    ],
    [
      'a database that is gone: it waits',
      ruled({ action: 'move', database: 'Gone' }),
      ['d#0000 route local held: alice@acme.example bob@acme.example'],
    ],
    [
      'a journal that is gone, too',
      ruled({ action: 'journal', database: 'Gone' }),
      ['d#0000 route local held: alice@acme.example bob@acme.example'],
    ],
    [
      'a database on another server: SMTP leads there, by its own address',
      elsewhere({ action: 'move', database: 'Far' }),
      ['d#0001 smtp mail2.acme.example pending: far@acme.example'],
    ],
    [
      'a journal there, too',
      elsewhere({ action: 'journal', database: 'Far' }),
      [...both, 'd#0003 smtp mail2.acme.example pending: far@acme.example'],
    ],
    [
      'on a server that nothing leads to: it waits',
      {
        ...elsewhere({ action: 'move', database: 'Far' }),
        configuration: { routing: { smtpWithinLocalDomain: 'disabled' } },
      },
      ['d#0000 route local held: alice@acme.example bob@acme.example'],
    ],
    [
      'there without an address: it waits',
      elsewhere({ action: 'move', database: 'Mute' }),
      ['d#0000 route local held: alice@acme.example bob@acme.example'],
    ],
    ['priority alone', ruled({ action: 'priority', value: 'high' }), both],
    [
      'the journal’s own mail is one copy',
      {
        ...ruled({ action: 'journal', database: 'Alice' }),
        databases: [{ name: 'Alice', mailFile: 'mail/alice' }],
      },
      both,
    ],
  ];
  for (const [why, given, deliveries] of rows)
    test(why, async () => assert.deepEqual(shortPlan(await planned(given)), deliveries));

  test('the reason is the rule', async () => {
    const [failed] = (await planned(ruled({ action: 'return' }))).deliveries[0]!.recipients;
    assert.deepEqual(failed?.because, { document: 'Configuration *', field: 'rules', entry: 'one' });
    assert.equal(failed?.reply, 'Message rejected for policy reasons');
    assert.equal(failed?.failure, 'restriction');
  });

  test('a journal tells nobody', async () => {
    const { deliveries } = await planned(ruled({ action: 'journal', database: 'Journal' }));
    assert.deepEqual(
      deliveries.map(({ recipients }) => recipients[0]?.notify),
      ['SUCCESS', undefined, 'NEVER'],
    );
  });
});

describe('what waits before routing', () => {
  const reasonOf = async (given: RouterWorld) => {
    const { message, deliveries } = await planned(given);
    return `${message.phase} ${deliveries[0]?.state} ${deliveries[0]?.reason ?? ''}`.trim();
  };
  const relayed = (more: object = {}): RouterWorld => ({
    configuration: { routing: { smtpOutsideLocalDomain: true } },
    envelope: { session: stranger, recipients: [{ address: 'x@there.example' }], ...more },
  });
  const rows: readonly (readonly [why: string, given: RouterWorld, reason: string])[] = [
    ['routing is off', { server: { smtpRouting: false } }, 'unrouted pending smtpRouting'],
    ['a rule', ruled({ action: 'hold' }), 'unrouted held rule one'],
    [
      'released, the rule is not asked again',
      { ...ruled({ action: 'hold' }), released: true },
      'routed pending',
    ],
    [
      'released while routing is off',
      { ...ruled({ action: 'hold' }), released: true, server: { smtpRouting: false } },
      'unrouted pending smtpRouting',
    ],
    ['a stranger’s relay that should not have come in', relayed(), 'unrouted held relay x@there.example'],
    ['released, it goes', { ...relayed(), released: true }, 'routed pending'],
    ['who logged in may relay', relayed({ session: asBob }), 'routed pending'],
    [
      'not where logged-in people are checked',
      {
        ...relayed({ session: asBob }),
        configuration: { relayEnforcement: { authenticatedUsers: 'check' } },
      },
      'unrouted held relay x@there.example',
    ],
    ['an internal peer may', relayed({ session: { ...stranger, standing: 'internal' } }), 'routed pending'],
    ['our own report has no session', relayed({ session: undefined, origin: 'report' }), 'routed pending'],
    ['no postmaster', { envelope: { recipients: [{ address: 'postmaster' }] } }, 'routed held no postmaster'],
  ];
  for (const [why, given, reason] of rows) test(why, async () => assert.equal(await reasonOf(given), reason));

  test('the body’s owner, recipients and what they asked for stay, with what decided', async () => {
    const { message, deliveries } = await planned(ruled({ action: 'hold' }));
    const because = { document: 'Configuration *', field: 'rules', entry: 'one' };
    assert.equal(message.envelope.rules?.length, 1);
    assert.deepEqual(deliveries[0]?.recipients[0], {
      address: 'alice@acme.example',
      original: 'alice@acme.example',
      notify: 'SUCCESS',
      outcome: 'waiting',
      because,
    });
    assert.deepEqual(deliveries[0]?.events[0]?.because, because);
  });
});

describe('hop count of copies that the router makes (Configuration, transfer.maximumHopCount)', () => {
  const given = (hops: number): RouterWorld => ({
    configuration: {
      transfer: { maximumHopCount: 5 },
      routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example' },
    },
    people: [
      { name: 'Away/Acme', internetAddress: 'away@acme.example', forwardingAddress: 'x@far.example' },
      { name: 'Here/Acme', internetAddress: 'here@acme.example' },
    ],
    groups: [{ name: 'Both', internetAddress: 'both@acme.example', members: ['Away/Acme', 'Here/Acme'] }],
    envelope: { from: 'y@far.example', recipients: [{ address: 'both@acme.example' }], header: { hops } },
  });
  const outcomes = async (hops: number) =>
    (await planned(given(hops))).deliveries.flatMap(({ recipients }) =>
      recipients.map(({ address, outcome, reply = '' }) => `${address} ${outcome} ${reply}`.trim()),
    );

  test('within: it leaves', async () => {
    assert.deepEqual(await outcomes(3), [
      'both@acme.example expanded',
      'x@far.example waiting',
      'here@acme.example waiting',
    ]);
  });

  test('beyond: a report; what lies in a mailbox goes nowhere', async () => {
    assert.deepEqual(await outcomes(4), [
      'both@acme.example expanded',
      'x@far.example failed Maximum hop count exceeded. Message probably in a routing loop.',
      'here@acme.example waiting',
    ]);
  });
});
