/** The peer's wishes about TLS, through the gateway as it is started: MTA_STS_PORT, NODE_EXTRA_CA_CERTS, DNSSEC_RESOLVER. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { join } from 'node:path';
import test from 'node:test';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { createTransport } from 'nodemailer';
import { selfSigned } from '../../listener/self-signed.ts';
import { dnsServer } from '../builders/dns-server.ts';
import { startTestGateway, temporaryData, until, type TestGateway } from '../builders/gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';
import { tlsa } from '../builders/tlsa.ts';

test('mail goes where the policies of its domain allow, and nowhere else', async (t) => {
  const web = selfSigned('mta-sts.sts.example', new Date());
  const mx = selfSigned('mx.sts.example', new Date());
  const data = temporaryData(t);
  const authorities = join(data, 'authorities.pem');
  writeFileSync(authorities, `${web.cert}${mx.cert}`);
  const policy = createServer(web, (_asked, answer) => {
    answer.writeHead(200, { 'content-type': 'text/plain' });
    answer.end('version: STSv1\r\nmode: enforce\r\nmx: mx.sts.example\r\nmax_age: 86400\r\n');
  }).listen(0, '127.0.0.1');
  await once(policy, 'listening');
  t.after(() => policy.close());
  await using sink = await smtpSink({ tls: mx });
  await using plain = await smtpSink({ host: '127.0.0.2', port: sink.port });
  const signed = { mx: [[10, 'mx.dane.example']], secure: true } as const;
  await using dns = await dnsServer({
    'sts.example': { mx: [[10, 'mx.sts.example']] },
    'mx.sts.example': { a: ['127.0.0.1'] },
    '_mta-sts.sts.example': { txt: ['v=STSv1; id=1;'] },
    'mta-sts.sts.example': { a: ['127.0.0.1'] },
    'dane.example': signed,
    'mx.dane.example': { a: ['127.0.0.1'], secure: true },
    [`_${sink.port}._tcp.mx.dane.example`]: { tlsa: [tlsa('3 1 1', mx.cert)], secure: true },
  });
  const gateway = await startTestGateway(t, {
    data,
    env: {
      DNS_SERVERS: dns.address,
      DNSSEC_RESOLVER: dns.address,
      MX_PORT: String(sink.port),
      MTA_STS_PORT: String((policy.address() as { port: number }).port),
      NODE_EXTRA_CA_CERTS: authorities,
    },
  });
  const routing = { smtpOutsideLocalDomain: true };
  const transfer = { initialRetryMinutes: 0.02 };
  await gateway.put({ form: 'Configuration', name: '*', routing, transfer });

  await write(gateway, ['anna@sts.example', 'anna@dane.example']);
  const both = await sink.received(2);
  assert.deepEqual(both.map((message) => [message.recipients[0]?.address, message.tls]).sort(), [
    ['anna@dane.example', true],
    ['anna@sts.example', true],
  ]);
  const kept = await itemOf(gateway, { message: 'hop#direct#sts.example', part: 'sts' });
  assert.equal((kept?.['policy'] as { mode: string } | undefined)?.mode, 'enforce');

  // Somebody leads the names to a host of theirs, and takes the announcement away.
  dns.zone = {
    'sts.example': { mx: [[10, 'mx.sts.example']] },
    'mx.sts.example': { a: ['127.0.0.2'] },
    'dane.example': signed,
    'mx.dane.example': { a: ['127.0.0.2'], secure: true },
    [`_${sink.port}._tcp.mx.dane.example`]: { tlsa: [tlsa('3 1 1', mx.cert)], secure: true },
  };
  await write(gateway, ['bert@sts.example', 'bert@dane.example']);
  await until('both were tried twice', () => (plain.connections >= 4 ? true : undefined));
  assert.deepEqual(plain.messages, []);
});

async function write(gateway: TestGateway, to: string[]): Promise<void> {
  const bob = createTransport({
    host: '127.0.0.1',
    port: gateway.port('submission'),
    auth: { user: 'bob@acme.example', pass: 'postern' },
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  await bob.sendMail({ from: 'bob@acme.example', to, subject: 'secret', text: 'Hello.' });
}

async function itemOf({ clients, endpoints }: TestGateway, key: { message: string; part: string }) {
  const { Item } = await clients.dynamodb.send(
    new GetItemCommand({ TableName: endpoints.tables.spool, Key: marshall(key) }),
  );
  return Item && unmarshall(Item);
}
