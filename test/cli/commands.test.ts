/** The commands about documents, people and decisions, against one gateway; each test has documents of its own. */
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { until } from '../builders/gateway.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { verifyPassword } from '../../mail/directory/password.ts';
import { postern, type Said } from './command.ts';

interface Row {
  readonly form: string;
  readonly name: string;
  readonly action: string;
  readonly problems: readonly string[];
}

interface Explained {
  readonly outcome: string;
  readonly code: number;
  readonly text: string;
  readonly steps: readonly {
    rule: string;
    outcome: string;
    because?: { document: string; field: string; entry?: string };
  }[];
  readonly recipients: readonly {
    address: string;
    outcome: string;
    route: string;
    because?: { document: string };
  }[];
}

function failed({ code, out, err }: Said, expected: number, message: RegExp): void {
  assert.deepEqual([code, out], [expected, '']);
  assert.match(err, message);
}

test('postern on a running gateway', async (t) => {
  const gateway = await sharedGateway(t);
  const run = postern(gateway.data, gateway.env);
  const file = (name: string, content: unknown): string => {
    const path = join(gateway.data, name);
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  };
  const put = async (...documents: object[]): Promise<Row[]> =>
    run.json('documents', 'put', file('put.json', documents));

  await t.test('lists what is published', async () => {
    const rows = await run.json<{ form: string; name: string; state: string; publishedAt: string }[]>(
      'documents',
      'list',
    );
    const alice = rows.find(({ name }) => name === 'Alice Example/Acme');
    assert.deepEqual([alice?.form, alice?.state], ['Person', 'published']);
    assert.match(alice?.publishedAt ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    const groups = await run.json<{ form: string }[]>('documents', 'list', 'group');
    assert.ok(groups.length > 0 && groups.every(({ form }) => form === 'Group'));
  });

  await t.test('puts, tells what changes, gets', async () => {
    const ann = { form: 'Person', name: 'Ann Put/Acme', internetAddress: 'ann.put@acme.example' };
    const first = await put(ann, { form: 'Group', name: 'Put', members: ['Ann Put/Acme'] });
    assert.deepEqual(first, [
      { form: 'Person', name: 'Ann Put/Acme', action: 'created', problems: [] },
      { form: 'Group', name: 'Put', action: 'created', problems: [] },
    ]);
    const changed = { ...ann, name: 'cn=ann put/o=acme', shortNames: ['ann'] };
    const said = await run.fed(JSON.stringify(changed), 'documents', 'put', '-');
    assert.deepEqual(
      [said.code, said.out],
      [0, '~ Person cn=ann put/o=acme\n  + shortNames: ["ann"]\n1 changed.\n'],
    );
    const stored = await run.json('documents', 'get', 'person', 'ANN PUT/ACME');
    assert.deepEqual(stored, { ...ann, shortNames: ['ann'] }, 'one document, by whatever spelling');
    assert.equal((await put(stored as object))[0]?.action, 'unchanged');
  });

  await t.test('refuses before anything is written', async () => {
    const fine = { form: 'Person', name: 'Fine Refused/Acme' };
    const cases: [object, RegExp][] = [
      [
        { form: 'Person', name: 'X Refused/Acme', quotaMb: 3 },
        /quotaMb: unknown attribute; did you mean quotaMB/,
      ],
      [
        { form: 'Person', name: 'X Refused/Acme', internetAddress: 'bob@acme.example' },
        /address of Person "Bob Example\/Acme"/,
      ],
      [
        { form: 'GlobalDomain', name: 'X', primaryDomain: 'x.example', default: true },
        /GlobalDomain "Acme" is the default/,
      ],
      [{ form: 'Configuration', name: 'Nowhere/Acme' }, /no server or group is named "Nowhere\/Acme"/],
      [
        {
          form: 'SmtpConnection',
          name: 'X',
          sourceServer: 'No/Acme',
          destinationDomain: 'X',
          relayHost: 'ses',
        },
        /no server is named "No\/Acme"/,
      ],
    ];
    for (const [bad, problem] of cases) {
      const [one, other] = await put(fine, bad);
      assert.deepEqual([one?.action, other?.action], ['not written', 'refused']);
      assert.match(other?.problems.join('\n') ?? '', problem);
    }
    failed(
      await run('documents', 'get', 'Person', 'Fine Refused/Acme'),
      1,
      /no Person named "Fine Refused\/Acme"/,
    );
  });

  await t.test(
    'says on standard error that nothing was written, and of what is the same that it is',
    async () => {
      const same = { form: 'Group', name: 'Same' };
      await put(same);
      const files = file('refused.json', [same, { form: 'Persn', name: 'X' }]);
      for (const json of [['--json'], []]) {
        const { code, out, err } = await run('documents', 'put', files, ...json);
        assert.deepEqual([code, err], [1, 'postern: nothing was written: 1 unchanged, 1 refused.\n']);
        assert.match(
          out,
          json.length > 0 ? /"unchanged"/ : /^Persn X \(refused\)\n {4}form: "Persn" is not a form/,
        );
      }
      failed(await run('documents', 'delete', 'Group', 'Same', 'Thing'), 2, /"Thing" is one word too many/);
      assert.equal((await run.json<{ name: string }>('documents', 'get', 'Group', 'Same')).name, 'Same');
    },
  );

  await t.test('documents may need each other, and swap what one has', async () => {
    const group = { form: 'Group', name: 'Together', members: ['[10.9.0.0/16]'] };
    const server = { form: 'Server', name: 'Mail9/Acme', hostName: 'mail9.acme.example', domain: 'ACME' };
    const needing = { form: 'Configuration', name: 'Mail9/Acme', inboundRelay: { allowHosts: ['Together'] } };
    const rows = await put(needing, server, group);
    assert.deepEqual(
      rows.map(({ action, problems }) => `${action} ${problems.join()}`),
      ['created ', 'created ', 'created '],
    );
    const one = { form: 'Person', name: 'One Swap/Acme' };
    const two = { form: 'Person', name: 'Two Swap/Acme' };
    const address = { internetAddress: 'swap@acme.example' };
    await put({ ...one, ...address }, two);
    const swapped = await put(one, { ...two, ...address });
    assert.deepEqual(
      swapped.map(({ action }) => action),
      ['changed', 'changed'],
    );
  });

  await t.test('a dry run writes nothing', async () => {
    const [row] = await run.json<Row[]>(
      'documents',
      'put',
      '--dry-run',
      file('dry.json', { form: 'Group', name: 'Dry' }),
    );
    assert.equal(row?.action, 'created');
    assert.equal((await run('documents', 'get', 'Group', 'Dry')).code, 1);
  });

  await t.test('deletes, and says what stays in force', async () => {
    await put({ form: 'Group', name: 'Passing' });
    assert.match((await run('documents', 'delete', 'Group', 'passing')).out, /^Deleted Group Passing\.\n$/);
    failed(
      await run('documents', 'delete', 'GlobalDomain', 'Nothing'),
      1,
      /There is no GlobalDomain named "Nothing"/,
    );
    await put(
      { form: 'Group', name: 'Needed', members: ['[10.8.0.0/16]'] },
      { form: 'Server', name: 'Mail8/Acme', hostName: 'mail8.acme.example', domain: 'ACME' },
      { form: 'Configuration', name: 'Mail8/Acme', inboundRelay: { allowHosts: ['Needed'] } },
    );
    const deleted = await run.json<Row>('documents', 'delete', 'Group', 'Needed');
    assert.match(deleted.problems[0] ?? '', /deleted, still in force: Configuration "Mail8\/Acme" needs it/);
    const rows = await run.json<{ name: string; state: string }[]>('documents', 'list', 'Group');
    assert.equal(rows.find(({ name }) => name === 'Needed')?.state, 'deleted, still in force');
  });

  await t.test('an export is read in again as it is', async () => {
    const { out } = await run('documents', 'export');
    const lines = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    assert.ok(lines.every((document) => !('publishedAt' in document) && 'form' in document));
    const rows = await run.json<Row[]>('documents', 'import', file('export.jsonl', out));
    assert.deepEqual(new Set(rows.map(({ action }) => action)), new Set(['unchanged']));
    assert.equal((await run('documents', 'export')).out, out);
  });

  await t.test('imports LDIF, and reports what was left out', async () => {
    const ldif = [
      'dn: CN=Lea Dif,O=Acme',
      'objectclass: dominoPerson',
      'cn: Lea Dif',
      'mail: lea@acme.example',
      'userpassword: x',
      '',
      'dn: CN=Lou Dif,O=Acme',
      'objectclass: dominoPerson',
      'mailserver: CN=Gone,O=Acme',
      'cn: Lou Dif',
      'mail: lea@acme.example',
      '',
      'dn: CN=Difs',
      'objectclass: dominoGroup',
      'grouptype: 0',
      'member: CN=Lea Dif,O=Acme',
      '',
      'dn: CN=Odd,O=Acme',
      'objectclass: dominoServer',
      '',
    ].join('\n');
    const rows = await run.json<Row[]>('documents', 'import', '--ldif', file('people.ldif', ldif));
    assert.deepEqual(
      rows.map(({ name, action }) => `${name} ${action}`),
      ['Lea Dif/Acme created', 'Lou Dif/Acme created', 'Difs created', 'CN=Odd,O=Acme left out'],
    );
    assert.match(rows[0]!.problems.join('\n'), /may have computed[^]*set-password/);
    assert.match(
      rows[1]!.problems.join('\n'),
      /"lea@acme.example" is the address of Person "Lea Dif\/Acme" already; left out/,
    );
    assert.match(rows[1]!.problems.join('\n'), /no Server document is named "Gone\/Acme"/);
    assert.deepEqual(await run.json('documents', 'get', 'Group', 'Difs'), {
      form: 'Group',
      name: 'Difs',
      groupType: 'multi-purpose',
      members: ['Lea Dif/Acme'],
    });
    await run.fed('secret\n', 'people', 'set-password', 'Lea Dif/Acme');
    await run('documents', 'import', '--ldif', join(gateway.data, 'people.ldif'));
    const again = await run.json<{ password?: string }>('documents', 'get', 'Person', 'Lea Dif/Acme');
    assert.match(again.password ?? '', /^scrypt/, 'a second import keeps the password');
  });

  await t.test('imports people from CSV', async () => {
    const csv = file(
      'people.csv',
      'Name,Mail,Quota MB\nCee Svee/Acme,cee@acme.example,5\nBad Svee/Acme,not an address,\n',
    );
    const rows = await run.json<Row[]>('documents', 'import', '--csv', csv);
    assert.deepEqual(
      rows.map(({ action }) => action),
      ['created', 'left out'],
    );
    assert.match(rows[1]!.problems.join(), /is not an Internet address/);
  });

  await t.test('init writes only where there is nothing', async () => {
    const words = ['--server', 'Mail1/Acme', '--host-name', 'mail1.acme.example', '--domain', 'acme.example'];
    failed(
      await run('documents', 'init', ...words),
      1,
      /There is a Server Mail1\/Acme and a Configuration \* and/,
    );
    failed(await run('documents', 'init', ...words.slice(2)), 2, /--server is missing/);
  });

  await t.test('sets a password from standard input', async () => {
    await put({ form: 'Person', name: 'Pass Word/Acme', shortNames: ['pw'] });
    assert.equal((await run.fed('söcret\r\nmore\n', 'people', 'set-password', 'pass word/acme')).code, 0);
    const { password = '' } = await run.json<{ password?: string }>(
      'documents',
      'get',
      'Person',
      'Pass Word/Acme',
    );
    assert.ok(await verifyPassword('söcret', password));
    failed(await run.fed('\n', 'people', 'set-password', 'pw'), 1, /The password is empty/);
    failed(await run.fed('x', 'people', 'set-password', 'Nobody/Acme'), 1, /no Person named "Nobody\/Acme"/);
  });

  await t.test('gives Internet addresses to people who have none', async () => {
    await put(
      { form: 'Person', name: 'Ada Dress/Acme', firstName: 'Ada', lastName: 'Dress' },
      { form: 'Person', name: 'Ada Dress/East/Acme', firstName: 'Ada', lastName: 'Dress' },
    );
    const words = ['people', 'set-internet-address', '--format', 'first-last', '--separator', '.'];
    const expected = [
      { name: 'Ada Dress/Acme', old: '', new: 'Ada.Dress@acme.example' },
      { name: 'Ada Dress/East/Acme', old: '', new: 'Ada.Dress2@acme.example' },
    ];
    const ours = (rows: { name: string }[]) => rows.filter(({ name }) => name.startsWith('Ada Dress'));
    assert.deepEqual(ours(await run.json(...words, '--dry-run')), expected);
    assert.deepEqual(ours(await run.json(...words)), expected);
    assert.deepEqual(await run.json(...words), [], 'nobody is left');
    failed(await run('people', 'set-internet-address', '--format', 'odd'), 2, /--format "odd" is not known/);
  });

  await t.test('explains what a session would be told', async () => {
    const explain = (...words: string[]): Promise<Explained> => run.json('explain', ...words);
    const cases: [string, string[], string, number, RegExp][] = [
      [
        'mail to us',
        ['--from', 'you@elsewhere.example', '--to', 'alice@acme.example'],
        'accept',
        250,
        /mailbox mail\/alice/,
      ],
      ['nobody', ['--from', 'you@elsewhere.example', '--to', 'nobody@acme.example'], 'refuse', 550, /^$/],
      ['a relay', ['--from', 'you@elsewhere.example', '--to', 'x@other.example'], 'refuse', 554, /^$/],
      [
        'a person of ours',
        ['--auth', 'bob@acme.example', '--from', 'bob@acme.example', '--to', 'x@other.example'],
        'accept',
        250,
        /Amazon SES/,
      ],
      [
        'in another name',
        ['--auth', 'Bob Example/Acme', '--from', 'alice@acme.example', '--to', 'x@other.example'],
        'refuse',
        553,
        /^$/,
      ],
      [
        'the null sender',
        ['--from', '<>', '--to', 'support@acme.example'],
        'accept',
        250,
        /mailbox mail\/support/,
      ],
      ['too large', ['--from', '', '--to', 'alice@acme.example', '--size', '99999999'], 'refuse', 552, /^$/],
      [
        'no login on port 25',
        ['--auth', 'bob@acme.example', '--port', 'smtp', '--from', 'bob@acme.example', '--to', 'x@y.example'],
        'refuse',
        502,
        /^$/,
      ],
      [
        'a stranger on 587',
        ['--port', 'submission', '--from', 'a@b.example', '--to', 'alice@acme.example'],
        'refuse',
        530,
        /^$/,
      ],
      ['a sender that is none', ['--from', 'a b@c', '--to', 'alice@acme.example'], 'refuse', 501, /^$/],
    ];
    for (const [reason, words, outcome, code, route] of cases) {
      const found = await explain(...words);
      assert.deepEqual([found.outcome, found.code], [outcome, code], reason);
      assert.match(found.recipients[0]?.route ?? 'none', route, reason);
    }
  });

  await t.test('explains which document, field and entry decided', async () => {
    const relay = await run.json<Explained>(
      'explain',
      '--from',
      'a@b.example',
      '--to',
      'x@other.example',
      '--peer',
      '192.0.2.9',
    );
    assert.deepEqual(relay.steps.at(-1)?.because?.document, 'Configuration *');
    assert.match(relay.steps.at(-1)?.because?.field ?? '', /^inboundRelay\.deny/);
    const two = await run.json<Explained>(
      'explain',
      '--from',
      'a@b.example',
      '--to',
      'team@acme.example',
      '--to',
      'x@acme.example',
    );
    assert.deepEqual(
      two.recipients.map(({ outcome }) => outcome),
      ['accept', 'refuse'],
    );
    assert.equal(two.recipients[0]?.because?.document, 'Group Team');
    const { out } = await run('explain', '--from', 'a@b.example', '--to', 'alice@acme.example');
    assert.match(out, /Person Alice Example\/Acme, internetAddress: alice@acme\.example/);
    failed(
      await run('explain', '--from', 'a@b.example', '--to', 'a@b.example', '--auth', 'nobody'),
      1,
      /no published Person/,
    );
    failed(await run('explain', '--to', 'a@b.example'), 2, /--from is missing/);
  });

  await t.test('checks DNS of our domains', async () => {
    const found = await run.json<{ domain: string; check: string; ok: boolean; advice: string }[]>(
      'dns',
      'check',
    );
    const mx = found.find(({ check }) => check === 'MX');
    assert.deepEqual([mx?.domain, mx?.ok], ['acme.example', false]);
    assert.match(mx?.advice ?? '', /IN MX 10 mail1\.acme\.example/);
    failed(await run('dns', 'check', 'not a domain'), 2, /is not an Internet domain/);
  });

  await t.test('moves dead letters back to their queue', async () => {
    const dead = `${gateway.endpoints.queues.report}-dead`;
    await gateway.clients.sqs.send(
      new SendMessageCommand({ QueueUrl: dead, MessageBody: '{"message":"none"}' }),
    );
    await until('the letter is moved', async () => {
      const { moved } = await run.json<{ moved: number }>('spool', 'redrive', 'report');
      return moved === 1 ? true : undefined;
    });
    failed(await run('spool', 'redrive', 'nowhere'), 2, /"nowhere" is not a queue/);
  });

  await t.test('says in a sentence what it was not understood', async () => {
    const cases: [string[], number, RegExp][] = [
      [['documents', 'frobnicate'], 2, /"documents frobnicate" is not a command/],
      [['documents', 'put'], 2, /FILE is missing/],
      [['documents', 'put', 'no-such.json'], 1, /There is no file no-such\.json/],
      [['documents', 'get', 'Persn', 'x'], 2, /did you mean Person\?/],
      [['documents', 'import'], 2, /Name one file/],
    ];
    for (const [words, code, message] of cases) failed(await run(...words), code, message);
  });
});

test('a new key for DKIM is one that signs', async () => {
  const { code, out } = await postern('no-such-folder')('dns', 'dkim-key', 'acme.example', 's1', '--json');
  const key = JSON.parse(out) as { name: string; value: string; privateKey: string };
  assert.deepEqual([code, key.name], [0, 's1._domainkey.acme.example']);
  const der = createPublicKey(key.privateKey).export({ type: 'spki', format: 'der' });
  assert.equal(key.value, `v=DKIM1; k=rsa; p=${der.toString('base64')}`);
});

test('the record of a domain in other letters is named as DNS has it', async () => {
  const { code, out } = await postern('no-such-folder')('dns', 'dkim-key', 'Bücher.example', 's1', '--json');
  const { domain, name } = JSON.parse(out) as { domain: string; name: string };
  assert.deepEqual([code, domain, name], [0, 'xn--bcher-kva.example', 's1._domainkey.xn--bcher-kva.example']);
});

test('whoever reads only the beginning has had enough', async () => {
  const program = fileURLToPath(new URL('../../cli/postern.mjs', import.meta.url));
  const child = spawn(process.execPath, [program, 'documents', 'validate', '-', '--json']);
  const people = Array.from({ length: 5_000 }, (_, index) => ({ form: 'Person', name: `P${index}` }));
  child.stdin.on('error', () => undefined).end(JSON.stringify(people));
  const said = text(child.stderr);
  child.stdout.once('data', () => child.stdout.destroy());
  const [code] = (await once(child, 'close')) as [number | null];
  assert.deepEqual([code, await said], [0, '']);
});

test('validate needs no gateway', async () => {
  const run = postern('no-such-folder');
  const bad = '{"form":"Person","name":"A","quotaMB":"x"}\n{"form":"Person","name":"B"}';
  const { code, out } = await run.fed(bad, 'documents', 'validate', '-', '--json');
  const rows = JSON.parse(out) as Row[];
  assert.equal(code, 1);
  assert.deepEqual(
    rows.map(({ problems }) => problems),
    [['quotaMB: "x" is a string; write a number'], []],
  );
  assert.equal((await run.fed('{"form":"Person","name":"B"}', 'documents', 'validate', '-')).code, 0);
  failed(await run('documents', 'list'), 1, /No gateway is running on no-such-folder/);
});
