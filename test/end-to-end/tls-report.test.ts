/** A day of TLS, reported to the domain that asks: counted while sending, kept over a restart, one signed message. */
import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { gunzipSync } from 'node:zlib';
import { dkimVerify } from 'mailauth/lib/dkim/verify.js';
import { awsTlsCounts } from '../../aws/tls-counts.ts';
import { selfSigned } from '../../listener/self-signed.ts';
import { dnsServer } from '../builders/dns-server.ts';
import { startTestGateway, temporaryData, until, type TestGateway } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const domain = 'there.example';

test('a domain that asks is told of yesterday, once', async (t) => {
  const certificate = selfSigned('mx.there.example', new Date());
  await using sink = await smtpSink({ host: '127.0.0.2', tls: certificate });
  await using plain = await smtpSink({ host: '127.0.0.3', port: sink.port });
  await using dns = await dnsServer({
    [domain]: { mx: [[10, 'mx.there.example']] },
    'mx.there.example': { a: ['127.0.0.2'] },
    '_smtp._tls.there.example': { txt: ['v=TLSRPTv1; rua=mailto:tls@reports.example'] },
    'silent.example': { mx: [[10, 'mx.there.example']] },
    'reports.example': { mx: [[10, 'mx.reports.example']] },
    'mx.reports.example': { a: ['127.0.0.3'] },
    'mail1.acme.example': { a: ['198.51.100.7'] },
  });
  const data = temporaryData(t);
  mkdirSync(join(data, 'secrets'));
  writeFileSync(join(data, 'secrets', 'dkim'), privateKey);
  const env = { DNS_SERVERS: dns.address, MX_PORT: String(sink.port) };
  const gateway = await startTestGateway(t, { data, env });
  const world = new MailWorld(gateway);
  await world.inForce({
    form: 'Configuration',
    name: '*',
    routing: { smtpOutsideLocalDomain: true },
    dkimSigning: [{ domain: 'acme.example', selector: 'now', secret: 'dkim' }],
  });
  await world.bobWrites(['<anna@there.example>', '<anna@silent.example>']);
  await sink.received(2);
  await becomesYesterday(gateway);
  await gateway.stop();

  const again = await startTestGateway(t, { data, env });
  const [report] = await plain.received(1);
  assert.deepEqual(
    [report?.from, report?.recipients.map(({ address }) => address)],
    ['postmaster@acme.example', ['tls@reports.example']],
  );
  const text = report?.body.toString() ?? '';
  assert.match(text, /^TLS-Report-Domain: there\.example\r$/m);
  const attached = /Disposition: [^\r]+\r\n\r\n([^-]+)\r\n--/.exec(text)?.[1] ?? '';
  const { policies } = JSON.parse(gunzipSync(Buffer.from(attached, 'base64')).toString()) as Report;
  assert.deepEqual(policies, [
    {
      policy: { 'policy-type': 'no-policy-found', 'policy-domain': domain },
      summary: { 'total-successful-session-count': 1, 'total-failure-session-count': 0 },
    },
  ]);
  const record = `v=DKIM1; k=rsa; p=${publicKey.toString('base64')}`;
  const { results } = await dkimVerify(text, { resolver: () => Promise.resolve([[record]]) });
  assert.deepEqual(
    results.map(({ signingDomain, status }) => [signingDomain, status.result]),
    [['acme.example', 'pass']],
  );
  const counts = countsOf(again);
  await until('the counts are gone', async () =>
    (await counts.domains(day(-1))).length === 0 ? true : undefined,
  );
  assert.equal(plain.messages.length, 1);
});

interface Report {
  readonly policies: readonly object[];
}

function countsOf({ clients, endpoints }: TestGateway) {
  return awsTlsCounts({ client: clients.dynamodb, table: endpoints.tables.spool });
}

function day(from: number): string {
  return new Date(Date.now() + from * 86_400_000).toISOString().slice(0, 10);
}

/** What was counted today is counted for the day before: nobody waits for midnight here. */
async function becomesYesterday(gateway: TestGateway): Promise<void> {
  const counts = countsOf(gateway);
  const domains = await until('something was counted', async () => {
    const found = await counts.domains(day(0));
    return found.length > 0 ? found : undefined;
  });
  assert.deepEqual(domains, [domain], 'silent.example did not ask');
  await counts.add(day(-1), await counts.read(day(0), domain));
  await counts.remove(day(0), domain);
}
