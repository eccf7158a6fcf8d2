/** The relay host's client certificate: shown to it alone, read anew for each session; a wrong one keeps the mail here. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { standardTimeouts } from '../../../functions/relay-outbound/smtp-connection.ts';
import { openSession } from '../../../functions/relay-outbound/smtp-session.ts';
import { selfSigned } from '../../../listener/self-signed.ts';
import { obstacleToCertificate } from '../../../mail/relay/client-certificate.ts';
import { lineTo, outcomesOf, type LineOptions } from '../../builders/outbound-line.ts';
import { smtpSink, type SmtpSink } from '../../builders/smtp-sink.ts';

const anna = 'anna@there.example';
const host = selfSigned('relay.example', new Date());
const ours = selfSigned('gateway.acme.example', new Date());
const newer = selfSigned('newer.acme.example', new Date());
const asking = { tls: { ...host, asksForCertificate: true } };
const both = `${ours.key}${ours.cert}`;

test('it is shown to the relay host, and a changed one in the next session', async () => {
  await using sink = await smtpSink(asking);
  const secrets = { client: both };
  await using line = lineToRelay(sink, { secrets });
  await line.send();
  await line.close();
  secrets.client = `${newer.cert}\n${newer.key}`;
  await line.send();
  assert.deepEqual(
    sink.messages.map(({ shown }) => shown),
    ['gateway.acme.example', 'newer.acme.example'],
  );
});

test('where TLS begins with the connection, too', async () => {
  await using sink = await smtpSink({ tls: { ...asking.tls, atOnce: true } });
  const address = '127.0.0.1';
  const target = { host: address, address, port: sink.port, tlsAtOnce: true, literal: true, byMx: false };
  const switches = { dsn: true, pipelining: true, size: true, eightBitMime: true, smtpUtf8: true };
  const trust = { key: both, cert: both };
  const policy = { helo: 'us.example', tls: 'negotiated', fallbackToPlain: false, switches, trust } as const;
  const opened = await openSession(target, policy, { timeouts: standardTimeouts, remaining: () => 10_000 });
  assert.ok(opened.ok, JSON.stringify(opened));
  await opened.session.connection.command('MAIL FROM:<>', 1_000);
  await opened.session.connection.command('RCPT TO:<anna@there.example>', 1_000);
  await opened.session.connection.command('DATA', 1_000);
  await opened.session.connection.command('Subject: x\r\n\r\nx\r\n.', 1_000);
  opened.session.connection.destroy();
  assert.equal(sink.messages[0]?.shown, 'gateway.acme.example');
});

test('no other host sees it', async () => {
  await using sink = await smtpSink(asking);
  await using line = lineToRelay(sink, { secrets: { client: both } }, 'relay.example');
  assert.equal(outcomesOf(await line.send())[anna], 'relayed');
  assert.equal(sink.messages[0]?.shown, undefined);
});

const password = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'geheim' },
}).privateKey;

const wrong: readonly [secret: string | Error | undefined, says: RegExp, why: string][] = [
  [undefined, /does not exist$/, 'no such secret'],
  ['geheim', /holds no private key in PEM/, 'not PEM at all'],
  [ours.cert, /holds no private key in PEM/, 'the certificate alone'],
  [ours.key, /holds no certificate in PEM beside the key$/, 'the key alone'],
  [`${newer.key}${ours.cert}`, /a certificate that is not of its private key$/, 'of two different pairs'],
  [`${password}${ours.cert}`, /without a passphrase$/, 'a key that asks for a passphrase'],
  [new Error('throttled'), /cannot be read: throttled$/, 'unreadable'],
];
for (const [secret, says, why] of wrong)
  test(`${why}: the mail waits and nobody is spoken to, also where plain text would do`, async () => {
    await using sink = await smtpSink(asking);
    const secrets: Record<string, string | Error> = secret === undefined ? {} : { client: secret };
    await using line = lineToRelay(sink, { secrets });
    const attempt = await line.send();
    assert.deepEqual([outcomesOf(attempt)[anna], attempt.hop], ['waiting', 'down']);
    assert.match(attempt.results[0]!.reply, /^451 4\.[37]\.0 .*secret/);
    assert.match(attempt.results[0]!.reply, says);
    assert.doesNotMatch(JSON.stringify(attempt), /geheim|BEGIN/);
    assert.equal(sink.connections, 0);
  });

test('key and certificate may come in either order, the chain behind them', () => {
  for (const pem of [both, `${ours.cert}${ours.key}`, `${both}${host.cert}`, both.replaceAll('\n', '\r\n')])
    assert.equal(obstacleToCertificate(pem), undefined);
});

function lineToRelay(sink: SmtpSink, options: LineOptions, relayHost = `127.0.0.1:${sink.port}`) {
  const configuration = {
    routing: { relayHost, relayHostClientCertificate: 'client' },
    outboundCommands: { fallbackToPlain: true },
  };
  return lineTo(`127.0.0.1:${sink.port}`, { configuration, ...options });
}
