import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connect, connectSecurely, greeted, inData } from './client.ts';
import { falseEnds } from './false-ends.ts';
import { gateway } from './gateway.ts';

test('a false end of data smuggles nothing, in one write and octet by octet', async () => {
  await using house = await gateway({ server: { maximumSessionsPerHost: 100 } });
  const inner = 'MAIL FROM:<evil@there.example>\r\nRCPT TO:<alice@acme.example>\r\nDATA\r\ninner\r\n';
  for (const [name, octets] of falseEnds)
    for (const bytewise of [false, true]) {
      const client = await inData(house.ports.smtp);
      const first = `Subject: outer\r\n\r\nbody${octets}`;
      for (const piece of bytewise ? first : [first]) {
        client.send(Buffer.from(piece, 'latin1'));
        if (bytewise) await new Promise(setImmediate);
      }
      client.send(`${inner}.\r\nQUIT\r\n`);
      const replies = await client.rest();
      const shown = `${name} ${bytewise ? 'octet by octet' : 'in one write'}`;
      const last = name === 'CRLF.SP CRLF' ? /^250 / : /^550 5\.5\.2 /;
      assert.match(replies[0] ?? '', last, shown);
      assert.match(replies[1] ?? '', /^221 /, shown);
      assert.equal(replies.length, 2, shown);
    }
  assert.equal(house.kept.length, 2, 'only the dot with a space behind it is content');
  assert.deepEqual(await house.staged(), []);
});

test('a valid dialogue gets the same replies however it is cut', async () => {
  await using house = await gateway({ server: { maximumSessionsPerHost: 1000 } });
  const dialogue =
    'EHLO client.example\r\nMAIL FROM:<a@there.example>\r\nRCPT TO:<alice@acme.example>\r\n' +
    'RCPT TO:<nobody@acme.example>\r\nDATA\r\nSubject: cut\r\n\r\n..dot\r\nline\r\n.\r\nNOOP\r\nQUIT\r\n';
  const codes = ['220', '250', '250', '250', '550', '354', '250', '250', '221'];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(dialogue.length - 1), { maxLength: 12 }), async (places) => {
      const client = await connect(house.ports.smtp);
      const cuts = [0, ...new Set(places.sort((a, b) => a - b)), dialogue.length];
      for (let n = 1; n < cuts.length; n++) {
        client.send(dialogue.slice(cuts[n - 1], cuts[n]));
        await new Promise(setImmediate);
      }
      const finals = (await client.rest()).filter((line) => line[3] === ' ').map((line) => line.slice(0, 3));
      assert.deepEqual(finals, codes);
      assert.equal(house.kept.at(-1)!.body.toString(), 'Subject: cut\r\n\r\n.dot\r\nline\r\n');
      client.close();
    }),
    { numRuns: 40 },
  );
});

/** A command line of so many octets, its CRLF counted. */
const line = (octets: number): string => `NOOP ${'x'.repeat(octets - 7)}`;

test('command lines over 4,096 octets are refused and the session goes on', async () => {
  await using house = await gateway();
  const client = await greeted(house.ports.smtp);
  assert.match(await client.ask(line(4096)), /^250 /);
  assert.match(await client.ask(line(4097)), /^500 5\.5\.2 /);
  assert.match(await client.ask(line(300_000)), /^500 5\.5\.2 /);
  for (const piece of ['NOOP', 'y'.repeat(5000), 'z'.repeat(5000), '\r']) {
    client.send(piece);
    await new Promise(setImmediate);
  }
  assert.match(await client.ask('\nNOOP'), /^500 5\.5\.2 /);
  assert.match((await client.reply())!, /^250 /);
  client.close();
});

test('a line too long for an answer to a challenge ends the login, not the session', async () => {
  await using house = await gateway();
  const client = await connectSecurely(house.ports.smtps);
  await client.reply();
  assert.match((await client.askAll('EHLO client.example', 'AUTH PLAIN'))[1]!, /^334 /);
  assert.match(await client.ask('A'.repeat(5000)), /^500 5\.5\.2 /);
  assert.match(await client.ask('NOOP'), /^250 /);
  client.close();
});

test('a client that closes its half still gets its replies', async () => {
  await using house = await gateway();
  const client = await connect(house.ports.smtp);
  client.socket.end(
    'EHLO client.example\r\nMAIL FROM:<>\r\nRCPT TO:<alice@acme.example>\r\nDATA\r\nx: y\r\n\r\n.\r\n',
  );
  const lines = await client.rest();
  assert.match(lines.at(-1)!, /^250 2\.0\.0 Message accepted/);
  assert.equal(house.kept.length, 1);
});

test('a connection that breaks in the middle of a message leaves nothing', async () => {
  await using house = await gateway();
  const client = await inData(house.ports.smtp);
  client.send(`Subject: half\r\n\r\n${'x'.repeat(998)}\r\n`.repeat(600));
  while ((await house.staged()).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  client.close();
  while ((await house.staged()).length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(house.kept, []);
});
