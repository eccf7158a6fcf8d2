/** MTA-STS and DANE towards real hosts on loopback: HTTPS, DNS with its flag, STARTTLS. No downgrade gets through. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:https';
import { test } from 'node:test';
import { dnssecResolver } from '../../../aws/dnssec.ts';
import { httpsPolicyHost } from '../../../aws/policy-host.ts';
import { dnsResolver } from '../../../aws/resolver.ts';
import { stsPolicies } from '../../../functions/relay-outbound/sts-policies.ts';
import { selfSigned } from '../../../listener/self-signed.ts';
import { authority, issued } from '../../builders/certificates.ts';
import { dnsServer, type Zone } from '../../builders/dns-server.ts';
import { lineTo, outcomesOf, type LineOptions } from '../../builders/outbound-line.ts';
import { outboundDelivery } from '../../builders/outbound.ts';
import { smtpSink, type SinkOptions } from '../../builders/smtp-sink.ts';
import { tlsa } from '../../builders/tlsa.ts';

const anna = 'anna@there.example';
const own = selfSigned('mx1.there.example', new Date());
const other = selfSigned('mx1.there.example', new Date());
const misnamed = selfSigned('mx2.there.example', new Date());
const policyHost = selfSigned('mta-sts.there.example', new Date());

const zone: Zone = {
  'there.example': { mx: [[10, 'mx1.there.example']] },
  'mx1.there.example': { a: ['127.0.0.1'] },
  '_mta-sts.there.example': { txt: ['v=STSv1; id=one;'] },
  'mta-sts.there.example': { a: ['127.0.0.1'] },
};

interface StsCase {
  readonly why: string;
  readonly mode: 'enforce' | 'testing' | 'none';
  readonly mx?: string;
  readonly sink: SinkOptions;
  readonly outcome: 'tls' | 'clear' | RegExp;
  readonly told?: string;
  /** Of the policy's host. */
  readonly certificate?: { key: string; cert: string };
  readonly trusted?: string;
  readonly tls?: 'disabled' | 'negotiated';
}

const stsCases: readonly StsCase[] = [
  { why: 'verified', mode: 'enforce', sink: { tls: own }, outcome: 'tls', told: 'success' },
  { why: 'over the document', mode: 'enforce', tls: 'disabled', sink: { tls: own }, outcome: 'tls' },
  {
    why: 'no TLS offered, with leave to fall back',
    mode: 'enforce',
    sink: {},
    outcome: /^451 4\.7\.4 TLS is required/,
    told: 'starttls-not-supported',
  },
  {
    why: 'a certificate for another name',
    mode: 'enforce',
    sink: { tls: misnamed },
    trusted: misnamed.cert,
    outcome: /cannot be verified: it is not made out for mx1\.there\.example/,
    told: 'certificate-host-mismatch',
  },
  {
    why: 'a certificate of nobody',
    mode: 'enforce',
    sink: { tls: other },
    outcome: /cannot be verified/,
    told: 'certificate-not-trusted',
  },
  {
    why: 'a mail server that is not named',
    mode: 'enforce',
    mx: '*.elsewhere.example',
    sink: { tls: own },
    outcome: /^451 4\.7\.5 The MTA-STS policy of there\.example does not name the mail server mx1/,
    told: 'validation-failure',
  },
  { why: 'one label', mode: 'enforce', mx: '*.there.example', sink: { tls: own }, outcome: 'tls' },
  { why: 'only tested', mode: 'testing', sink: {}, outcome: 'clear', told: 'starttls-not-supported' },
  {
    why: 'only tested, another server',
    mode: 'testing',
    mx: 'a.example',
    sink: { tls: own },
    outcome: 'tls',
    told: 'validation-failure',
  },
  { why: 'taken back', mode: 'none', sink: {}, outcome: 'clear' },
  {
    why: 'a policy host without the right certificate has said nothing',
    mode: 'enforce',
    certificate: own,
    sink: {},
    outcome: 'clear',
    told: 'sts-policy-fetch-error',
  },
];

for (const { why, mode, mx = 'mx1.there.example', outcome, told, ...given } of stsCases)
  test(`MTA-STS ${mode}: ${why}`, async () => {
    const body = `version: STSv1\r\nmode: ${mode}\r\nmx: ${mx}\r\nmax_age: 86400\r\n`;
    const { certificate = policyHost, trusted = own.cert, tls = 'negotiated' } = given;
    await using web = await website(certificate, body);
    await using dns = await dnsServer(zone);
    await using sink = await smtpSink(given.sink);
    const results: string[] = [];
    const sts = stsPolicies({
      resolver: dnsResolver({ servers: [dns.address] }),
      host: httpsPolicyHost({ port: web.port, ca: policyHost.cert }),
      store: { read: () => Promise.resolve(undefined), write: () => Promise.resolve() },
      clock: () => new Date(),
      onProblem: () => void results.push('sts-policy-fetch-error'),
      onFault: () => assert.fail(),
    });
    const outboundCommands = { tls, fallbackToPlain: true };
    const attempt = await send(sink.port, {
      sts,
      dns: dns.address,
      ca: trusted,
      configuration: { outboundCommands },
      onTls: ({ result }) => void results.push(result),
    });
    if (told !== undefined) assert.deepEqual(results, [told]);
    check(attempt, outcome, sink.messages[0]?.tls);
  });

const signed: Zone = {
  'there.example': { mx: [[10, 'mx1.there.example']], secure: true },
  'mx1.there.example': { a: ['127.0.0.1'], secure: true },
};

interface DaneCase {
  readonly why: string;
  readonly records: Zone;
  readonly sink: SinkOptions;
  readonly outcome: 'tls' | 'clear' | RegExp;
}

const at = '_25._tcp.mx1.there.example';
const chained = { key: issued.key, cert: `${issued.cert}${authority}` };
const daneCases: readonly DaneCase[] = [
  {
    why: 'its own key',
    records: { [at]: { tlsa: [tlsa('3 1 1', own.cert)], secure: true } },
    sink: { tls: own },
    outcome: 'tls',
  },
  {
    why: 'an authority of its own',
    records: { [at]: { tlsa: [tlsa('2 0 1', authority)], secure: true } },
    sink: { tls: chained },
    outcome: 'tls',
  },
  {
    why: 'another key',
    records: { [at]: { tlsa: [tlsa('3 1 1', other.cert)], secure: true } },
    sink: { tls: own },
    outcome: /cannot be verified: no TLSA record/,
  },
  {
    why: 'no TLS offered',
    records: { [at]: { tlsa: [tlsa('3 1 1', own.cert)], secure: true } },
    sink: {},
    outcome: /TLS is required/,
  },
  {
    why: 'records that are not signed count for nothing',
    records: { [at]: { tlsa: [tlsa('3 1 1', other.cert)] } },
    sink: { tls: own },
    outcome: 'tls',
  },
  {
    why: 'an address that is not signed leads to no records',
    records: {
      'mx1.there.example': { a: ['127.0.0.1'] },
      [at]: { tlsa: [tlsa('3 1 1', other.cert)], secure: true },
    },
    sink: {},
    outcome: 'clear',
  },
  {
    why: 'records that cannot be used ask for TLS all the same',
    records: { [at]: { tlsa: [tlsa('1 1 1', own.cert)], secure: true } },
    sink: {},
    outcome: /TLS is required/,
  },
  {
    why: 'records that cannot be used take any certificate',
    records: { [at]: { tlsa: [tlsa('1 1 1', own.cert)], secure: true } },
    sink: { tls: other },
    outcome: 'tls',
  },
  { why: 'signed: there are none', records: { [at]: { secure: true } }, sink: {}, outcome: 'clear' },
  {
    why: 'wrong signatures',
    records: { [at]: 'SERVFAIL' },
    sink: { tls: own },
    outcome: /^451 4\.7\.5 DNSSEC look-ups for mx1/,
  },
  {
    why: 'the signed MX records name another host',
    records: { 'there.example': { mx: [[10, 'mx9.there.example']], secure: true } },
    sink: { tls: own },
    outcome: /signed MX records of there\.example do not name mx1/,
  },
];

for (const { why, records, outcome, sink: options } of daneCases)
  test(`DANE: ${why}`, async () => {
    await using dns = await dnsServer(zone);
    await using checked = await dnsServer({ ...signed, ...records });
    await using sink = await smtpSink(options);
    const attempt = await send(sink.port, {
      dns: dns.address,
      secureDns: dnssecResolver({ server: checked.address, timeoutMs: 5_000, tries: 1 }),
      configuration: { outboundCommands: { fallbackToPlain: true } },
    });
    check(attempt, outcome, sink.messages[0]?.tls);
  });

test('REQUIRETLS takes the word of signed records', async () => {
  await using dns = await dnsServer(zone);
  await using checked = await dnsServer({
    ...signed,
    [at]: { tlsa: [tlsa('3 1 1', own.cert)], secure: true },
  });
  await using sink = await smtpSink({ tls: own, extensions: ['REQUIRETLS'] });
  const secureDns = dnssecResolver({ server: checked.address });
  await using line = lineTo('there.example', {
    transport: 'direct',
    dns: dns.address,
    port: sink.port,
    secureDns,
  });
  assert.equal(outcomesOf(await line.send(outboundDelivery({ requireTls: true })))[anna], 'relayed');
});

interface CountedCase {
  readonly why: string;
  readonly sink: SinkOptions;
  readonly options?: LineOptions;
  readonly counted: readonly string[];
}

const enforced: LineOptions['sts'] = () =>
  Promise.resolve({ mode: 'enforce', mx: ['mx1.there.example'], maxAge: 1 });
const counted: readonly CountedCase[] = [
  { why: 'no policy, with TLS', sink: { tls: other }, counted: ['no-policy-found success'] },
  {
    why: 'no policy, without TLS',
    sink: {},
    counted: ['no-policy-found starttls-not-supported mx1.there.example 127.0.0.1'],
  },
  {
    why: 'TLS was refused, and the mail went in clear',
    sink: { tls: own, script: { STARTTLS: '454 4.7.0 not now' } },
    options: { configuration: { outboundCommands: { fallbackToPlain: true } } },
    counted: ['no-policy-found validation-failure mx1.there.example 127.0.0.1'],
  },
  {
    why: 'TLS was not wanted here',
    sink: { tls: own },
    options: { configuration: { outboundCommands: { tls: 'disabled' } } },
    counted: [],
  },
  {
    why: 'a policy that is met',
    sink: { tls: own },
    options: { sts: enforced, ca: own.cert },
    counted: ['sts success'],
  },
  {
    why: 'a policy that is not',
    sink: { tls: own },
    options: { sts: enforced },
    counted: ['sts certificate-not-trusted mx1.there.example 127.0.0.1'],
  },
];
for (const { why, sink: options, options: line, counted: expected } of counted)
  test(`counted for a report: ${why}`, async () => {
    await using dns = await dnsServer(zone);
    await using sink = await smtpSink(options);
    const noted: string[] = [];
    const tally: LineOptions['tally'] = {
      note: ({ policy, result, host, address }) =>
        void noted.push(
          result === 'success' ? `${policy.type} success` : [policy.type, result, host, address].join(' '),
        ),
    };
    await send(sink.port, { dns: dns.address, tally, ...line });
    assert.deepEqual(noted, expected);
  });

test('the report of failures goes out whatever the policy says, uncounted, and nothing else by its session', async () => {
  await using dns = await dnsServer(zone);
  await using sink = await smtpSink({});
  const tally = { note: () => assert.fail('counted') };
  await using line = lineTo('there.example', {
    transport: 'direct',
    port: sink.port,
    dns: dns.address,
    sts: enforced,
    tally,
  });
  const report = outboundDelivery({ tlsOptional: true });
  assert.equal(outcomesOf(await line.send(report))[anna], 'relayed');
  assert.equal(outcomesOf(await line.send(report))[anna], 'relayed');
  assert.deepEqual([sink.connections, sink.messages[0]?.tls], [1, false]);
  await assert.rejects(line.send(), /counted/);
});

test('a host behind one that its policy keeps us from is tried', async () => {
  await using dns = await dnsServer({
    ...zone,
    'there.example': {
      mx: [
        [10, 'mx9.there.example'],
        [20, 'mx1.there.example'],
      ],
    },
    'mx9.there.example': { a: ['127.0.0.1'] },
  });
  await using sink = await smtpSink({ tls: own });
  const policy = { mode: 'enforce', mx: ['mx1.there.example'], maxAge: 1 } as const;
  const attempt = await send(sink.port, {
    dns: dns.address,
    ca: own.cert,
    sts: () => Promise.resolve(policy),
  });
  assert.equal(outcomesOf(attempt)[anna], 'relayed');
  assert.equal(sink.connections, 1);
});

async function send(port: number, options: LineOptions) {
  await using line = lineTo('there.example', { transport: 'direct', port, ...options });
  return await line.send();
}

function check(
  attempt: Awaited<ReturnType<typeof send>>,
  outcome: 'tls' | 'clear' | RegExp,
  tls: boolean | undefined,
): void {
  const [result] = attempt.results;
  if (outcome instanceof RegExp) {
    assert.equal(result?.outcome, 'waiting', result?.reply);
    assert.match(result?.reply ?? '', outcome);
    assert.equal(tls, undefined, 'nothing was sent');
  } else {
    assert.equal(result?.outcome, 'relayed', result?.reply);
    assert.equal(tls, outcome === 'tls');
  }
}

async function website({ key, cert }: { key: string; cert: string }, body: string) {
  const server = createServer({ key, cert }, (asked, answer) => {
    const right = asked.url === '/.well-known/mta-sts.txt' && asked.headers.host === 'mta-sts.there.example';
    answer.writeHead(right ? 200 : 404, { 'content-type': 'text/plain' }).end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  return {
    port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
