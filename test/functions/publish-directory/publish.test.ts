import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { judge } from '../../../cli/judge.ts';
import { judgePublished } from '../../../cli/judge-published.ts';
import { publish } from '../../../functions/publish-directory/publish.ts';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { hostMatcher } from '../../../mail/document/matcher.ts';
import { configuration, globalDomain, person, server, startHarness, type Harness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

const jane = person('Jane Doe/Acme', {
  firstName: 'Jane',
  lastName: 'Doe',
  internetAddress: 'jane@acme.example',
});

describe('publishing a person', () => {
  test('gives look-ups by address and by every name, and marks the item', async () => {
    await harness.write(jane);
    const [owner] = await harness.directory.findAddress('JANE@Acme.Example');
    assert.equal(owner?.name, 'Jane Doe/Acme');
    for (const text of ['jane doe/acme', 'Jane_Doe', 'jane', 'DOE'])
      assert.deepEqual(
        (await harness.directory.findName(text)).map(({ name }) => name),
        ['Jane Doe/Acme'],
        text,
      );
    const item = await harness.item('Person', 'Jane Doe/Acme');
    assert.match(item?.marks.publishedAt ?? '', /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/);
  });

  test('is not done again for the record that its own mark makes', async () => {
    const before = (await harness.item('Person', jane.name))?.marks;
    const lines = harness.logged.length;
    await publish(harness.publisher, [jane]);
    assert.deepEqual((await harness.item('Person', jane.name))?.marks, before);
    assert.equal(harness.logged.length, lines);
  });

  test('gives a new publishedAt for a put that changes nothing', async () => {
    const before = (await harness.item('Person', jane.name))?.marks.publishedAt ?? '';
    await harness.write(jane);
    assert.ok(((await harness.item('Person', jane.name))?.marks.publishedAt ?? '') > before);
    const again = (await harness.item('Person', jane.name))?.marks.publishedAt ?? '';
    await harness.write({ ...jane, publishedAt: '2020-01-01T00:00:00.000Z' });
    assert.ok(
      ((await harness.item('Person', jane.name))?.marks.publishedAt ?? '') > again,
      'a mark that people carry is none',
    );
  });

  test('takes back the names and the address that a change drops', async () => {
    await harness.write({ ...jane, lastName: 'Miller', internetAddress: 'miller@acme.example' });
    assert.deepEqual(await harness.directory.findName('Doe'), []);
    assert.deepEqual(await harness.directory.findAddress('jane@acme.example'), []);
    assert.equal((await harness.directory.findAddress('miller@acme.example')).length, 1);
  });

  test('ends with the item, and nothing of it is left', async () => {
    await harness.end('Person', jane.name);
    assert.deepEqual(await harness.directory.findName('Jane'), []);
    assert.deepEqual(
      (await harness.views()).filter(({ owner, name }) => owner !== undefined || name !== undefined),
      [],
    );
    assert.equal(await harness.item('Person', jane.name), undefined);
  });

  test('with 300 aliases takes several transactions, and so does dropping them', async () => {
    const userNames = Array.from({ length: 300 }, (_, index) => `alias ${index}`);
    await harness.write({ ...jane, userNames });
    assert.equal((await harness.directory.findName('alias 299')).length, 1);
    await harness.write({ ...jane, userNames: userNames.slice(0, 1) });
    assert.deepEqual(await harness.directory.findName('alias 299'), []);
    assert.equal((await harness.directory.findName('alias_0')).length, 1);
    await harness.end('Person', jane.name);
    assert.deepEqual(await harness.views(), []);
  });
});

describe('an invalid document', () => {
  test('gets problems, and what was in force stays', async () => {
    await harness.write(jane);
    await harness.write({ ...jane, internetAddress: 'no address', mailSystem: 'paper' });
    assert.equal((await harness.problems('Person', jane.name)).length, 2);
    assert.equal((await harness.item('Person', jane.name))?.marks.publishedAt, undefined);
    assert.equal((await harness.directory.findAddress('jane@acme.example')).length, 1);
  });

  test('is not marked again for the record of its own mark, but is when a put drops the problems', async () => {
    const lines = harness.logged.length;
    await publish(harness.publisher, [jane]);
    assert.equal(harness.logged.length, lines);
    await harness.write({ ...jane, internetAddress: 'no address', mailSystem: 'paper' });
    assert.equal((await harness.problems('Person', jane.name)).length, 2);
  });

  test('is forgotten when it is put right', async () => {
    await harness.write(jane);
    assert.deepEqual(await harness.problems('Person', jane.name), []);
    assert.deepEqual(
      (await harness.views()).filter(({ key }) => String(key).startsWith('bad#')),
      [],
    );
  });

  test('whose name grows too long in small letters is told so, whatever its form', async () => {
    const name = 'İ'.repeat(500);
    for (const [form, fields] of [
      ['Person', {}],
      ['GlobalDomain', { primaryDomain: 'long.example' }],
    ] as const) {
      await harness.write({ form, name, ...fields });
      assert.match(
        (await harness.problems(form, name))[0] ?? '',
        /^name: this, .* is longer than 1,000 bytes/,
      );
      await harness.end(form, name);
    }
  });

  const unnamed: readonly (readonly [form: string, name: string, problem: RegExp, why: string])[] = [
    ['Person', '  ', /^name: .* has an empty part/, 'blank'],
    ['Group', 'CN=', /^name: .* has an empty part/, 'nothing is left of it'],
    ['Person', '/', /^name: .* has an empty part/, 'only slashes'],
    ['Person', 'x'.repeat(1_024), /^name: .* is longer than 1,000 bytes/, 'as long as a key may be'],
    ['F'.repeat(2_048), 'X', /^form: "F+\.\.\." is not a form/, 'a form as long as a key may be'],
    ['Person', 'a\u0007b', /^name: .* has control characters/, 'a bell'],
  ];
  for (const [form, name, problem, why] of unnamed)
    test(`whose name is none is told so, and holds up nobody: ${why}`, async () => {
      await harness.write({ form, name });
      assert.match((await harness.problems(form, name))[0] ?? '', problem);
      await fullPass(harness.publisher);
      await harness.end(form, name);
      await fullPass(harness.publisher);
      assert.deepEqual(
        (await harness.views()).filter(({ key }) => String(key).startsWith('bad#')),
        [],
      );
    });

  test('whose name in full is too long to wait under waits all the same', async () => {
    const short = `${'x'.repeat(1_003)}/Acme`;
    const long = `CN=${'x'.repeat(1_003)}/O=Acme       `;
    await harness.write(person(short));
    await harness.write(person(long));
    assert.match(
      (await harness.problems('Person', long))[0] ?? '',
      /is the same name .* delete one of them$/,
    );
    await harness.end('Person', short);
    assert.deepEqual(await harness.problems('Person', long), []);
    await harness.end('Person', long);
  });

  test('of an unknown form gets problems, and is never made again when deleted', async () => {
    await harness.write({ form: 'Persn', name: 'X' });
    assert.match((await harness.problems('Persn', 'X'))[0] ?? '', /did you mean Person\?/);
    await harness.end('Persn', 'X');
    assert.equal(await harness.item('Persn', 'X'), undefined);
    assert.deepEqual(
      (await harness.views()).filter(({ key }) => String(key).startsWith('bad#')),
      [],
    );
  });
});

describe('an address', () => {
  const other = person('Joe Doe/Acme', { internetAddress: 'Jane@ACME.example' });

  test('belongs to one document: the one in force stays, the other waits', async () => {
    await harness.write(other);
    assert.deepEqual(await harness.problems('Person', other.name), [
      'internetAddress: "Jane@ACME.example" is the address of Person "Jane Doe/Acme" already; an address belongs to one document',
    ]);
    assert.equal((await harness.directory.findAddress('jane@acme.example'))[0]?.name, 'Jane Doe/Acme');
  });

  test('comes to the one that waits when its owner goes', async () => {
    await harness.end('Person', jane.name);
    assert.deepEqual(await harness.problems('Person', other.name), []);
    assert.equal((await harness.directory.findAddress('jane@acme.example'))[0]?.name, 'Joe Doe/Acme');
  });

  test('is one over the forms', async () => {
    await harness.write({ form: 'MailInDatabase', name: 'Support', internetAddress: 'jane@acme.example' });
    assert.match((await harness.problems('MailInDatabase', 'Support'))[0] ?? '', /Person "Joe Doe\/Acme"/);
    await harness.write({ ...other, internetAddress: 'joe@acme.example' });
    assert.deepEqual(await harness.problems('MailInDatabase', 'Support'), []);
  });

  test('of two spellings of one name the first stays', async () => {
    await harness.write(person('CN=Joe Doe/O=ACME'));
    assert.match((await harness.problems('Person', 'CN=Joe Doe/O=ACME'))[0] ?? '', /same name/);
    await harness.end('Person', other.name);
    assert.deepEqual(await harness.problems('Person', 'CN=Joe Doe/O=ACME'), []);
    await harness.end('Person', 'CN=Joe Doe/O=ACME');
    await harness.end('MailInDatabase', 'Support');
  });
});

describe('settings', () => {
  test('come into being with the first Configuration that applies, in whatever order', async () => {
    await harness.write({ ...configuration, inboundRelay: { allowHosts: ['Partners'] } });
    assert.match(
      (await harness.problems('Configuration', '*'))[0] ?? '',
      /^inboundRelay.allowHosts\[0\]: no group is named "Partners"/,
    );
    await harness.write(server, globalDomain);
    assert.equal(await harness.settings(), undefined);
    await harness.write({ form: 'Group', name: 'Partners', members: ['[10.0.0.1]', 'More Partners'] });
    assert.deepEqual(await harness.problems('Configuration', '*'), []);
    const settings = await harness.settings();
    assert.equal(settings?.server.hostName, 'mail1.acme.example');
    assert.deepEqual(Object.keys(settings?.groups ?? {}), ['partners']);
    assert.match(
      (await harness.item('Configuration', '*'))?.marks.warnings?.[0] ?? '',
      /names "more partners"/,
    );
  });

  test('follow a group that a list opens, and the people in it', async () => {
    await harness.write(person('Pat/Acme', { internetAddress: 'pat@acme.example' }));
    const before = (await harness.settings())?.version;
    await harness.write({ form: 'Group', name: 'More Partners', members: ['Pat/Acme'] });
    const settings = await harness.settings();
    assert.notEqual(settings?.version, before);
    assert.deepEqual(settings?.people, { 'pat/acme': 'pat@acme.example' });
    assert.equal((await harness.item('Configuration', '*'))?.marks.warnings, undefined);
    await harness.write(person('Pat/Acme', { internetAddress: 'patricia@acme.example' }));
    assert.deepEqual((await harness.settings())?.people, { 'pat/acme': 'patricia@acme.example' });
  });

  test('do not change with a person whom nothing names', async () => {
    const before = await harness.publisher.settings.pointer(server.name);
    await harness.write(person('Nobody Special/Acme'));
    assert.deepEqual(await harness.publisher.settings.pointer(server.name), before);
  });

  test('keep a group that a list needs although it is deleted, until the need ends', async () => {
    for (const name of ['More Partners', 'Partners']) {
      await harness.end('Group', name);
      const [rejected] = await harness.publisher.views.rejectedOfForm('Group');
      assert.equal(rejected?.state, 'deleted', name);
      assert.match(rejected?.problems[0] ?? '', /deleted, still in force: Configuration "\*" needs it/);
      assert.ok(Object.keys((await harness.settings())?.groups ?? {}).includes(name.toLowerCase()));
      if (name === 'More Partners') await harness.write({ form: 'Group', name, members: ['Pat/Acme'] });
    }
    await harness.write(configuration);
    assert.deepEqual((await harness.settings())?.groups, {});
    assert.deepEqual(await harness.publisher.views.rejectedOfForm('Group'), []);
    assert.deepEqual(await harness.directory.findName('Partners'), []);
  });

  test('keep the last Configuration and the Server of the running server', async () => {
    await harness.end('Configuration', '*');
    await harness.end('Server', server.name);
    assert.ok(await harness.settings());
    assert.equal((await harness.publisher.views.rejectedOfForm('Configuration'))[0]?.state, 'deleted');
    await harness.write({ ...configuration, name: server.name });
    assert.equal((await harness.settings())?.configuration.name, server.name);
    assert.deepEqual(await harness.publisher.views.rejectedOfForm('Configuration'), []);
    await harness.write(server);
    assert.deepEqual(await harness.publisher.views.rejectedOfForm('Server'), []);
  });

  test('have one default Global Domain; the one in force stays, the other follows', async () => {
    await harness.write({ ...globalDomain, default: true });
    const second = { ...globalDomain, name: 'Other', primaryDomain: 'other.example', default: true };
    await harness.write(second);
    assert.match(
      (await harness.problems('GlobalDomain', 'Other'))[0] ?? '',
      /GlobalDomain "Acme" is the default/,
    );
    await harness.write(globalDomain);
    assert.deepEqual(await harness.problems('GlobalDomain', 'Other'), []);
    assert.equal(
      (await harness.settings())?.globalDomains.find(({ name }) => name === 'Other')?.default,
      true,
    );
  });

  test('have no Foreign SMTP Domain that leads nowhere and no Connection of an unknown server', async () => {
    await harness.write({
      form: 'ForeignSmtpDomain',
      name: 'All',
      internetDomain: '*.*',
      domain: 'INTERNET',
    });
    assert.match((await harness.problems('ForeignSmtpDomain', 'All'))[0] ?? '', /^domain: no SmtpConnection/);
    const connection = {
      form: 'SmtpConnection',
      name: 'Out',
      destinationDomain: 'Internet',
      relayHost: 'relay.example',
    };
    await harness.write({ ...connection, sourceServer: 'Mail9/Acme' });
    assert.match(
      (await harness.problems('SmtpConnection', 'Out'))[0] ?? '',
      /^sourceServer: no server is named "Mail9\/Acme"/,
    );
    await harness.write({ ...connection, sourceServer: 'CN=Mail1/O=Acme' });
    assert.deepEqual(await harness.problems('ForeignSmtpDomain', 'All'), []);
    assert.equal((await harness.settings())?.foreignSmtpDomains.length, 1);
    await harness.end('SmtpConnection', 'Out');
    assert.equal((await harness.settings())?.connections.length, 1, 'the Foreign SMTP Domain needs it');
    await harness.end('ForeignSmtpDomain', 'All');
    assert.equal((await harness.settings())?.connections.length, 0);
  });

  test('keep a list whose group comes to stand for everything: it has the problem, and allows nobody more', async () => {
    const partners = { form: 'Group', name: 'Partners', members: ['[10.0.0.1]'] };
    const allowing = { ...configuration, name: server.name, inboundRelay: { allowHosts: ['Partners'] } };
    await harness.write(partners, allowing);
    const before = (await harness.item('Configuration', server.name))?.marks.publishedAt;
    assert.ok(before);
    await harness.write({ ...partners, members: ['[10.0.0.1]', '*'] });
    assert.deepEqual(await harness.problems('Group', 'Partners'), []);
    assert.match(
      (await harness.problems('Configuration', server.name))[0] ?? '',
      /^inboundRelay\.allowHosts\[0\]: group "Partners" has the member "\*", which stands for everything/,
    );
    const settings = (await harness.settings())!;
    assert.equal(settings.configuration.name, server.name, 'its published form stays');
    const allowed = hostMatcher(settings.configuration.inboundRelay.allowHosts, settings);
    const peers = ['10.0.0.1', '192.0.2.1'].map((address) => allowed.match({ address }));
    assert.deepEqual(peers, ['Partners', undefined]);
    await harness.write(partners);
    assert.deepEqual(await harness.problems('Configuration', server.name), []);
    await harness.write({ ...allowing, inboundRelay: { denyHosts: ['Partners'] } });
    await harness.write({ ...partners, members: ['*'] });
    assert.deepEqual(await harness.problems('Configuration', server.name), []);
    await harness.write(allowing);
    assert.equal(
      (await harness.problems('Configuration', server.name)).length,
      1,
      'also when the list comes after',
    );
    await harness.write({ ...configuration, name: server.name }, configuration);
    await harness.end('Group', 'Partners');
  });

  test('refuse two groups that give one server two Configurations', async () => {
    await harness.end('Configuration', server.name);
    await harness.write({ ...configuration });
    await harness.write(
      { form: 'Group', name: 'East', members: [server.name] },
      { form: 'Group', name: 'All', members: ['East'] },
    );
    await harness.write({ ...configuration, name: 'East' });
    await harness.write({ ...configuration, name: 'All' });
    assert.equal((await harness.settings())?.configuration.name, 'East');
    assert.match((await harness.problems('Configuration', 'All'))[0] ?? '', /in this group and in "East"/);
    await harness.end('Configuration', 'East');
    assert.deepEqual(await harness.problems('Configuration', 'All'), []);
    assert.equal((await harness.settings())?.configuration.name, 'All');
  });

  test('keep the one in force where a group comes to give a server a second one', async () => {
    const also = { form: 'Group', name: 'Also', members: ['Mail9/Acme'] };
    await harness.write(also);
    await harness.write({ ...configuration, name: 'Also' });
    assert.deepEqual(await harness.problems('Configuration', 'Also'), []);
    await harness.write({ ...also, members: ['Mail9/Acme', server.name] });
    for (const when of ['then', 'after the next full pass']) {
      assert.equal((await harness.settings())?.configuration.name, 'All', when);
      assert.deepEqual(await harness.problems('Configuration', 'All'), [], when);
      assert.deepEqual(await harness.problems('Configuration', 'Also'), [
        `name: server "${server.name}" is in this group and in "All", which has a Configuration too; take it out of one, or write one named "${server.name}"`,
      ]);
      await fullPass(harness.publisher);
    }
    const written = ['All', 'Also'].map((name) => ({ place: name, value: { ...configuration, name } }));
    const judged = judge(written);
    await judgePublished({ client: harness.client, table: harness.tables.views }, judged);
    assert.deepEqual(
      judged.map(({ problems }) => problems.length),
      [0, 1],
      'and the command says the same before anything is written',
    );
    // Sorted before the one in force, and written anew: it stays in force.
    await harness.write({ form: 'Group', name: 'Ahead', members: ['Mail9/Acme'] });
    await harness.write({ ...configuration, name: 'Ahead' });
    await harness.write({ form: 'Group', name: 'Ahead', members: [server.name] });
    await harness.write({ ...configuration, name: 'All', routing: { maximumMessageSize: 7 } });
    assert.equal((await harness.settings())?.configuration.routing.maximumMessageSize, 7);
    assert.deepEqual(await harness.problems('Configuration', 'All'), []);
    await harness.end('Group', 'Ahead');
    await harness.end('Configuration', 'Ahead');
    await harness.end('Configuration', 'All');
    assert.equal((await harness.settings())?.configuration.name, 'Also');
    assert.deepEqual(await harness.problems('Configuration', 'Also'), []);
    await harness.end('Configuration', 'Also');
    assert.equal((await harness.settings())?.configuration.name, '*');
  });
});

describe('the full pass', () => {
  test('publishes what no record told of, and withdraws what is gone', async () => {
    await harness.put(person('Late Comer/Acme', { internetAddress: 'late@acme.example' }));
    await harness.remove('Person', 'Pat/Acme');
    await fullPass(harness.publisher);
    assert.equal((await harness.directory.findAddress('late@acme.example')).length, 1);
    assert.deepEqual(await harness.directory.findAddress('patricia@acme.example'), []);
    const lines = harness.logged.length;
    await fullPass(harness.publisher);
    assert.deepEqual(harness.logged.slice(lines), [], 'and the next one finds nothing to do');
  });
});

describe('an item that is full', () => {
  // DynamoDB takes 409,600 bytes of names and values; a list has 3 more and 1 per entry.
  const most = 409_600 - 'formGroupnameFullmembersgroupTypex'.length - 4;
  const rows = [
    [most - 330, 1, 'what fits is told'],
    [most - 60, 0, 'what does not is in the log'],
  ] as const;
  for (const [bytes, problems, why] of rows)
    test(`with ${most - bytes} bytes left: ${why}, and it does not go round in circles`, async () => {
      const full = { form: 'Group', name: 'Full', members: ['x'.repeat(bytes)], groupType: 'x' };
      await harness.write(full);
      const item = await harness.item('Group', 'Full');
      assert.equal(item?.marks.problems?.length ?? 0, problems);
      assert.equal(item?.marks.publishedAt, undefined);
      const lines = harness.logged.length;
      await publish(harness.publisher, [full]);
      assert.equal(harness.logged.length, lines);
      await harness.end('Group', 'Full');
    });
});

describe('a Configuration of thousands of names that nobody has', () => {
  test('is told of the first, and holds up nobody', async () => {
    const deny = Array.from({ length: 3_000 }, () => randomBytes(16).toString('hex'));
    const full = { ...configuration, name: server.name, inboundSenders: { deny } };
    await harness.write(full);
    assert.match(
      (await harness.problems('Configuration', server.name))[0] ?? '',
      /^inboundSenders\.deny\[0\]: no group or person/,
    );
    await harness.write(person('Bystander/Acme'));
    assert.ok((await harness.item('Person', 'Bystander/Acme'))?.marks.publishedAt);
    await harness.end('Configuration', server.name);
  });
});
