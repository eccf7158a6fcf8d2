/** Plans: how leaves become deliveries, what each carries, and what waits. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fitsOneTransaction } from '../../../aws/spool-plan.ts';
import { now } from '../../builders/spool.ts';
import { asBob, people, planned, shortPlan, stranger, type RouterWorld } from './world.ts';

const relay = { smtpOutsideLocalDomain: true, relayHost: 'relay.example' };
const out: RouterWorld = { configuration: { routing: relay } };
const to = (...addresses: string[]) => ({ recipients: addresses.map((address) => ({ address })) });

type Row = readonly [why: string, given: RouterWorld, deliveries: readonly string[]];

function table(rows: readonly Row[]): void {
  for (const [why, given, deliveries] of rows)
    test(why, async () => assert.deepEqual(shortPlan(await planned(given)), deliveries));
}

const sales = { name: 'Sales', internetAddress: 'sales@acme.example' };
const east = { name: 'East', internetAddress: 'east@acme.example' };

test('where a quota limits the mail file, the delivery says whose it is', async () => {
  const limited = { name: 'Lim Ited/Acme', internetAddress: 'lim@acme.example', quotaMB: 5 };
  const databases = [{ name: 'Sink', internetAddress: 'sink@acme.example', quotaMB: 1 }];
  const given = { people: [...people, limited], databases };
  const recipients = to('alice@acme.example', 'lim@acme.example');
  const rules = [{ action: 'journal', database: 'Sink', rule: 'all', document: 'Configuration *' } as const];
  const { deliveries } = await planned({ ...given, envelope: { ...recipients, rules } });
  assert.deepEqual(
    deliveries.map(({ quotaMB, quotaOf }) => [quotaMB, quotaOf]),
    [
      [0, undefined],
      [5, { form: 'Person', name: 'Lim Ited/Acme' }],
      [1, { form: 'MailInDatabase', name: 'Sink' }],
    ],
  );
});

describe('deliveries', () => {
  const there = ['a@there.example', 'b@there.example', 'c@far.example'];
  table([
    [
      'one for each mail file',
      { envelope: to('alice@acme.example', 'bob@acme.example') },
      [
        'd#0001 mailbox mail/alice pending: alice@acme.example',
        'd#0002 mailbox mail/bob pending: bob@acme.example',
      ],
    ],
    [
      'one for a mail file of several addresses',
      { envelope: to('alice@acme.example', 'Alice_Example@acme.example') },
      ['d#0001 mailbox mail/alice pending: alice@acme.example Alice_Example@acme.example'],
    ],
    [
      'a recipient named twice is one',
      { envelope: to('alice@acme.example', 'alice@acme.example') },
      ['d#0001 mailbox mail/alice pending: alice@acme.example'],
    ],
    [
      'one for each next hop',
      { ...out, envelope: { session: asBob, ...to(...there) } },
      [`d#0001 smtp relay.example pending: ${there.join(' ')}`],
    ],
    [
      'for direct each domain is one',
      {
        configuration: { routing: { smtpOutsideLocalDomain: true } },
        envelope: { session: asBob, ...to(...there) },
      },
      [
        'd#0001 direct there.example pending: a@there.example b@there.example',
        'd#0002 direct far.example pending: c@far.example',
      ],
    ],
    [
      'what routing settled is d#0000',
      { envelope: { from: 'x@far.example', ...to('ghost@acme.example', 'alice@acme.example') } },
      [
        'd#0000 route local failed: ghost@acme.example',
        'd#0001 mailbox mail/alice pending: alice@acme.example',
      ],
    ],
    [
      'a person in two groups has one copy',
      {
        groups: [
          { ...sales, members: ['East', 'Alice Example/Acme'] },
          { ...east, members: ['alice@acme.example'] },
        ],
        envelope: to('sales@acme.example'),
      },
      [
        'd#0000 route local delivered: sales@acme.example east@acme.example',
        'd#0001 mailbox mail/alice pending: alice@acme.example',
      ],
    ],
    [
      'so has a stranger in two groups, by the shorter way',
      {
        ...out,
        groups: [
          { ...sales, members: ['East', 'x@There.example'] },
          { ...east, members: ['x@there.example'] },
        ],
        envelope: to('sales@acme.example'),
      },
      [
        'd#0000 route local delivered: sales@acme.example east@acme.example',
        'd#0001 smtp relay.example pending: x@There.example',
      ],
    ],
    [
      'elsewhere the case of a local part may matter',
      {
        ...out,
        groups: [{ ...sales, members: ['x@there.example', 'X@there.example'] }],
        envelope: to('sales@acme.example'),
      },
      [
        'd#0000 route local delivered: sales@acme.example',
        'd#0001 smtp relay.example pending: x@there.example X@there.example',
      ],
    ],
    [
      'a domain of a document is spelled so that every host takes it, where the local part is',
      {
        ...out,
        groups: [{ ...sales, members: ['x@Bücher.example', 'jörg@bücher.example'] }],
        envelope: to('sales@acme.example'),
      },
      [
        'd#0000 route local delivered: sales@acme.example',
        'd#0001 smtp relay.example pending: x@xn--bcher-kva.example jörg@bücher.example',
      ],
    ],
    [
      'but not where the message may carry it as it is',
      {
        ...out,
        groups: [{ ...sales, members: ['x@Bücher.example'] }],
        envelope: { smtpUtf8: true, ...to('sales@acme.example') },
      },
      [
        'd#0000 route local delivered: sales@acme.example',
        'd#0001 smtp relay.example pending: x@Bücher.example',
      ],
    ],
    [
      'also where routing keeps it for a person, who may let it leave',
      {
        configuration: { routing: { smtpOutsideLocalDomain: false }, undeliverable: { hold: true } },
        groups: [{ ...sales, members: ['x@there.example', 'X@there.example'] }],
        envelope: to('sales@acme.example'),
      },
      ['d#0000 route local held: sales@acme.example x@there.example X@there.example'],
    ],
  ]);

  test('a next hop with 250 recipients is three records', async () => {
    const many = Array.from({ length: 250 }, (_, n) => `u${n}@there.example`);
    const plan = await planned({ ...out, envelope: { session: asBob, ...to(...many) } });
    assert.deepEqual(
      plan.deliveries.map(({ recipients }) => recipients.length),
      [100, 100, 50],
    );
    assert.deepEqual(
      plan.deliveries.flatMap(({ recipients }) => recipients.map(({ address }) => address)),
      many,
    );
  });

  test('records stay under 64 KB, however long addresses and ORCPT are', async () => {
    const many = Array.from({ length: 300 }, (_, n) => ({
      address: `${'u'.repeat(200)}${n}@there.example`,
      orcpt: `rfc822;${'o'.repeat(490)}`,
    }));
    const { deliveries } = await planned({ ...out, envelope: { session: asBob, recipients: many } });
    for (const delivery of deliveries) assert.ok(JSON.stringify(delivery).length < 64_000);
    assert.equal(deliveries.flatMap(({ recipients }) => recipients).length, 300);
  });

  test('the message’s record fits an item, whatever the envelope has', async () => {
    const many = Array.from({ length: 1000 }, (_, n) => ({
      address: `${'u'.repeat(200)}${n}@there.example`,
      orcpt: `rfc822;${'o'.repeat(490)}`,
    }));
    const { message } = await planned({ ...out, envelope: { session: asBob, recipients: many } });
    assert.ok(JSON.stringify(message).length < 400_000);
  });

  test('more than ninety deliveries are a large plan', async () => {
    const groups = [{ ...sales, members: Array.from({ length: 95 }, (_, n) => `P${n}`) }];
    const many = Array.from({ length: 95 }, (_, n) => ({
      name: `P${n}`,
      internetAddress: `p${n}@acme.example`,
    }));
    const plan = await planned({ groups, people: many, envelope: to('sales@acme.example') });
    assert.equal(plan.deliveries.length, 96);
    assert.equal(fitsOneTransaction(plan), false);
  });
});

describe('what a delivery carries', () => {
  const fields = (edits: readonly { op: string; field?: string }[]) => edits.map(({ field }) => field);

  test('into a mailbox: Return-Path on top, Delivered-To below', async () => {
    const envelope = {
      ...to('alice@acme.example'),
      edits: [{ op: 'prepend' as const, field: 'Received: x' }],
    };
    const { deliveries } = await planned({ envelope });
    assert.deepEqual(fields(deliveries[0]!.edits), [
      'Received: x',
      'Delivered-To: alice@acme.example',
      'Return-Path: <bob@elsewhere.example>',
    ]);
    assert.equal(deliveries[0]!.from, 'bob@elsewhere.example');
  });

  test('a forwarded copy: Delivered-To of each address it was at', async () => {
    const forwards = (name: string, forwardingAddress: string) => ({
      name,
      internetAddress: `${name}@acme.example`,
      forwardingAddress,
    });
    const given = {
      ...out,
      people: [forwards('ann', 'ben@acme.example'), forwards('ben', 'b@there.example')],
      envelope: to('ann@acme.example'),
    };
    const { deliveries } = await planned(given);
    assert.deepEqual(fields(deliveries[0]!.edits), [
      'Delivered-To: ann@acme.example',
      'Delivered-To: ben@acme.example',
    ]);
    assert.equal(deliveries[0]!.recipients[0]!.original, 'ann@acme.example');
  });

  test('names of groups are no addresses', async () => {
    const given = {
      ...out,
      groups: [
        { ...sales, members: ['East'] },
        { name: 'East', members: ['x@there.example'] },
      ],
      envelope: to('sales@acme.example'),
    };
    const { deliveries } = await planned(given);
    assert.deepEqual(fields(deliveries[1]!.edits), ['Delivered-To: sales@acme.example']);
  });

  test('an address that is not ASCII stays out of an ASCII header', async () => {
    const given = {
      people: [{ name: 'Uwe', internetAddress: 'üwe@acme.example' }],
      envelope: to('üwe@acme.example'),
    };
    assert.deepEqual(fields((await planned(given)).deliveries[0]!.edits), [
      'Return-Path: <bob@elsewhere.example>',
    ]);
  });

  test('but a domain has a spelling for it', async () => {
    const forwards = {
      name: 'Ann',
      internetAddress: 'ann@acme.example',
      forwardingAddress: 'ben@Bücher.example',
    };
    const domains = [{ name: 'Acme', primaryDomain: 'acme.example', aliases: ['bücher.example'] }];
    const people = [forwards, { name: 'Ben', internetAddress: 'ben@acme.example' }];
    const [delivery] = (await planned({ people, domains, envelope: to('ann@acme.example') })).deliveries;
    assert.deepEqual(fields(delivery!.edits).slice(0, 2), [
      'Delivered-To: ann@acme.example',
      'Delivered-To: ben@xn--bcher-kva.example',
    ]);
  });

  test('deadline and delay run from when it may leave', async () => {
    const [delivery] = (
      await planned({
        ...out,
        configuration: { transfer: { timeoutHours: 2, delayNotificationMinutes: 30 } },
      })
    ).deliveries;
    assert.equal(delivery?.expireAt, '2026-11-21T14:00:00.000Z');
    assert.equal(delivery?.delayAt, '2026-11-21T12:30:00.000Z');
    assert.equal(delivery?.dueAt, now.toISOString());
    assert.equal(delivery?.wakeAt, '2026-11-21T12:02:00.000Z');
  });

  test('a failure is owed to the sender, with its words, class and reason', async () => {
    const { deliveries } = await planned({
      envelope: { from: 'x@far.example', ...to('ghost@acme.example') },
    });
    const [ghost] = deliveries[0]!.recipients;
    assert.equal(ghost?.owes, 'failed');
    assert.equal(ghost?.replyBy, 'X-Notes');
    assert.equal(ghost?.failure, 'user');
    assert.deepEqual(ghost?.because, {
      document: 'Configuration *',
      field: 'routing.addressLookup',
      entry: 'fullname-then-local-part',
    });
    assert.equal(
      deliveries[0]?.events[0]?.reply,
      'User ghost (ghost@acme.example) not listed in Domino Directory',
    );
  });

  test('a failure of mail from <> is dead: nobody can be told', async () => {
    const { deliveries } = await planned({ envelope: { from: '', ...to('ghost@acme.example') } });
    assert.equal(deliveries[0]?.state, 'dead');
  });
});

describe('as whom copies leave', () => {
  const forwarding = {
    ...out,
    people: [
      ...people,
      { name: 'Ann', internetAddress: 'ann@acme.example', forwardingAddress: 'x@there.example' },
    ],
  };
  const rewrite = { configuration: { routing: { ...relay, forwardingSender: 'rewrite' } } };
  const groups = [{ ...sales, members: ['x@there.example', 'Alice Example/Acme'] }];
  const from = async (given: RouterWorld) =>
    (await planned(given)).deliveries
      .filter(({ transport }) => transport !== 'route')
      .map(({ transport, from }) => `${transport} ${from}`);
  const srs = /^smtp SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\.example=carl@acme\.example$/;
  const carl = { from: 'carl@far.example' };

  test('a stranger’s forwarded mail keeps its sender', async () => {
    assert.deepEqual(await from({ ...forwarding, envelope: { ...carl, ...to('ann@acme.example') } }), [
      'smtp carl@far.example',
    ]);
  });
  test('or leaves in our name', async () => {
    assert.match(
      (await from({ ...forwarding, ...rewrite, envelope: { ...carl, ...to('ann@acme.example') } }))[0]!,
      srs,
    );
  });
  test('so does an expanded copy, but not the one in a mailbox', async () => {
    const [outside, inside] = await from({
      ...rewrite,
      groups,
      envelope: { ...carl, ...to('sales@acme.example') },
    });
    assert.match(outside!, srs);
    assert.equal(inside, 'mailbox carl@far.example');
  });
  test('what goes straight on does not', async () => {
    assert.deepEqual(
      await from({
        ...rewrite,
        envelope: { ...carl, session: { ...stranger, standing: 'excluded' }, ...to('x@there.example') },
        configuration: { ...rewrite.configuration, relayEnforcement: { excludeHosts: ['[192.0.2.1]'] } },
      }),
      ['smtp carl@far.example'],
    );
  });
  test('a stranger’s mail that an excluded peer brings is passed on in our name, too', async () => {
    const session = { ...stranger, standing: 'excluded' as const };
    const [sender] = await from({
      ...forwarding,
      ...rewrite,
      envelope: { ...carl, session, ...to('ann@acme.example') },
    });
    assert.match(sender!, srs);
  });
  test('<> stays <>', async () => {
    assert.deepEqual(
      await from({ ...forwarding, ...rewrite, envelope: { from: '', ...to('ann@acme.example') } }),
      ['smtp '],
    );
  });
  test('a failure that comes back goes to who sent it', async () => {
    const [sent] = (
      await planned({ ...forwarding, ...rewrite, envelope: { ...carl, ...to('ann@acme.example') } })
    ).deliveries;
    const back = await planned({ ...forwarding, ...rewrite, envelope: { from: '', ...to(sent!.from) } });
    assert.deepEqual(shortPlan(back), ['d#0001 smtp relay.example pending: carl@far.example']);
  });
  test('a forged one goes nowhere', async () => {
    const { deliveries } = await planned({
      ...rewrite,
      envelope: { ...carl, ...to('SRS0=AAAAAAAA=AA=far.example=carl@acme.example') },
    });
    assert.match(deliveries[0]!.recipients[0]!.reply!, /not listed in Domino Directory/);
  });

  test('strangers’ mail passed on to Amazon SES fails at once and says what to do', async () => {
    const ses = { configuration: { routing: { ...relay, relayHost: 'ses' } } };
    const { deliveries } = await planned({
      ...forwarding,
      ...ses,
      envelope: { ...carl, ...to('ann@acme.example') },
    });
    assert.match(
      deliveries[0]!.recipients[0]!.reply!,
      /verified senders only.*routing\.forwardingSender to rewrite/,
    );
    const rewritten = {
      configuration: { routing: { ...ses.configuration.routing, forwardingSender: 'rewrite' } },
    };
    const again = await planned({
      ...forwarding,
      ...rewritten,
      envelope: { ...carl, ...to('ann@acme.example') },
    });
    assert.deepEqual(shortPlan(again), ['d#0001 ses ses pending: x@there.example']);
  });

  const jane = { name: 'Jane Doe/Acme', internetAddress: 'jane@acme.example', shortNames: ['jdoe'] };
  const hers: RouterWorld = {
    people: [...people, jane],
    configuration: { routing: relay, dkimSigning: [{ domain: 'Acme.example', selector: 's', secret: 'k' }] },
    header: 'From: jdoe@acme.example\r\nSubject: Hello\r\n\r\n',
    envelope: {
      from: 'jdoe@acme.example',
      session: { ...stranger, auth: 'Jane Doe/Acme' },
      ...to('x@there.example', 'alice@acme.example'),
    },
  };

  test('our own people’s mail leaves converted and signed; what stays is as it was', async () => {
    const [outside, inside] = (await planned(hers)).deliveries;
    assert.equal(outside?.from, 'jane@acme.example');
    assert.deepEqual(outside?.edits, [
      { op: 'replace', name: 'From', n: 1, field: 'From: jane@acme.example', length: 25 },
    ]);
    assert.equal(outside?.sign, 'acme.example');
    assert.equal(inside?.from, 'jdoe@acme.example');
    assert.equal(inside?.sign, undefined);
    assert.deepEqual(
      inside?.edits.map(({ op }) => op),
      ['prepend', 'prepend'],
    );
  });

  test('a signature names an international domain in A-labels', async () => {
    const [outside] = (
      await planned({
        ...hers,
        domains: [{ name: 'Acme', primaryDomain: 'bücher.example' }],
        people: [{ ...jane, internetAddress: 'jane@bücher.example' }],
        configuration: {
          routing: relay,
          dkimSigning: [{ domain: 'Bücher.example', selector: 's', secret: 'k' }],
        },
        header: 'From: jane@xn--bcher-kva.example\r\n\r\n',
      })
    ).deliveries;
    assert.equal(outside?.sign, 'xn--bcher-kva.example');
  });

  test('a stranger who writes her name is neither converted nor signed', async () => {
    const envelope = { ...hers.envelope, session: { ...stranger }, ...to('ann@acme.example') };
    const [copy] = (await planned({ ...hers, people: [...forwarding.people, jane], envelope })).deliveries;
    assert.equal(copy?.from, 'jdoe@acme.example');
    assert.equal(copy?.sign, undefined);
    assert.deepEqual(
      copy?.edits.map(({ op }) => op),
      ['prepend'],
    );
  });
  test('without an entry for the author’s domain nothing is signed', async () => {
    const configuration = {
      ...hers.configuration,
      dkimSigning: [{ domain: 'far.example', selector: 's', secret: 'k' }],
    };
    assert.equal((await planned({ ...hers, configuration })).deliveries[0]?.sign, undefined);
  });
  test('a report of ours is signed and not converted', async () => {
    const header = 'From: Postmaster@acme.example\r\nReply-To: jdoe@acme.example\r\n\r\n';
    const { session: _, ...rest } = hers.envelope!;
    const [report] = (
      await planned({
        ...hers,
        header,
        envelope: {
          ...rest,
          session: undefined,
          origin: 'report',
          from: '',
          ...to('x@there.example'),
        } as never,
      })
    ).deliveries;
    assert.equal(report?.sign, 'acme.example');
    assert.deepEqual(report?.edits, []);
    assert.equal(report?.from, '');
  });
});

describe('low priority', () => {
  const low = { priority: 'low' as const };
  const at = (time: string) => ({ now: new Date(`2026-11-21T${time}:00.000Z`) });
  const due = async (given: RouterWorld) =>
    (
      await planned({
        ...out,
        ...given,
        envelope: { session: asBob, ...to('x@there.example', 'alice@acme.example'), ...given.envelope },
      })
    ).deliveries.map(({ dueAt }) => dueAt.slice(8, 16));
  const hours = (lowPriorityHours: string) => ({
    configuration: { routing: relay, transfer: { lowPriorityHours } },
  });
  const rows: readonly (readonly [why: string, given: RouterWorld, due: readonly string[]])[] = [
    ['normal mail at once', at('12:00'), ['21T12:00', '21T12:00']],
    [
      'low waits for the hours; what stays here does not',
      { ...at('12:00'), envelope: { header: low } },
      ['22T00:00', '21T12:00'],
    ],
    ['within the hours at once', { ...at('03:00'), envelope: { header: low } }, ['21T03:00', '21T03:00']],
    ['their end is outside', { ...at('06:00'), envelope: { header: low } }, ['22T00:00', '21T06:00']],
    [
      'hours over midnight',
      { ...at('23:00'), ...hours('22:00-05:00'), envelope: { header: low } },
      ['21T23:00', '21T23:00'],
    ],
    [
      'and before them',
      { ...at('21:59'), ...hours('22:00-05:00'), envelope: { header: low } },
      ['21T22:00', '21T21:59'],
    ],
    [
      'over the size that makes it low',
      {
        ...at('12:00'),
        configuration: { routing: { ...relay, lowPriorityAbove: 1 } },
        envelope: { size: 1025 },
      },
      ['22T00:00', '21T12:00'],
    ],
    [
      'not at that size',
      {
        ...at('12:00'),
        configuration: { routing: { ...relay, lowPriorityAbove: 1 } },
        envelope: { size: 1024 },
      },
      ['21T12:00', '21T12:00'],
    ],
    [
      'priority ignored',
      {
        ...at('12:00'),
        configuration: { routing: { ...relay, ignorePriority: true } },
        envelope: { header: low },
      },
      ['21T12:00', '21T12:00'],
    ],
    [
      'a rule sets it, the last one',
      {
        ...at('12:00'),
        envelope: {
          rules: [
            { rule: 'a', document: 'c', action: 'priority', value: 'high' },
            { rule: 'b', document: 'c', action: 'priority', value: 'low' },
          ],
        },
      },
      ['22T00:00', '21T12:00'],
    ],
    [
      'against the header',
      {
        ...at('12:00'),
        envelope: { header: low, rules: [{ rule: 'a', document: 'c', action: 'priority', value: 'normal' }] },
      },
      ['21T12:00', '21T12:00'],
    ],
  ];
  for (const [why, given, expected] of rows)
    test(why, async () => assert.deepEqual(await due(given), expected));

  test('it wakes when it is due, and its clock starts then', async () => {
    const [delivery] = (
      await planned({ ...out, envelope: { session: asBob, header: low, ...to('x@there.example') } })
    ).deliveries;
    assert.equal(delivery?.wakeAt, '2026-11-22T00:00:00.000Z');
    assert.equal(delivery?.expireAt, '2026-11-23T00:00:00.000Z');
  });

  const reasons: readonly (readonly [why: string, envelope: object, because: object])[] = [
    [
      'the sender asked for it: the hours',
      { header: low },
      { document: 'Configuration *', field: 'transfer.lowPriorityHours', entry: '00:00-06:00' },
    ],
    [
      'its size, whatever else says so',
      { header: low, size: 5000 },
      { document: 'Configuration *', field: 'routing.lowPriorityAbove', entry: '1' },
    ],
    [
      'a rule',
      { rules: [{ rule: 'slow', document: 'Configuration *', action: 'priority', value: 'low' }] },
      { document: 'Configuration *', field: 'rules', entry: 'slow' },
    ],
  ];
  for (const [why, envelope, because] of reasons)
    test(`says why it waits: ${why}`, async () => {
      const { deliveries } = await planned({
        configuration: { routing: { ...relay, lowPriorityAbove: 1 } },
        envelope: { session: asBob, ...to('x@there.example'), ...envelope },
      });
      const event = deliveries[0]?.events.at(-1);
      assert.equal(deliveries[0]?.reason, 'low priority');
      assert.equal(event?.outcome, 'low priority, leaves at 2026-11-22T00:00:00.000Z');
      assert.deepEqual(event.because, because);
    });

  test('what leaves at once waits for nothing', async () => {
    const { deliveries } = await planned({ ...out, envelope: { session: asBob, ...to('x@there.example') } });
    assert.deepEqual([deliveries[0]?.reason, deliveries[0]?.events.length], [undefined, 1]);
  });

  const bigger = { ...relay, lowPriorityAbove: 1 };
  const told = async (lowPriorityNotification: string, envelope: object) => {
    const configuration = { routing: bigger, transfer: { lowPriorityNotification } };
    const { deliveries } = await planned({
      configuration,
      envelope: { session: asBob, from: 'bob@acme.example', ...to('x@there.example'), ...envelope },
    });
    return deliveries[0]?.recipients[0]?.owes;
  };
  const telling: readonly (readonly [
    setting: string,
    why: string,
    envelope: object,
    owes: string | undefined,
  ])[] = [
    ['never', 'asked for', { header: low }, undefined],
    ['requested', 'asked for', { header: low }, 'delayed'],
    ['requested', 'by size', { size: 5000 }, undefined],
    ['policy', 'by size', { size: 5000 }, 'delayed'],
    ['policy', 'asked for', { header: low }, undefined],
    ['all', 'by size', { size: 5000 }, 'delayed'],
    ['all', 'asked for', { header: low }, 'delayed'],
    ['all', 'normal mail', {}, undefined],
    ['all', 'from <>', { from: '', header: low }, undefined],
    [
      'all',
      'without DELAY',
      { header: low, recipients: [{ address: 'x@there.example', notify: 'FAILURE' }] },
      undefined,
    ],
  ];
  for (const [setting, why, envelope, owes] of telling)
    test(`notification ${setting}, ${why}`, async () => assert.equal(await told(setting, envelope), owes));
});
