/**
 * `postern explain` says what the listener does: the same code and words for random documents, peers and envelopes,
 * asked of the explanation and said to a running listener with the same settings, directory and DNS.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { explainMessage, type Question } from '../../cli/explain-message.ts';
import type { Explained, ExplainedStep } from '../../cli/explained.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { named, settingsOf, world, type World } from '../mail/policy/world.ts';
import { connect, type Client } from './client.ts';
import { alice, gateway } from './gateway.ts';

const known: World = {
  people: [
    alice,
    { name: 'John Smith/Acme', lastName: 'Smith', shortNames: ['js'], internetAddress: 'john@acme.example' },
    { name: 'Jane Smith/Acme', lastName: 'Smith', internetAddress: 'jane@acme.example', mailSystem: 'none' },
  ],
  groups: [
    { name: 'Team', members: ['Alice Example/Acme'], internetAddress: 'team@acme.example' },
    {
      name: 'Board',
      members: ['John Smith/Acme'],
      internetAddress: 'board@acme.example',
      readers: ['John Smith/Acme'],
    },
    { name: 'Hosts', members: ['[192.0.2.1]', 'relay.abc.com'] },
  ],
  domains: [
    { name: 'Acme', primaryDomain: 'acme.example', aliases: ['west.example'], dominoDomains: ['Sales'] },
  ],
  dns: {
    ...named('192.0.2.10', 'relay.abc.com'),
    ...named('192.0.2.14', 'inside.acme.example'),
    'ptr 192.0.2.11': 'down',
    'a 1.2.0.192.bl.example': ['127.0.0.2'],
    'a 10.2.0.192.bl.example': ['127.0.0.3'],
    'mx there.example': ['mx.there.example'],
    'mx null.example': ['.'],
    'mx broken.example': 'down',
  },
};

const some = (...texts: string[]): fc.Arbitrary<string[]> =>
  fc.subarray(texts, { maxLength: Math.min(2, texts.length) });
const hosts = (): fc.Arbitrary<string[]> =>
  some('[192.0.2.1]', '[192.0.2.0/28]', 'abc.com', 'acme.example', 'Hosts');
const destinations = (): fc.Arbitrary<string[]> => some('xyz.com', '@a.xyz.com', '%Sales', 'there.example');
const denied = (list: () => fc.Arbitrary<string[]>): fc.Arbitrary<string[]> => fc.oneof(list(), some('*'));
const seldom = fc.boolean().chain((one) => (one ? fc.boolean() : fc.constant(false)));
const rare = (list: fc.Arbitrary<string[]>): fc.Arbitrary<string[]> =>
  fc.nat(3).chain((n) => (n === 0 ? list : fc.constant([])));
const blackAction = fc.constantFrom('log', 'tag', 'reject');

const configuration = fc.record({
  inboundRelay: fc.record({
    allowDestinations: destinations(),
    denyDestinations: denied(destinations),
    allowHosts: hosts(),
    denyHosts: denied(hosts),
  }),
  relayEnforcement: fc.record({
    hosts: fc.constantFrom('external', 'all', 'none'),
    excludeHosts: rare(hosts()),
  }),
  privateBlacklist: fc.record({ enabled: seldom, hosts: hosts(), action: blackAction }),
  privateWhitelist: fc.record({ enabled: seldom, hosts: hosts() }),
  dnsBlacklist: fc.record({ enabled: seldom, sites: fc.constant(['bl.example']), action: blackAction }),
  inboundConnections: fc.record({ verifyHostName: seldom, allow: rare(hosts()), deny: rare(hosts()) }),
  inboundSenders: fc.record({
    verifyDomain: fc.boolean(),
    allow: rare(some('there.example', 'acme.example')),
    deny: rare(some('a@there.example', '@xyz.com')),
  }),
  inboundRecipients: fc.record({
    verifyLocal: fc.boolean(),
    rejectAmbiguous: fc.boolean(),
    denyGroups: seldom,
    deny: rare(some('alice@acme.example', 'west.example')),
  }),
  routing: fc.record({
    maximumMessageSize: fc.constantFrom(0, 1, 100),
    addressLookup: fc.constantFrom('fullname-then-local-part', 'fullname', 'local-part'),
    localDomainSmartHost: fc.constantFrom('', '', 'smart.acme.example'),
  }),
  senderAuthentication: fc.constant({ spf: 'off', dkim: 'off', dmarc: 'off' }),
});

const server = fc.record({
  relayDenyWins: fc.boolean(),
  allHostsExternal: fc.boolean(),
  maximumRecipients: fc.constantFrom(1, 2, 1000),
});

const recipient = fc.constantFrom(
  'alice@acme.example',
  'alice@west.example',
  'smith@acme.example',
  'js@acme.example',
  'jane@acme.example',
  'team@acme.example',
  'board@acme.example',
  'nobody@acme.example',
  'postmaster@acme.example',
  'u@xyz.com',
  'u@a.xyz.com',
  'u@there.example',
  'u%Sales@acme.example',
  'u%xyz.com@acme.example',
  'x!u@acme.example',
  '@a.example:u@xyz.com',
  'no address',
);

const question: fc.Arbitrary<Question> = fc.record(
  {
    from: fc.constantFrom(
      '',
      'a@there.example',
      'john@acme.example',
      'a@null.example',
      'a@broken.example',
      'a@none.example',
      'wrong',
    ),
    to: fc.array(recipient, { minLength: 1, maxLength: 4 }),
    port: fc.constant('smtp' as const),
    peer: fc.constantFrom(
      '192.0.2.1',
      '192.0.2.10',
      '192.0.2.11',
      '192.0.2.14',
      '198.51.100.1',
      '2001:db8::1',
    ),
    named: fc.constantFrom(null, 'relay.abc.com', 'x.acme.example'),
    helo: fc.constant('client.example'),
    size: fc.constantFrom(100, 2000),
  },
  { requiredKeys: ['from', 'to', 'port', 'peer', 'helo'] },
);

/** The session as far as it goes: the reply that ends it, and the replies to the recipients. */
async function said(client: Client, { from, to, peer, named: name, size }: Question) {
  const host = name === undefined ? '' : ` NAME=${name ?? '[UNAVAILABLE]'}`;
  const begun = await client.ask(`XCLIENT ADDR=${peer}${host}`);
  if (!begun.startsWith('220')) return { last: begun, recipients: [] };
  await client.ask('EHLO client.example');
  const mail = await client.ask(`MAIL FROM:<${from}>${size === undefined ? '' : ` SIZE=${size}`}`);
  if (!mail.startsWith('250')) return { last: mail, recipients: [] };
  const recipients = await client.askAll(...to.map((one) => `RCPT TO:<${one}>`));
  if (!recipients.some((reply) => reply.startsWith('250'))) return { last: recipients[0]!, recipients };
  return { last: await client.deliver(`From: <${from}>\r\n\r\n`), recipients };
}

function explained({ code, text, recipients }: Explained): { last: string; recipients: string[] } {
  return { last: `${code} ${text}`, recipients: recipients.map(({ reply, outcome }) => reply ?? outcome) };
}

/** What no document decides: an address that cannot be read, or that has a source route. */
function isSyntax({ rule, outcome }: ExplainedStep): boolean {
  return (rule === 'sender' || rule === 'address') && outcome !== 'plain';
}

test('the listener does what the explanation says', async () => {
  const open = { smtpListener: true, trustedProxies: ['[127.0.0.1]'] };
  let settings: Settings = settingsOf({ ...known, server: open });
  await using house = await gateway({
    ...known,
    listener: { settings: { current: () => Promise.resolve(settings) }, refreshSeconds: 3600 },
  });
  const { directory, resolver } = world(known);
  let version = 0;
  const outcomes = new Set<string>();
  await fc.assert(
    fc.asyncProperty(configuration, server, question, async (fields, switches, asked) => {
      const fixed = { ...open, ...switches };
      settings = {
        ...settingsOf({ ...known, configuration: fields, server: fixed }),
        version: `v${++version}`,
      };
      const explanation = await explainMessage({ settings, directory, resolver }, asked);
      const client = await connect(house.ports.smtp);
      await client.reply();
      const real = await said(client, asked);
      client.close();
      for (const step of explanation.steps)
        assert.ok(step.because !== undefined || isSyntax(step), JSON.stringify(step));
      const wanted = explained(explanation);
      outcomes.add(real.last.slice(0, 9));
      assert.ok(real.last.startsWith(wanted.last), `${real.last}\n${wanted.last}`);
      for (const [n, reply] of real.recipients.entries())
        assert.ok(
          reply.startsWith(wanted.recipients[n]!.replace(/^accept$/, '250 ')),
          `${reply}\n${wanted.recipients[n]}`,
        );
    }),
    { numRuns: 1000 },
  );
  assert.ok(outcomes.size > 8, [...outcomes].join());
});

test('where STARTTLS is required, an explanation says so and goes on as if it had been given', async () => {
  const settings = settingsOf({
    ...known,
    server: { smtpListener: true },
    configuration: { inboundCommands: { startTls: 'required' } },
  });
  const { directory, resolver } = world(known);
  const asked = { from: 'a@there.example', to: ['alice@acme.example'], peer: '192.0.2.1', helo: '' };
  for (const [port, told] of [
    ['smtp', true],
    ['smtps', false],
  ] as const) {
    const { steps } = await explainMessage({ settings, directory, resolver }, { ...asked, port });
    const tls = steps.find(({ rule }) => rule === 'TLS');
    assert.equal(tls?.because?.field, told ? 'inboundCommands.startTls' : undefined);
  }
});

test('a closed port and a login that is not offered end an explanation, with their field', async () => {
  const asked = { from: 'a@b.example', to: ['alice@acme.example'], peer: '192.0.2.1', helo: '' };
  const auth = 'Alice Example/Acme';
  for (const [server, more, code, field] of [
    [{ smtpListener: false }, { port: 'smtp' }, 421, 'smtpListener'],
    [
      { smtpListener: true, ports: { smtps: { enabled: false } } },
      { port: 'smtps' },
      421,
      'ports.smtps.enabled',
    ],
    [{ smtpListener: true }, { port: 'smtp', auth }, 502, 'ports.smtp.nameAndPassword'],
  ] as const) {
    const settings = settingsOf({ ...known, server });
    const { directory, resolver } = world(known);
    const told = await explainMessage({ settings, directory, resolver }, { ...asked, ...more });
    assert.equal(told.code, code);
    assert.deepEqual(
      told.steps.map(({ because }) => because?.field),
      [field],
    );
    assert.equal(told.recipients[0]?.because?.field, field);
  }
});

const outside = { smtpOutsideLocalDomain: true, relayHost: 'ses' };
const routes: [given: World, to: string, route: string, field: string, why: string][] = [
  [
    { server: { smtpRouting: false } },
    'alice@acme.example',
    'waits: smtpRouting',
    'smtpRouting',
    'nothing is routed',
  ],
  [
    { configuration: { routing: outside, outboundRecipients: { deny: ['broken.example'] } } },
    'fred@acme.example',
    'waits: ',
    'outboundRecipients',
    'the name of a mail server could decide, and DNS cannot be asked',
  ],
  [
    { configuration: { routing: outside } },
    'fred@acme.example',
    'report to the sender: Amazon SES takes mail of verified senders only',
    'routing.forwardingSender',
    'what a stranger sent and a person forwards',
  ],
];

test('an explanation ends where the router does', async () => {
  const fred = {
    name: 'Fred Far/Acme',
    internetAddress: 'fred@acme.example',
    forwardingAddress: 'f@unknown.example',
  };
  const dns = { ...known.dns, 'mx unknown.example': 'down' as const };
  for (const [given, to, route, field, why] of routes) {
    const whole = { ...known, ...given, people: [...known.people!, fred], dns };
    const settings = settingsOf({ ...whole, server: { smtpListener: true, ...given.server } });
    const { directory, resolver } = world(whole);
    const asked = { from: 'a@there.example', to: [to], port: 'smtp', peer: '192.0.2.1', helo: '' } as const;
    const { outcome, recipients } = await explainMessage({ settings, directory, resolver }, asked);
    assert.equal(outcome, 'accept', why);
    assert.ok(recipients[0]!.route.startsWith(route), `${recipients[0]!.route}: ${why}`);
    assert.equal(recipients[0]!.because?.field, field, why);
  }
});
