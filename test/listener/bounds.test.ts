/** What one message and one session may cost, beside its size: lines and parts of a message, refusals of a session. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted, inData } from './client.ts';
import { gateway, type Gateway } from './gateway.ts';

async function deliver(house: Gateway, message: string): Promise<string> {
  const client = await inData(house.ports.smtp);
  client.send(message);
  const reply = await client.ask('.');
  client.close();
  return reply;
}

const kb = 1024;
const nested = (depth: number): string => {
  let body = '';
  for (let n = 1; n <= depth; n++) body += `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`;
  return `${body}\r\ninnermost\r\n`;
};
const parts = (count: number, padding = ''): string =>
  `Content-Type: multipart/mixed;\r\n boundary="b"\r\n\r\n${padding}${'--b\r\n\r\nx\r\n'.repeat(count)}--b--\r\n`;
const padding = `${'x'.repeat(998)}\r\n`.repeat(400);
/** A field on one line of so many octets, CRLF counted. */
const field = (octets: number): string => `X-Long: ${'x'.repeat(octets - 10)}\r\n`;

const accepted = '250 2.0.0 ';
const headerTooLarge = '552 5.3.4 Message header exceeds fixed maximum size';
const tooMany = '554 5.6.0 Message has over 1,000 MIME parts, or parts over 100 deep';

const messages: readonly (readonly [why: string, message: string, reply: string])[] = [
  // documents.md bounds the block: one line may have all of it.
  ['a header line of 256 KB with its empty line', `${field(256 * kb - 2)}\r\nx\r\n`, accepted],
  ['one octet more', `${field(256 * kb - 1)}\r\nx\r\n`, headerTooLarge],
  ['a body line of 1 MB', `Subject: long\r\n\r\n${'x'.repeat(1024 * kb)}\r\n`, accepted],
  ['a thousand parts', parts(1000), accepted],
  ['one part more', parts(1001), tooMany],
  ['one part more behind 400 KB', parts(1001, padding), tooMany],
  ['a hundred deep', nested(100), accepted],
  ['one deeper', nested(101), tooMany],
  ['parts that are only text', `Subject: x\r\n\r\n${'--b\r\n'.repeat(5000)}`, accepted],
];

test('lines and parts of a message have bounds', async (t) => {
  await using house = await gateway();
  for (const [why, message, reply] of messages)
    await t.test(why, async () => {
      const found = await deliver(house, message);
      assert.ok(found.startsWith(reply), found);
    });
  assert.equal(house.kept.length, messages.filter(([, , reply]) => reply === accepted).length);
  assert.deepEqual(await house.staged(), []);
});

test('a message refused at its end is a command refused: errorLimit counts it', async () => {
  await using house = await gateway({ server: { errorLimit: 3 } });
  const client = await greeted(house.ports.smtp);
  const refused = async (): Promise<string> => {
    await client.askAll('MAIL FROM:<>', 'RCPT TO:<alice@acme.example>');
    return client.deliver('bare\n\r\n');
  };
  assert.match(await refused(), /^550 5\.5\.2 /);
  assert.match(await refused(), /^550 5\.5\.2 /);
  assert.match(await client.ask('NOOP'), /^250 /);
  assert.match(await refused(), /^550 5\.5\.2 /);
  assert.deepEqual(await client.rest(), ['421 4.7.0 Too many errors, closing transmission channel']);
});
