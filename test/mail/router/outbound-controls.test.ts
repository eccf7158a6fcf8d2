/** Outbound controls: who may write to other domains, to which, and when DNS is asked (rules X1 to X5). */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DnsUnavailable } from '../../../mail/relay/doors.ts';
import { routeRecipient } from '../../../mail/router/route.ts';
import { leavesOf, people, routed, routerWorld, type RouterWorld } from './world.ts';

const sent = ['x@there.example by direct there.example'];
const refused = ['restriction: Message rejected for policy reasons'];
const mx = { 'mx there.example': ['MX1.host.example.'] };

function lists(fields: object, more: RouterWorld = {}): RouterWorld {
  return { ...more, configuration: { routing: { smtpOutsideLocalDomain: true }, ...fields } };
}

type Row = readonly [why: string, given: RouterWorld, leads: readonly string[], recipient?: string];

function table(rows: readonly Row[]): void {
  for (const [why, given, leads, recipient = 'x@there.example'] of rows)
    test(why, async () => {
      assert.deepEqual(await routed(recipient, given), leads);
    });
}

const from = (text: string): RouterWorld => ({ envelope: { from: text } });
const bob = from('bob@acme.example');

describe('outbound senders', () => {
  table([
    ['no lists', lists({}, bob), sent],
    ['denied', lists({ outboundSenders: { deny: ['BOB@acme.example'] } }, bob), refused],
    ['another is denied', lists({ outboundSenders: { deny: ['carl@acme.example'] } }, bob), sent],
    ['allowed', lists({ outboundSenders: { allow: ['bob@acme.example'] } }, bob), sent],
    ['only others are allowed', lists({ outboundSenders: { allow: ['carl@acme.example'] } }, bob), refused],
    [
      'both: denied',
      lists({ outboundSenders: { allow: ['bob@acme.example'], deny: ['bob@acme.example'] } }, bob),
      refused,
    ],
    [
      'a member of an allowed group',
      lists(
        { outboundSenders: { allow: ['Writers'] } },
        { ...bob, people, groups: [{ name: 'Writers', members: ['Bob Example/Acme'] }] },
      ),
      sent,
    ],
    ['not for <>', lists({ outboundSenders: { allow: ['carl@acme.example'] } }, from('')), sent],
    [
      'local recipients are nobody’s concern',
      lists({ outboundSenders: { deny: ['bob@acme.example'] } }, bob),
      ['in mail/alice'],
      'alice@acme.example',
    ],
  ]);

  const forwarder = [
    {
      name: 'Ann',
      internetAddress: 'ann@acme.example',
      userNames: ['annie@acme.example'],
      forwardingAddress: 'x@there.example',
    },
  ];
  const rules: readonly Row[] = [
    [
      'a forwarded copy is its forwarder’s',
      lists(
        { outboundSenders: { allow: ['ann@acme.example'] } },
        { people: forwarder, ...from('stranger@far.example') },
      ),
      sent,
      'ann@acme.example',
    ],
    [
      'by whatever address it came',
      lists(
        { outboundSenders: { deny: ['ann@acme.example'] } },
        { people: forwarder, ...from('stranger@far.example') },
      ),
      refused,
      'annie@acme.example',
    ],
    [
      'not its sender’s',
      lists(
        { outboundSenders: { deny: ['stranger@far.example'] } },
        { people: forwarder, ...from('stranger@far.example') },
      ),
      sent,
      'ann@acme.example',
    ],
  ];
  table(rules);
});

describe('outbound recipients', () => {
  const deny = (...entries: string[]) =>
    lists({ outboundRecipients: { deny: entries } }, { ...bob, dns: mx });
  const allow = (...entries: string[]) =>
    lists({ outboundRecipients: { allow: entries } }, { ...bob, dns: mx });
  table([
    ['a denied domain', deny('there.example'), refused],
    ['everything below it', deny('there.example'), refused, 'x@deep.there.example'],
    [
      'only exactly that domain',
      deny('@there.example'),
      ['x@deep.there.example by direct deep.there.example'],
      'x@deep.there.example',
    ],
    ['a denied address', deny('X@there.example'), refused],
    ['a mail server of the domain', deny('mx1.host.example'), refused],
    ['not one above it', deny('host.example'), sent],
    ['an allowed domain', allow('there.example'), sent],
    ['only others', allow('far.example'), refused],
    ['an allowed mail server', allow('mx1.host.example'), sent],
    ['an address literal has no mail servers', allow('mx1.host.example'), refused, 'x@[192.0.2.1]'],
    [
      'denied by its mail server, allowed by name',
      lists(
        { outboundRecipients: { allow: ['there.example'], deny: ['mx1.host.example'] } },
        { ...bob, dns: mx },
      ),
      refused,
    ],
  ]);

  test('the refusal names field and entry', async () => {
    const [leaf] = await leavesOf('x@there.example', deny('there.example'));
    assert.deepEqual(leaf?.because, {
      document: 'Configuration *',
      field: 'outboundRecipients.deny',
      entry: 'there.example',
    });
  });

  test('DNS is not asked where only addresses and exact domains stand in the lists', async () => {
    const context = routerWorld(deny('someone@there.example', '@far.example'));
    await routeRecipient({ address: 'x@there.example' }, context);
    assert.deepEqual(context.asked, []);
  });

  test('each domain is asked for once in a message', async () => {
    const context = routerWorld({
      ...deny('mx9.host.example'),
      groups: [
        { name: 'All', internetAddress: 'all@acme.example', members: ['a@there.example', 'b@there.example'] },
      ],
    });
    await routeRecipient({ address: 'all@acme.example' }, context);
    assert.deepEqual(context.asked, ['mx there.example']);
  });

  test('DNS that cannot be asked throws, so that the work comes again', async () => {
    const given = { ...deny('mx1.host.example'), dns: { 'mx there.example': 'down' as const } };
    await assert.rejects(leavesOf('x@there.example', given), DnsUnavailable);
  });
});
