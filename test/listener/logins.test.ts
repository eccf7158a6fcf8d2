import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { hashPassword } from '../../mail/directory/password.ts';
import { connect, connectSecurely, type Client } from './client.ts';
import { alice, gateway, type Gateway, type GatewayOptions } from './gateway.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const plain = (name: string, password: string, identity = ''): string =>
  `AUTH PLAIN ${base64(`${identity}\0${name}\0${password}`)}`;

let people: GatewayOptions['people'];
before(async () => {
  const password = await hashPassword('pässword');
  people = [
    { ...alice, password, shortNames: ['ali'], userNames: ['A. Example'] },
    {
      name: 'Bob Example/Acme',
      firstName: 'Bob',
      lastName: 'Example',
      internetAddress: 'bob@acme.example',
      password,
    },
    { name: 'Locked Out/Acme', internetAddress: 'locked@acme.example' },
  ];
});

async function submission(house: Gateway): Promise<Client> {
  const client = await connect(house.ports.submission);
  await client.reply();
  await client.askAll('EHLO client.example', 'STARTTLS');
  await client.secure();
  assert.match(await client.ask('EHLO client.example'), /250-AUTH PLAIN LOGIN/);
  return client;
}

test('names that log in', async (t) => {
  await using house = await gateway({ people: people! });
  await using more = await gateway({
    people: people!,
    server: { internetAuthentication: 'more-name-variations' },
  });
  const names: readonly (readonly [name: string, why: string, fewer: boolean, more: boolean])[] = [
    ['Alice Example/Acme', 'the name', true, true],
    ['CN=Alice Example/O=Acme', 'the same, spelled out', true, true],
    ['alice example', 'the common name, any case', true, true],
    ['A. Example', 'among userNames', true, true],
    ['Alice@ACME.example', 'the Internet address', true, true],
    ['ali', 'a short name', false, true],
    ['Bob', 'a first name', false, true],
    ['Example', 'a last name that two have', false, false],
    ['nobody', 'nobody', false, false],
    ['Locked Out', 'who has no password', false, false],
  ];
  for (const [name, why, ...expected] of names)
    for (const [n, place] of [house, more].entries())
      await t.test(`${why}, ${n === 0 ? 'fewer' : 'more'} variations`, async () => {
        const client = await connectSecurely(place.ports.smtps);
        await client.reply();
        await client.ask('EHLO client.example');
        assert.match(
          await client.ask(plain(name, 'pässword')),
          expected[n] ? /^235 2\.7\.0 / : /^535 5\.7\.8 /,
        );
        client.close();
      });
});

test('a failed login ends the session and is counted', async () => {
  await using house = await gateway({ people: people! });
  const client = await submission(house);
  assert.match(await client.ask(plain('bob@acme.example', 'wrong')), /^535 5\.7\.8 /);
  assert.deepEqual(await client.rest(), []);
  assert.deepEqual(house.attempts, [['failed', { name: 'bob@acme.example', peer: '127.0.0.1' }]]);
  assert.ok(!JSON.stringify(house.events).includes('wrong'), 'no password in the log');
});

test('PLAIN and LOGIN, with and without an initial response', async () => {
  await using house = await gateway({ people: people! });
  const exchanges: readonly (readonly string[])[] = [
    [plain('bob@acme.example', 'pässword')],
    ['AUTH PLAIN', base64('\0bob@acme.example\0pässword')],
    [plain('bob@acme.example', 'pässword', 'bob@acme.example')],
    ['AUTH LOGIN', base64('bob@acme.example'), base64('pässword')],
    [`auth login ${base64('bob@acme.example')}`, base64('pässword')],
  ];
  for (const lines of exchanges) {
    const client = await submission(house);
    const replies = await client.askAll(...lines);
    assert.match(replies.pop()!, /^235 2\.7\.0 /);
    assert.ok(
      replies.every((reply) => reply.startsWith('334 ')),
      replies.join(),
    );
    client.close();
  }
});

test('what AUTH refuses', async () => {
  await using house = await gateway({ people: people! });
  const client = await submission(house);
  const rows: readonly (readonly [line: string, reply: RegExp])[] = [
    ['AUTH', /^504 5\.5\.4 /],
    ['AUTH CRAM-MD5', /^504 5\.5\.4 /],
    ['AUTH PLAIN !!', /^501 5\.5\.4 /],
    [`AUTH PLAIN ${base64('no separators')}`, /^501 5\.5\.4 /],
    ['AUTH PLAIN', /^334 $/],
    ['*', /^501 5\.7\.0 /],
    ['NOOP', /^250 /],
    [plain('bob@acme.example', 'pässword'), /^235 /],
    [plain('bob@acme.example', 'pässword'), /^503 5\.5\.1 /],
  ];
  for (const [line, reply] of rows) assert.match(await client.ask(line), reply, line);
  client.close();
  const other = await submission(house);
  assert.match(await other.ask(plain('bob@acme.example', 'pässword', 'alice@acme.example')), /^535 /);
});

test('a locked name, and counters that cannot be read, are 454; the session stays', async () => {
  let broken = false;
  await using house = await gateway({
    people: people!,
    locked() {
      if (broken) throw new Error('DynamoDB is away');
      return true;
    },
  });
  const client = await submission(house);
  assert.match(await client.ask(plain('bob@acme.example', 'pässword')), /^454 4\.7\.0 /);
  broken = true;
  assert.match(await client.ask(plain('bob@acme.example', 'pässword')), /^454 4\.7\.0 /);
  assert.match(await client.ask('NOOP'), /^250 /);
  assert.deepEqual(house.attempts, []);
  client.close();
});

test('who has logged in may relay, as themselves, and gets what the message lacks', async () => {
  await using house = await gateway({ people: people! });
  const client = await submission(house);
  await client.ask(plain('Bob Example', 'pässword'));
  assert.match(await client.ask('MAIL FROM:<alice@acme.example>'), /^553 5\.7\.1 /);
  const replies = await client.askAll('MAIL FROM:<bob@acme.example>', 'RCPT TO:<x@elsewhere.example>');
  assert.ok(
    replies.every((reply) => reply.startsWith('250 ')),
    replies.join(),
  );
  assert.match(await client.deliver('From: bob@acme.example\r\n\r\nx\r\n'), /^250 /);
  const { envelope } = house.kept[0]!;
  assert.equal(envelope.session?.auth, 'Bob Example/Acme');
  assert.ok(envelope.session?.tls?.version.startsWith('TLS'));
  const fields = JSON.stringify(envelope.edits);
  for (const field of ['Message-ID: <', 'Date: ', 'with ESMTPSA']) assert.ok(fields.includes(field), field);
  client.close();
});
