/**
 * Sessions of random octets, shaped like SMTP just enough to get far: no crash, no hang, no reply that is none, and no
 * acceptance that should not be. A thousand by default; `POSTERN_FUZZ=100000 node --test` on this file runs as
 * many, from the seed in `POSTERN_SEED` or a new one, and prints it.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { connect } from './client.ts';
import { gateway, type Gateway } from './gateway.ts';

const sessions = Number(process.env['POSTERN_FUZZ'] ?? 1_000);
const seed = Number(
  process.env['POSTERN_SEED'] ?? (process.env['POSTERN_FUZZ'] ? Date.now() % 2 ** 31 : 4_000),
);
/** At once: a hang of one shows as the silence of a client, in ten seconds. */
const atOnce = 100;

const words = [
  'EHLO x|HELO x|MAIL FROM:<a@b.example>|MAIL FROM:<>|RCPT TO:<x@y.example>|RSET|NOOP|DATA|QUIT|HELP|*|=',
  'RCPT TO:<alice@acme.example>|RCPT TO:<"a@b"@acme.example>|RCPT TO:<@a:x@acme.example>|VRFY x|STARTTLS',
  'AUTH PLAIN|AUTH LOGIN AGEAYg==|XCLIENT ADDR=192.0.2.1|PROXY TCP4 192.0.2.1 192.0.2.2 1 2|BDAT 10 LAST',
  'SIZE=1|BODY=8BITMIME|SMTPUTF8|NOTIFY=NEVER|ORCPT=rfc822;x|RET=HDRS|GET / HTTP/1.1|Subject: x|--b',
  'From: a@b.example|Content-Type: multipart/mixed; boundary=b|DKIM-Signature: v=1; d=b.example; s=x; b=; bh=',
];
const word = fc.constantFrom(...words.flatMap((line) => line.split('|')));
const end = fc.constantFrom('\r\n.\r\n', '\n', '\r', '\n.\n', '\r.\r', '\0', ' ', '');
const ending = fc.oneof({ weight: 3, arbitrary: fc.constant('\r\n') }, { weight: 4, arbitrary: end });
const octets = fc
  .string({ unit: 'binary', maxLength: 40 })
  .map((text) => Buffer.from(text).toString('latin1'));
const piece = fc.oneof({ weight: 6, arbitrary: word }, { weight: 1, arbitrary: octets });
const random = fc.array(fc.tuple(piece, ending), { maxLength: 25 }).map((pairs) => pairs.flat().join(''));
/** What gets past EHLO, MAIL, RCPT and DATA before it goes astray. */
const prologue = [
  'EHLO x\r\n',
  'MAIL FROM:<a@b.example>\r\n',
  'RCPT TO:<alice@acme.example>\r\n',
  'DATA\r\n',
  'Subject: x\r\n\r\n',
];
const session = fc.record({
  head: fc.integer({ min: 0, max: prologue.length }).map((n) => prologue.slice(0, n).join('')),
  rest: random,
  cut: fc.option(fc.integer({ min: 1, max: 60 })),
});
type Session = Parameters<Parameters<typeof session.map>[0]>[0];

test(`${sessions} sessions of random octets`, { timeout: 3_600_000 }, async (t) => {
  await using house = await gateway({
    server: { maximumSessionsPerHost: 10_000, trustedProxies: [] },
    // A STARTTLS that was meant is followed by octets that are no handshake.
    listener: { idleSeconds: 0.2 },
  });
  let kept = 0;
  const group = fc.array(session, { minLength: atOnce, maxLength: atOnce });
  await fc.assert(
    fc.asyncProperty(group, async (batch) => {
      const accepted = await Promise.all(batch.map((one) => play(house, one)));
      const told = accepted.reduce((sum, count) => sum + count, 0);
      assert.ok(told <= house.kept.length, 'a 250 without a message');
      for (const one of house.kept) isClean(one);
      kept += house.kept.splice(0).length;
    }),
    { numRuns: Math.ceil(sessions / atOnce), seed, endOnFailure: true },
  );
  assert.deepEqual(
    house.events.filter(([name]) => name === 'fault'),
    [],
  );
  assert.deepEqual(await house.staged(), []);
  assert.ok(kept > 0, 'some of them got that far');
  t.diagnostic(`seed ${seed}, ${kept} messages accepted`);
});

/** How many messages the session was told are accepted. */
async function play(house: Gateway, { head, rest, cut }: Session): Promise<number> {
  const client = await connect(house.ports.smtp);
  const whole = Buffer.from(head + rest, 'latin1');
  const size = cut ?? whole.length;
  for (let at = 0; at < whole.length; at += size) {
    client.send(whole.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  client.socket.end();
  const lines = await client.rest();
  assert.ok(lines.every(isReply), lines.join('|'));
  client.close();
  return lines.filter((line) => line.includes('accepted for delivery')).length;
}

function isReply(line: string): boolean {
  return /^[2-5]\d\d[ -][^\0\r]*$/.test(line);
}

/** Whatever was kept is for people here only, and has nothing in it by which the next server could be smuggled to. */
function isClean({ envelope, body }: Gateway['kept'][number]): void {
  const text = body.toString('latin1');
  assert.doesNotMatch(text, /\0|(?<!\r)\n|\r(?!\n)/);
  assert.ok(envelope.recipients.length > 0);
  for (const { address } of envelope.recipients)
    assert.match(address, /^(?:alice@acme\.example|postmaster)$/i);
}
