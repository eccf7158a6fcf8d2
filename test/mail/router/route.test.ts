/** Where a recipient leads, rule by rule. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DirectoryUnavailable } from '../../../mail/directory/directory.ts';
import { routeRecipient } from '../../../mail/router/route.ts';
import { leavesOf, people, routed, routerWorld, stranger, type RouterWorld } from './world.ts';

type Row = readonly [why: string, recipient: string, given: RouterWorld, leads: readonly string[]];

function table(rows: readonly Row[]): void {
  for (const [why, recipient, given, leads] of rows)
    test(`${why}: ${recipient}`, async () => {
      assert.deepEqual(await routed(recipient, given), leads);
    });
}

const aliases = {
  domains: [{ name: 'Acme', primaryDomain: 'acme.example', aliases: ['acme-west.example', '*.lab.example'] }],
};
const notListed = (who: string) => `user: User ${who} not listed in Domino Directory`;
const out = { configuration: { routing: { smtpOutsideLocalDomain: true } } };
const routing = (fields: object, more: RouterWorld = {}): RouterWorld => ({
  ...more,
  configuration: { routing: fields },
});

describe('recipients of our own domains', () => {
  table([
    ['by Internet address', 'alice@acme.example', {}, ['in mail/alice']],
    ['case does not matter', 'ALICE@Acme.Example', {}, ['in mail/alice']],
    ['an alias domain is its primary', 'alice@acme-west.example', aliases, ['in mail/alice']],
    ['a wildcard alias, too', 'alice@x.lab.example', aliases, ['in mail/alice']],
    ['by common name with underscores', 'Alice_Example@acme.example', {}, ['in mail/alice']],
    ['the server’s host name is local', 'Alice_Example@mail1.acme.example', {}, ['in mail/alice']],
    ['nobody', 'ghost@acme.example', {}, [notListed('ghost (ghost@acme.example)')]],
    [
      'two of one name',
      'Example@acme.example',
      { people: people.map((one) => ({ ...one, lastName: 'Example' })) },
      ['user: User Example (Example@acme.example) not unique. Several matches found in Domino Directory.'],
    ],
    ['a quoted local part is unquoted', '"alice example"@acme.example', {}, ['in mail/alice']],
    ['our own Domino domain is taken away', 'alice%ACME@acme.example', {}, ['in mail/alice']],
    [
      'a percent that is no Domino domain routes nothing',
      'a%there.example@acme.example',
      {},
      [notListed('a%there.example (a%there.example@acme.example)')],
    ],
    [
      'an @ left after unquoting, even past a smart host',
      '"a@b"@acme.example',
      routing({ localDomainSmartHost: 'smart.example' }),
      [notListed('a@b ("a@b"@acme.example)')],
    ],
    ['what is no address', 'not an address', {}, [notListed('not an address')]],
    [
      'mail system none',
      'carl@acme.example',
      { people: [{ name: 'Carl/Acme', internetAddress: 'carl@acme.example', mailSystem: 'none' }] },
      ['user: Cannot route mail to user Carl/Acme'],
    ],
    [
      'a mail-in database is like a person',
      'support@acme.example',
      { databases: [{ name: 'Support', internetAddress: 'support@acme.example', mailFile: 'mail\\Help' }] },
      ['in mail/help'],
    ],
  ]);

  test('a directory that cannot be read throws, so that the work comes again', async () => {
    await assert.rejects(leavesOf('alice@acme.example', { directoryDown: true }), DirectoryUnavailable);
  });

  test('the leaf says which document decided', async () => {
    const [leaf] = await leavesOf('alice@acme.example');
    assert.deepEqual(leaf?.because, {
      document: 'Person Alice Example/Acme',
      field: 'mailFile',
      entry: 'mail/alice',
    });
  });
});

describe('smart host', () => {
  const smart = { localDomainSmartHost: 'smart.example:2525' };
  table([
    ['known people stay', 'alice@acme.example', routing(smart), ['in mail/alice']],
    [
      'unknown people go there',
      'ghost@acme.example',
      routing(smart),
      ['ghost@acme.example by smtp smart.example:2525'],
    ],
    [
      'all of them, where it says so',
      'alice@acme.example',
      routing({ ...smart, smartHostForAllLocalRecipients: true }),
      ['alice@acme.example by smtp smart.example:2525'],
    ],
    [
      'for all, but there is none',
      'alice@acme.example',
      routing({ smartHostForAllLocalRecipients: true }),
      ['in mail/alice'],
    ],
    ['never other domains', 'x@there.example', routing(smart), [noRoute('there.example')]],
  ]);
});

describe('postmaster', () => {
  const postmaster = { server: { postmaster: 'Bob Example/Acme' } };
  const group = {
    server: { postmaster: 'Masters' },
    groups: [{ name: 'Masters', members: ['Alice Example/Acme', 'Bob Example/Acme'] }],
  };
  table([
    ['without a domain', 'postmaster', postmaster, ['in mail/bob']],
    ['at every local domain', 'Postmaster@acme.example', postmaster, ['in mail/bob']],
    [
      'a group',
      'postmaster@acme.example',
      group,
      ['postmaster@acme.example expanded', 'in mail/alice', 'in mail/bob'],
    ],
    ['nobody: held', 'postmaster', {}, ['held: no postmaster']],
    [
      'without one in the Server document, who has that address',
      'postmaster@acme.example',
      { people: [{ name: 'Pam/Acme', internetAddress: 'postmaster@acme.example', mailFile: 'mail/pam' }] },
      ['in mail/pam'],
    ],
    [
      'another domain’s is its own',
      'postmaster@there.example',
      out,
      ['postmaster@there.example by direct there.example'],
    ],
  ]);
});

function noRoute(domain: string): string {
  return `domain: No route found to domain ${domain} from server Mail1/Acme. Check Server, Connection and Domain documents in Domino Directory`;
}

describe('other domains', () => {
  const foreign = (...patterns: string[]) =>
    patterns.map((internetDomain) => ({
      name: internetDomain,
      internetDomain,
      host: `via-${internetDomain.replaceAll('*', 'any')}`,
    }));
  const all = { foreign: foreign('*.*', '*.there.example', 'x.there.example', '*.deep.there.example') };
  table([
    ['SMTP outside is off', 'x@there.example', {}, [noRoute('there.example')]],
    ['by MX', 'x@there.example', out, ['x@there.example by direct there.example']],
    [
      'the relay host',
      'x@there.example',
      routing({ smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' }),
      ['x@there.example by smtp relay.example:587'],
    ],
    [
      'Amazon SES',
      'x@there.example',
      routing({ smtpOutsideLocalDomain: true, relayHost: 'SES' }),
      ['x@there.example by ses ses'],
    ],
    ['an address literal', 'x@[192.0.2.9]', out, ['x@[192.0.2.9] by direct [192.0.2.9]']],
    [
      'the local part goes on as it came',
      '"A b"@There.example',
      out,
      ['"A b"@There.example by direct there.example'],
    ],
    [
      'the name itself before patterns',
      'a@x.there.example',
      all,
      ['a@x.there.example by smtp via-x.there.example'],
    ],
    [
      'the longer pattern',
      'a@y.deep.there.example',
      all,
      ['a@y.deep.there.example by smtp via-any.deep.there.example'],
    ],
    [
      'a pattern covers subdomains',
      'a@y.there.example',
      all,
      ['a@y.there.example by smtp via-any.there.example'],
    ],
    ['but not the bare name', 'a@there.example', all, ['a@there.example by smtp via-any.any']],
    [
      'not a look-alike',
      'a@evilthere.example',
      { foreign: foreign('*.there.example', 'there.example') },
      [noRoute('evilthere.example')],
    ],
    [
      'works where SMTP outside is off, and before the relay host',
      'a@y.there.example',
      { ...all, configuration: { routing: { relayHost: 'relay.example' } } },
      ['a@y.there.example by smtp via-any.there.example'],
    ],
    [
      'an international pattern',
      'a@xn--bcher-kva.example',
      { foreign: [{ internetDomain: 'bücher.example', host: 'books.example' }] },
      ['a@xn--bcher-kva.example by smtp books.example'],
    ],
    [
      'a virtual domain leads on by Connection',
      'a@there.example',
      {
        foreign: [{ internetDomain: '*.*', domain: 'Internet' }],
        connections: [
          { sourceServer: 'CN=Mail1/O=Acme', destinationDomain: 'INTERNET', relayHost: 'gate.example' },
        ],
      },
      ['a@there.example by smtp gate.example'],
    ],
    [
      'the Connection of another server is not ours',
      'a@there.example',
      {
        foreign: [{ internetDomain: '*.*', domain: 'Internet' }],
        connections: [
          { sourceServer: 'Mail9/Acme', destinationDomain: 'Internet', relayHost: 'gate.example' },
        ],
      },
      [noRoute('Internet')],
    ],
    [
      'a Connection may name a server',
      'a@there.example',
      {
        foreign: [{ internetDomain: '*.*', domain: 'Internet' }],
        connections: [
          { sourceServer: 'Mail1/Acme', destinationDomain: 'Internet', destinationServer: 'Gate/Acme' },
        ],
        servers: [{ name: 'Gate/Acme', hostName: 'gate.acme.example', domain: 'ACME' }],
      },
      ['a@there.example by smtp gate.acme.example'],
    ],
    [
      'one that is not there has no route',
      'a@there.example',
      {
        foreign: [{ internetDomain: '*.*', domain: 'Internet' }],
        connections: [
          { sourceServer: 'Mail1/Acme', destinationDomain: 'Internet', destinationServer: 'Gate/Acme' },
        ],
      },
      ['domain: No route found to server Gate/Acme from server Mail1/Acme'],
    ],
  ]);
});

describe('Domino domains', () => {
  const domains = [
    { name: 'Acme', primaryDomain: 'acme.example', dominoDomains: ['ACME', 'Vertrieb=SALESDOM'] },
  ];
  const toSales = {
    domains,
    connections: [{ sourceServer: 'Mail1/Acme', destinationDomain: 'SALESDOM', relayHost: 'sales.example' }],
  };
  const inSales = [{ name: 'Sam/Sales', internetAddress: 'sam@acme.example', mailDomain: 'SALESDOM' }];
  table([
    [
      'a recipient there, by Connection',
      'sam%SALESDOM@acme.example',
      toSales,
      ['sam%SALESDOM@acme.example by smtp sales.example'],
    ],
    ['its alias', 'sam%Vertrieb@acme.example', toSales, ['sam%Vertrieb@acme.example by smtp sales.example']],
    ['no Connection, no route', 'sam%Vertrieb@acme.example', { domains }, [noRoute('SALESDOM')]],
    [
      'a person there',
      'sam@acme.example',
      { ...toSales, people: inSales },
      ['sam@acme.example by smtp sales.example'],
    ],
    [
      'a person there without a Connection',
      'sam@acme.example',
      { domains, people: inSales },
      [noRoute('SALESDOM')],
    ],
    [
      'the smart host for all does not take them',
      'sam%SALESDOM@acme.example',
      {
        ...toSales,
        configuration: {
          routing: { localDomainSmartHost: 's.example', smartHostForAllLocalRecipients: true },
        },
      },
      ['sam%SALESDOM@acme.example by smtp sales.example'],
    ],
  ]);
});

describe('no Connection: what makes the word a Domino domain is the reason', () => {
  const domains = [{ name: 'Acme', primaryDomain: 'acme.example', dominoDomains: ['Vertrieb=SALESDOM'] }];
  const entry = { document: 'GlobalDomain Acme', field: 'dominoDomains', entry: 'Vertrieb=SALESDOM' };
  const servers = [{ name: 'Mail5/Far', hostName: 'mail5.far.example', domain: 'FARDOM' }];
  const cases: [string, object][] = [
    ['sam%SALESDOM@acme.example', entry],
    ['sam%vertrieb@acme.example', entry],
    ['sam%FarDom@acme.example', { document: 'Server Mail5/Far', field: 'domain', entry: 'FARDOM' }],
  ];
  for (const [address, why] of cases)
    test(address, async () => {
      const [leaf] = await leavesOf(address, { domains, servers });
      assert.deepEqual(leaf?.because, why);
    });
});

test('a mail server that no document names: the person who has it is the reason', async () => {
  const people = [{ name: 'Ann/Acme', internetAddress: 'ann@acme.example', mailServer: 'Mail9/Acme' }];
  const [leaf] = await leavesOf('ann@acme.example', { people });
  assert.deepEqual(leaf?.because, { document: 'Person Ann/Acme', field: 'mailServer', entry: 'Mail9/Acme' });
});

describe('other servers of the domain', () => {
  const away = [{ name: 'Ann/Acme', internetAddress: 'ann@acme.example', mailServer: 'Mail2/Acme' }];
  const mail2 = { name: 'Mail2/Acme', hostName: 'mail2.acme.example', domain: 'ACME', smtpListener: true };
  const noServer = 'domain: No route found to server Mail2/Acme from server Mail1/Acme';
  const within = (fields: object, server: object = {}): RouterWorld => ({
    people: away,
    servers: [{ ...mail2, ...server }],
    configuration: { routing: { smtpWithinLocalDomain: 'all', ...fields } },
  });
  table([
    ['SMTP', 'ann@acme.example', within({}), ['ann@acme.example by smtp mail2.acme.example']],
    [
      'MIME only is all mail here',
      'ann@acme.example',
      within({ smtpWithinLocalDomain: 'mime-only' }),
      ['ann@acme.example by smtp mail2.acme.example'],
    ],
    [
      'SMTP within the domain is off',
      'ann@acme.example',
      within({ smtpWithinLocalDomain: 'disabled' }),
      [noServer],
    ],
    [
      'a name written in full is reported as people write it',
      'ann@acme.example',
      { people: [{ ...away[0], mailServer: 'CN=Mail2/O=Acme' }] },
      [noServer],
    ],
    ['its listener is off', 'ann@acme.example', within({}, { smtpListener: false }), [noServer]],
    [
      'another named network',
      'ann@acme.example',
      within({ reachableOverSmtp: 'same-named-network' }, { namedNetwork: 'Far' }),
      [noServer],
    ],
    [
      'which does not matter by default',
      'ann@acme.example',
      within({}, { namedNetwork: 'Far' }),
      ['ann@acme.example by smtp mail2.acme.example'],
    ],
    [
      'the same named network',
      'ann@acme.example',
      within({ reachableOverSmtp: 'same-named-network' }),
      ['ann@acme.example by smtp mail2.acme.example'],
    ],
    [
      'a server without a document',
      'ann@acme.example',
      { people: away, configuration: { routing: { smtpWithinLocalDomain: 'all' } } },
      [noServer],
    ],
    [
      'our own server by its long name',
      'ann@acme.example',
      { people: [{ ...away[0], mailServer: 'CN=Mail1/O=ACME' }] },
      ['in mail/ann'],
    ],
  ]);
});

describe('forwarding addresses', () => {
  const forwards = (...pairs: [name: string, to: string][]) =>
    pairs.map(([name, forwardingAddress]) => ({
      name,
      internetAddress: `${name}@acme.example`,
      forwardingAddress,
    }));
  const loop = (names: string) =>
    `user: Maximum forwarding loop count exceeded, message probably in a forwarding loop (${names})`;
  const chain = Array.from({ length: 30 }, (_, n): [string, string] => [`p${n}`, `p${n + 1}@acme.example`]);
  table([
    [
      'nothing stays in the mail file',
      'ann@acme.example',
      { ...out, people: forwards(['ann', 'ann@there.example']) },
      ['ann@there.example by direct there.example'],
    ],
    [
      'to one of our own',
      'ann@acme.example',
      { people: [...people, ...forwards(['ann', 'bob@acme.example'])] },
      ['in mail/bob'],
    ],
    [
      'by name',
      'ann@acme.example',
      { people: [...people, ...forwards(['ann', 'Bob Example/Acme'])] },
      ['in mail/bob'],
    ],
    [
      'to nobody',
      'ann@acme.example',
      { people: forwards(['ann', 'ghost@acme.example']) },
      [notListed('ghost (ghost@acme.example)')],
    ],
    [
      'a name that is nobody’s',
      'ann@acme.example',
      { people: forwards(['ann', 'Ghost']) },
      [notListed('Ghost')],
    ],
    [
      'to herself',
      'ann@acme.example',
      { people: forwards(['ann', 'ann@acme.example']) },
      [loop('ann@acme.example, ann@acme.example')],
    ],
    [
      'to each other',
      'ann@acme.example',
      { people: forwards(['ann', 'ben@acme.example'], ['ben', 'ann@acme.example']) },
      [loop('ann@acme.example, ben@acme.example, ann@acme.example')],
    ],
    [
      'it has been here before',
      'ann@acme.example',
      {
        ...out,
        people: forwards(['ann', 'ann@there.example']),
        envelope: { header: { deliveredTo: ['<ANN@acme.example>'] } },
      },
      [loop('Delivered-To: ann@acme.example')],
    ],
    [
      'it was delivered to others before',
      'ann@acme.example',
      {
        ...out,
        people: forwards(['ann', 'ann@there.example']),
        envelope: { header: { deliveredTo: ['ben@acme.example'] } },
      },
      ['ann@there.example by direct there.example'],
    ],
    [
      'a mailbox is no loop',
      'alice@acme.example',
      { envelope: { header: { deliveredTo: ['alice@acme.example'] } } },
      ['in mail/alice'],
    ],
  ]);

  test('a chain of thirty is taken for a loop, and the reply stays short', async () => {
    const [only] = await routed('p0@acme.example', { people: forwards(...chain) });
    assert.match(
      only!,
      /^user: Maximum forwarding loop count exceeded.*\(p0@acme\.example, .*…, p20@acme\.example\)$/,
    );
  });

  test('a forwarded copy knows its trail and who forwarded it', async () => {
    const [leaf] = await leavesOf('ann@acme.example', {
      ...out,
      people: forwards(['ann', 'ann@there.example']),
    });
    assert.deepEqual(leaf?.trail, [
      { address: 'ann@acme.example', by: 'forward', owner: 'ann@acme.example' },
    ]);
    assert.deepEqual(leaf?.because, {
      document: 'Person ann',
      field: 'forwardingAddress',
      entry: 'ann@there.example',
    });
    assert.equal(leaf?.original.address, 'ann@acme.example');
  });
});

describe('groups', () => {
  const loop = (names: string) =>
    `user: Maximum forwarding loop count exceeded, message probably in a forwarding loop (${names})`;
  const sales = { name: 'Sales', internetAddress: 'sales@acme.example' };
  const both = ['Alice Example/Acme', 'bob@acme.example'];
  table([
    [
      'members by name and by address',
      'sales@acme.example',
      { groups: [{ ...sales, members: both }] },
      ['sales@acme.example expanded', 'in mail/alice', 'in mail/bob'],
    ],
    [
      'by its name',
      'Sales@acme.example',
      { groups: [{ name: 'Sales', members: both }] },
      ['Sales@acme.example expanded', 'in mail/alice', 'in mail/bob'],
    ],
    [
      'members elsewhere',
      'sales@acme.example',
      { ...out, groups: [{ ...sales, members: ['x@there.example'] }] },
      ['sales@acme.example expanded', 'x@there.example by direct there.example'],
    ],
    [
      'an unknown member fails alone',
      'sales@acme.example',
      { groups: [{ ...sales, members: ['Ghost', 'Alice Example/Acme'] }] },
      ['sales@acme.example expanded', notListed('Ghost'), 'in mail/alice'],
    ],
    ['an empty one', 'sales@acme.example', { groups: [sales] }, ['user: Group Sales has no members']],
    [
      'one that holds only empty ones, and itself',
      'sales@acme.example',
      { groups: [{ ...sales, members: ['East', 'Sales'] }, { name: 'East' }] },
      ['user: Group Sales has no members'],
    ],
    [
      'an empty one within another',
      'sales@acme.example',
      { groups: [{ ...sales, members: ['East', 'Bob Example/Acme'] }, { name: 'East' }] },
      ['sales@acme.example expanded', 'East expanded', 'in mail/bob'],
    ],
    [
      'one that a forwarding address leads to, when all within it are reached already',
      'sales@acme.example',
      {
        groups: [
          { ...sales, members: ['East', 'ann@acme.example'] },
          { name: 'East', members: ['Bob Example/Acme'] },
          { name: 'West', internetAddress: 'west@acme.example', members: ['East'] },
        ],
        people: [
          ...people,
          { name: 'Ann', internetAddress: 'ann@acme.example', forwardingAddress: 'west@acme.example' },
        ],
      },
      ['sales@acme.example expanded', 'East expanded', 'in mail/bob', 'west@acme.example expanded'],
    ],
    [
      'entries for lists are nobody',
      'sales@acme.example',
      { groups: [{ ...sales, members: ['@there.example'] }] },
      ['sales@acme.example expanded', notListed('@there.example')],
    ],
    ...(['acl-only', 'deny-only', 'servers-only'] as const).map((groupType): Row => [
      `${groupType} takes no mail`,
      'sales@acme.example',
      { groups: [{ ...sales, groupType, members: both }] },
      ['user: Cannot route mail to group Sales'],
    ]),
    [
      'mail-only does',
      'sales@acme.example',
      { groups: [{ ...sales, groupType: 'mail-only', members: ['bob@acme.example'] }] },
      ['sales@acme.example expanded', 'in mail/bob'],
    ],
    [
      'nested ones, in a circle',
      'sales@acme.example',
      {
        groups: [
          { ...sales, members: ['East', 'Alice Example/Acme'] },
          { name: 'East', members: ['Sales', 'Bob Example/Acme'] },
        ],
      },
      ['sales@acme.example expanded', 'East expanded', 'in mail/bob', 'in mail/alice'],
    ],
    [
      'a member whose forwarding leads back has no copy and the sender is told',
      'sales@acme.example',
      {
        groups: [{ ...sales, members: ['ann@acme.example', 'bob@acme.example'] }],
        people: [
          ...people,
          { name: 'Ann', internetAddress: 'ann@acme.example', forwardingAddress: 'sales@acme.example' },
        ],
      },
      [
        'sales@acme.example expanded',
        loop('sales@acme.example, ann@acme.example, sales@acme.example'),
        'in mail/bob',
      ],
    ],
    [
      'it was opened on an earlier way',
      'sales@acme.example',
      {
        groups: [{ ...sales, members: both }],
        envelope: { header: { deliveredTo: ['sales@acme.example'] } },
      },
      [loop('Delivered-To: sales@acme.example')],
    ],
  ]);

  test('success is the group’s; failures are the members’', async () => {
    const context = routerWorld({ groups: [{ ...sales, members: both }] });
    const notified = async (notify: string) =>
      (await routeRecipient({ address: 'sales@acme.example', notify }, context)).map((leaf) => leaf.notify);
    assert.deepEqual(await notified('SUCCESS,FAILURE'), ['SUCCESS,FAILURE', 'FAILURE', 'FAILURE']);
    assert.deepEqual(await notified('SUCCESS'), ['SUCCESS', 'NEVER', 'NEVER']);
    assert.deepEqual(await notified('NEVER'), ['NEVER', 'NEVER', 'NEVER']);
  });
});

describe('readers of groups', () => {
  const groups = [
    { name: 'All', internetAddress: 'all@acme.example', members: ['Board', 'Alice Example/Acme'] },
    {
      name: 'Board',
      internetAddress: 'board@acme.example',
      members: ['Bob Example/Acme'],
      readers: ['Chairs'],
    },
    { name: 'Chairs', members: ['Bob Example/Acme'] },
  ];
  const refused = 'restriction: not authorized to send mail to group Board';
  const opened = ['board@acme.example expanded', 'in mail/bob'];
  const by = (session: object, from = 'bob@acme.example'): RouterWorld => ({
    groups,
    envelope: { from, session: { ...stranger, ...session } },
  });
  table([
    ['a stranger', 'board@acme.example', by({}), [refused]],
    [
      'a reader who logged in, within a group of readers',
      'board@acme.example',
      by({ auth: 'Bob Example/Acme' }),
      opened,
    ],
    [
      'somebody else who logged in, whatever MAIL FROM says',
      'board@acme.example',
      by({ auth: 'Alice Example/Acme' }),
      [refused],
    ],
    [
      'a reader’s address from an excluded peer',
      'board@acme.example',
      { ...by({}), configuration: { relayEnforcement: { excludeHosts: ['[192.0.2.1]'] } } },
      opened,
    ],
    [
      'a reader’s address from an internal peer',
      'board@acme.example',
      by({ hostName: 'in.acme.example', standing: 'internal' }),
      opened,
    ],
    [
      'another address from there',
      'board@acme.example',
      by({ hostName: 'in.acme.example' }, 'alice@acme.example'),
      [refused],
    ],
    ['<> from there is nobody', 'board@acme.example', by({ hostName: 'in.acme.example' }, ''), [refused]],
    [
      'a nested group refuses for itself',
      'all@acme.example',
      by({}),
      ['all@acme.example expanded', refused, 'in mail/alice'],
    ],
    [
      'our own reports may',
      'board@acme.example',
      { groups, envelope: { origin: 'report', from: '' } },
      opened,
    ],
    [
      'reached by a forwarding address',
      'ann@acme.example',
      {
        ...by({}),
        people: [
          ...people,
          { name: 'Ann', internetAddress: 'ann@acme.example', forwardingAddress: 'board@acme.example' },
        ],
      },
      [refused],
    ],
  ]);
});
