/** TLS as the Configuration wants it, and the password that leaves under a verified certificate only. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { standardTimeouts } from '../../../functions/relay-outbound/smtp-connection.ts';
import { openSession } from '../../../functions/relay-outbound/smtp-session.ts';
import { selfSigned } from '../../../listener/self-signed.ts';
import { dnsServer, type Zone } from '../../builders/dns-server.ts';
import { outboundDelivery } from '../../builders/outbound.ts';
import { lineTo, outcomesOf, type LineOptions } from '../../builders/outbound-line.ts';
import { smtpSink, type SinkOptions, type SmtpSink } from '../../builders/smtp-sink.ts';

const anna = 'anna@there.example';
const right = selfSigned('relay.example', new Date());
const other = selfSigned('other.example', new Date());
const zone: Zone = { 'relay.example': { a: ['127.0.0.1'] } };

interface Case {
  readonly why: string;
  readonly tls: 'disabled' | 'negotiated' | 'required';
  readonly sink: SinkOptions;
  readonly fallback?: boolean;
  readonly trusted?: string;
  readonly outcome: 'tls' | 'clear' | 'waiting';
  readonly reply?: RegExp;
}

const cases: readonly Case[] = [
  { why: 'offered and negotiated', tls: 'negotiated', sink: { tls: right }, outcome: 'tls' },
  { why: 'a stranger’s certificate will do', tls: 'negotiated', sink: { tls: other }, outcome: 'tls' },
  { why: 'not offered', tls: 'negotiated', sink: {}, outcome: 'clear' },
  { why: 'not wanted', tls: 'disabled', sink: { tls: right }, outcome: 'clear' },
  {
    why: 'required and verified',
    tls: 'required',
    sink: { tls: right },
    trusted: right.cert,
    outcome: 'tls',
  },
  {
    why: 'required, of an unknown authority',
    tls: 'required',
    sink: { tls: right },
    outcome: 'waiting',
    reply: /^451 4\.7\.5 The certificate of relay\.example .* cannot be verified/,
  },
  {
    why: 'required, for another name',
    tls: 'required',
    sink: { tls: other },
    trusted: other.cert,
    outcome: 'waiting',
    reply: /cannot be verified: .*relay\.example/,
  },
  {
    why: 'required and not offered',
    tls: 'required',
    sink: {},
    outcome: 'waiting',
    reply: /^451 4\.7\.4 TLS is required/,
  },
  {
    why: 'a handshake that fails',
    tls: 'negotiated',
    sink: { extensions: ['STARTTLS'], script: { STARTTLS: '220 go' } },
    outcome: 'waiting',
    reply: /^451 4\.7\.5 No TLS session/,
  },
  {
    why: 'an old version only',
    tls: 'negotiated',
    sink: { tls: { ...right, old: true } },
    outcome: 'waiting',
    reply: /^451 4\.7\.5 No TLS session with \S+ \S+: tlsv1 alert protocol version$/,
  },
  {
    why: 'a handshake that fails, with leave to go on in clear',
    tls: 'negotiated',
    fallback: true,
    sink: { extensions: ['STARTTLS'], script: { STARTTLS: ['hang up'] } },
    outcome: 'clear',
  },
  {
    why: 'required: there is no leave to go on in clear',
    tls: 'required',
    fallback: true,
    sink: { extensions: ['STARTTLS'], script: { STARTTLS: ['hang up'] } },
    outcome: 'waiting',
  },
  {
    why: 'STARTTLS refused',
    tls: 'negotiated',
    sink: { extensions: ['STARTTLS'], script: { STARTTLS: '454 4.7.0 not now' } },
    outcome: 'waiting',
    reply: /^454 4\.7\.0 not now$/,
  },
];

for (const { why, tls, sink: sinkOptions, fallback = false, trusted, outcome, reply } of cases)
  test(`TLS ${tls}, ${why}: ${outcome}`, async () => {
    await using sink = await smtpSink(sinkOptions);
    const outboundCommands = { tls, fallbackToPlain: fallback };
    const options = { configuration: { outboundCommands }, timeouts: { handshake: 2_000 } };
    const attempt = await send(sink, trusted === undefined ? options : { ...options, ca: trusted });
    assert.equal(
      outcomesOf(attempt)[anna],
      outcome === 'waiting' ? 'waiting' : 'relayed',
      attempt.results[0]?.reply,
    );
    if (reply !== undefined) assert.match(attempt.results[0]!.reply, reply);
    if (outcome !== 'waiting') assert.equal(sink.messages[0]?.tls, outcome === 'tls');
    if (outcome === 'waiting') assert.equal(sink.messages.length, 0);
  });

test('what is said in clear before TLS is forgotten', async () => {
  await using sink = await smtpSink({ tls: right, script: { STARTTLS: ['220 go\n250 injected'] } });
  assert.equal(outcomesOf(await send(sink, {}))[anna], 'relayed');
  assert.equal(sink.messages[0]?.tls, true);
});

test('REQUIRETLS is passed on over a verified session', async () => {
  await using sink = await smtpSink({ tls: right, extensions: ['REQUIRETLS'] });
  const attempt = await send(sink, { ca: right.cert }, outboundDelivery({ requireTls: true }));
  assert.equal(outcomesOf(attempt)[anna], 'relayed');
  assert.ok(sink.messages[0]?.parameters.includes('REQUIRETLS'));
});

test('REQUIRETLS fails where the host does not know it', async () => {
  await using sink = await smtpSink({ tls: right });
  const attempt = await send(sink, { ca: right.cert }, outboundDelivery({ requireTls: true }));
  assert.equal(outcomesOf(attempt)[anna], 'failed');
  assert.match(attempt.results[0]!.reply, /^550 5\.7\.30 /);
});

test('REQUIRETLS waits where the certificate cannot be verified, and the hop stays open for others', async () => {
  await using sink = await smtpSink({ tls: right, extensions: ['REQUIRETLS'] });
  const attempt = await send(sink, {}, outboundDelivery({ requireTls: true }));
  assert.equal(outcomesOf(attempt)[anna], 'waiting');
  assert.equal(attempt.hop, 'answered');
});

const login = { username: 'postern', password: 'geheim' };
const secret = JSON.stringify(login);

interface LoginCase {
  readonly why: string;
  readonly mode: 'enabled' | 'required' | 'disabled';
  readonly sink: SinkOptions;
  readonly secret?: string | Error;
  readonly user?: string;
  readonly waits?: RegExp;
}

const logins: readonly LoginCase[] = [
  { why: 'the usual', mode: 'required', sink: { login }, secret, user: 'postern' },
  { why: 'AUTH LOGIN only', mode: 'required', sink: { login, mechanisms: 'LOGIN' }, secret, user: 'postern' },
  { why: 'AUTH PLAIN only', mode: 'required', sink: { login, mechanisms: 'PLAIN' }, secret, user: 'postern' },
  {
    why: 'CRAM-MD5 only, enabled: without',
    mode: 'enabled',
    sink: { login, mechanisms: 'CRAM-MD5' },
    secret,
  },
  {
    why: 'CRAM-MD5 only, required',
    mode: 'required',
    sink: { login, mechanisms: 'CRAM-MD5 DIGEST-MD5' },
    secret,
    waits: /^451 4\.7\.0 No login at .* offers neither AUTH PLAIN nor AUTH LOGIN/,
  },
  {
    why: 'a host that hangs up at the password, enabled: without',
    mode: 'enabled',
    sink: { login, script: { AUTH: ['hang up'] } },
    secret,
  },
  {
    why: 'a host that hangs up at the password, required',
    mode: 'required',
    sink: { login, script: { AUTH: ['hang up'] } },
    secret,
    waits: /^451 4\.7\.0 No login at .*: the other side closed it/,
  },
  {
    why: 'a login that cannot be checked now, required',
    mode: 'required',
    sink: { login, script: { AUTH: ['454 4.7.0 later'] } },
    secret,
    waits: /^454 4\.7\.0 later/,
  },
  { why: 'not wanted', mode: 'disabled', sink: { login }, secret },
  {
    why: 'wrong password, enabled: without',
    mode: 'enabled',
    sink: { login },
    secret: secret.replace('geheim', 'x'),
  },
  {
    why: 'wrong password, required: it waits',
    mode: 'required',
    sink: { login },
    secret: secret.replace('geheim', 'x'),
    waits: /^535 5\.7\.8/,
  },
  { why: 'AUTH not offered, enabled: without', mode: 'enabled', sink: {}, secret },
  {
    why: 'AUTH not offered, required',
    mode: 'required',
    sink: {},
    secret,
    waits: /offers neither AUTH PLAIN nor AUTH LOGIN/,
  },
  { why: 'no such secret, enabled: without', mode: 'enabled', sink: { login } },
  {
    why: 'no such secret, required',
    mode: 'required',
    sink: { login },
    waits: /the secret "relay" .* does not exist/,
  },
  {
    why: 'a secret of another shape',
    mode: 'required',
    sink: { login },
    secret: 'geheim',
    waits: /is not \{"username"/,
  },
  {
    why: 'a secret that cannot be read',
    mode: 'enabled',
    sink: { login },
    secret: new Error('throttled'),
    waits: /cannot be read/,
  },
];

for (const { why, mode, sink: sinkOptions, secret: text, user, waits } of logins)
  test(`login ${mode}: ${why}`, async () => {
    await using sink = await smtpSink(sinkOptions);
    const hop = `127.0.0.1:${sink.port}`;
    const routing = { relayHost: hop, relayHostAuthentication: mode, relayHostCredentials: 'relay' };
    const secrets: Record<string, string | Error> = text === undefined ? {} : { relay: text };
    await using line = lineTo(hop, { configuration: { routing }, secrets });
    const attempt = await line.send();
    assert.equal(
      outcomesOf(attempt)[anna],
      waits === undefined ? 'relayed' : 'waiting',
      attempt.results[0]?.reply,
    );
    if (waits !== undefined) assert.match(attempt.results[0]!.reply, waits);
    else assert.equal(sink.messages[0]?.user, user);
    assert.doesNotMatch(JSON.stringify(attempt), /geheim/);
  });

test('the password is for the relay host alone', async () => {
  await using sink = await smtpSink({ login });
  const routing = {
    relayHost: 'relay.example',
    relayHostAuthentication: 'required',
    relayHostCredentials: 'relay',
  };
  await using line = lineTo(`127.0.0.1:${sink.port}`, {
    configuration: { routing },
    secrets: { relay: secret },
  });
  assert.equal(outcomesOf(await line.send())[anna], 'relayed');
  assert.equal(sink.messages[0]?.user, undefined);
});

test('the relay host may speak TLS from the first byte', async () => {
  await using sink = await smtpSink({ tls: { ...right, atOnce: true } });
  const target = {
    host: 'relay.example',
    address: '127.0.0.1',
    port: sink.port,
    tlsAtOnce: true,
    literal: false,
    byMx: false,
  };
  const switches = { dsn: true, pipelining: true, size: true, eightBitMime: true, smtpUtf8: true };
  const policy = {
    helo: 'mail1.acme.example',
    tls: 'required',
    fallbackToPlain: false,
    switches,
    trust: { ca: right.cert },
  } as const;
  const opened = await openSession(target, policy, { timeouts: standardTimeouts, remaining: () => 10_000 });
  assert.ok(opened.ok, JSON.stringify(opened));
  assert.equal(opened.session.tls?.verified, true);
  opened.session.connection.destroy();
});

async function send(sink: SmtpSink, options: LineOptions, delivery = outboundDelivery()) {
  await using dns = await dnsServer(zone);
  await using line = lineTo(`relay.example:${sink.port}`, { ...options, dns: dns.address });
  return await line.send(delivery);
}
