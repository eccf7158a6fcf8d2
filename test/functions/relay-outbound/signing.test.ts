import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { outboundDelivery } from '../../builders/outbound.ts';
import { lineTo, outcomesOf } from '../../builders/outbound-line.ts';
import { smtpSink } from '../../builders/smtp-sink.ts';

const anna = 'anna@there.example';
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const configuration = { dkimSigning: [{ domain: 'acme.example', selector: 'one', secret: 'dkim' }] };

test('a copy leaves signed over what it leaves with, in its announced size', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration, secrets: { dkim: pem } });
  const edits = [{ op: 'replace', name: 'Subject', n: 1, field: 'Subject: Another', length: 16 } as const];
  await line.send(outboundDelivery({ sign: 'acme.example', edits }));
  const [message] = await sink.received(1);
  const p = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
  const { results } = await dkimVerify(message!.body, {
    resolver: () => Promise.resolve([[`v=DKIM1; k=rsa; p=${p}`]]),
  });
  assert.equal(results[0]?.status.result, 'pass');
  assert.match(message!.body.toString(), /^DKIM-Signature: [^]*\r\nSubject: Another\r\n/);
  assert.deepEqual(message?.parameters, [`SIZE=${message?.body.length}`]);
});

test('the key of an international domain is found by its A-labels, which the signature has', async () => {
  await using sink = await smtpSink();
  const international = { dkimSigning: [{ domain: 'Bücher.example', selector: 'one', secret: 'dkim' }] };
  const options = { configuration: international, secrets: { dkim: pem } };
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, options);
  await line.send(outboundDelivery({ sign: 'xn--bcher-kva.example' }));
  assert.match((await sink.received(1))[0]!.body.toString(), / d=xn--bcher-kva\.example;/);
});

test('a copy that asks for no signature gets none', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration, secrets: { dkim: pem } });
  await line.send();
  assert.doesNotMatch((await sink.received(1))[0]!.body.toString(), /DKIM/);
});

const keys: readonly [secret: string | Error | undefined, reply: RegExp, why: string][] = [
  [undefined, /does not exist/, 'no such secret'],
  ['geheim', /must be a PEM private key/, 'no key'],
  [new Error('throttled'), /cannot be read/, 'Secrets Manager fails'],
];
for (const [secret, reply, why] of keys)
  test(`unsigned mail does not leave: ${why}`, async () => {
    await using sink = await smtpSink();
    const secrets: Record<string, string | Error> = secret === undefined ? {} : { dkim: secret };
    await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration, secrets });
    const attempt = await line.send(outboundDelivery({ sign: 'acme.example' }));
    assert.equal(outcomesOf(attempt)[anna], 'waiting');
    assert.match(attempt.results[0]!.reply, reply);
    assert.doesNotMatch(attempt.results[0]!.reply, /geheim/);
    assert.equal(sink.connections, 0);
  });
