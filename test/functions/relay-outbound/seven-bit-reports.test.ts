/** Reports with 8-bit text towards a host without 8BITMIME: never undeliverable for that reason. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { outboundDelivery } from '../../builders/outbound.ts';
import { lineTo, outcomesOf } from '../../builders/outbound-line.ts';
import { smtpSink } from '../../builders/smtp-sink.ts';

const anna = 'anna@there.example';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const dkim = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const configuration = { dkimSigning: [{ domain: 'acme.example', selector: 'one', secret: 'dkim' }] };
const extensions = ['PIPELINING', 'SIZE 52428800', 'DSN'];

const body = `From: Postmaster@acme.example
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="=_m1-r1"
Content-Transfer-Encoding: 8bit

--=_m1-r1
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

Your message
--=_m1-r1
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit

Reporting-MTA: dns; mail1.acme.example

--=_m1-r1
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

Subject: Hello

Zwölf Boxkämpfer
--=_m1-r1--
`.replaceAll('\n', '\r\n');
const report = (change = {}) =>
  outboundDelivery({
    message: 'm1-r1',
    from: '',
    eightBitMime: true,
    size: Buffer.byteLength(body),
    ...change,
  });

test('the header of the original goes back, signed as it leaves, over the same connection', async () => {
  await using sink = await smtpSink({ extensions });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration, secrets: { dkim }, body });
  const attempt = await line.send(report({ sign: 'acme.example' }));
  assert.equal(outcomesOf(attempt)[anna], 'relayed');
  const [message] = await sink.received(1);
  assert.ok(message!.body.every((byte) => byte < 128));
  assert.match(
    message!.body.toString(),
    /Content-Type: text\/rfc822-headers\r\n.*: 7bit\r\n\r\nSubject: Hello\r\n/,
  );
  assert.doesNotMatch(message!.body.toString(), /8bit|Boxk/);
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const resolver = () => Promise.resolve([[`v=DKIM1; k=rsa; p=${p}`]]);
  const { results } = await dkimVerify(message!.body, { resolver });
  assert.equal(results[0]?.status.result, 'pass');
  assert.equal(sink.connections, 1);
});

test('a host that takes 8-bit text gets the original whole', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { body });
  await line.send(report());
  assert.match((await sink.received(1))[0]!.body.toString(), /Boxkämpfer/);
});

test("other people's mail is not rewritten", async () => {
  await using sink = await smtpSink({ extensions });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { body });
  const attempt = await line.send(report({ from: 'bob@acme.example', message: 'm1' }));
  assert.equal(outcomesOf(attempt)[anna], 'failed');
});
