/** Mail out, through every real part: one transaction per next hop, the second MX, retries, reports in the remote's words. */
import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { createTransport } from 'nodemailer';
import { dnsServer } from '../builders/dns-server.ts';
import { startTestGateway, type TestGateway } from '../builders/gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

/** Bob's mail program. */
function bob(gateway: TestGateway) {
  return createTransport({
    host: '127.0.0.1',
    port: gateway.port('submission'),
    auth: { user: 'bob@acme.example', pass: 'postern' },
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
}

async function write(gateway: TestGateway, to: string[], subject: string): Promise<void> {
  const info = await bob(gateway).sendMail({ from: 'bob@acme.example', to, subject, text: 'Hello.' });
  assert.match(info.response, /^250 2\.0\.0 /);
}

function routing(gateway: TestGateway, fields: object, transfer: object = {}): Promise<void> {
  const common = { form: 'Configuration', name: '*', transfer: { initialRetryMinutes: 0.01, ...transfer } };
  return gateway.put({ ...common, routing: { smtpOutsideLocalDomain: true, ...fields } });
}

async function report(gateway: TestGateway, t: TestContext, count: number): Promise<string> {
  const rows = await gateway.mail('mail/bob', count);
  const row = rows.at(-1);
  assert.ok(row);
  assert.equal(row.from, '');
  t.diagnostic(row.subject);
  return (await gateway.body(row)).toString();
}

test('mail leaves by relay host and by MX, is tried again, and comes back with the reason', async (t) => {
  const mxHost = '127.0.0.2';
  await using second = await smtpSink({ host: mxHost });
  await using dns = await dnsServer({
    'there.example': {
      mx: [
        [10, 'mx1.there.example'],
        [20, 'mx2.there.example'],
      ],
    },
    // Nothing listens at the first.
    'mx1.there.example': { a: ['127.0.0.3'] },
    'mx2.there.example': { a: [mxHost] },
    'null.example': { mx: [[0, '.']] },
  });
  const env = { DNS_SERVERS: dns.address, MX_PORT: String(second.port) };
  const gateway = await startTestGateway(t, { env });

  await t.test('three recipients at one relay host are one transaction', async () => {
    await using sink = await smtpSink();
    await routing(gateway, { relayHost: `127.0.0.1:${sink.port}` });
    await write(gateway, ['a@one.example', 'b@two.example', 'c@three.example'], 'to three');
    const [message, ...others] = await sink.received(1);
    assert.equal(others.length, 0);
    assert.deepEqual(
      message?.recipients.map(({ address }) => address),
      ['a@one.example', 'b@two.example', 'c@three.example'],
    );
    assert.equal(message?.from, 'bob@acme.example');
    assert.match(message?.body.toString() ?? '', /Subject: to three/);
  });

  await t.test(
    'without a relay host the second MX takes it when the first refuses the connection',
    async () => {
      await routing(gateway, {});
      await write(gateway, ['anna@there.example'], 'by MX');
      const [message] = await second.received(1);
      assert.deepEqual(
        message?.recipients.map(({ address }) => address),
        ['anna@there.example'],
      );
    },
  );

  await t.test('a host that says "later" is asked again, for those it was about', async () => {
    await using sink = await smtpSink({ script: { 'RCPT b@two.example': ['450 4.2.1 Come again'] } });
    await routing(gateway, { relayHost: `127.0.0.1:${sink.port}` });
    await write(gateway, ['a@one.example', 'b@two.example'], 'greylisted');
    const messages = await sink.received(2);
    assert.deepEqual(
      messages.map((one) => one.recipients.map(({ address }) => address)),
      [['a@one.example'], ['b@two.example']],
    );
  });

  await t.test("a refusal comes back to Bob in the remote's words, all lines of them", async () => {
    await using sink = await smtpSink({
      script: { 'RCPT nobody@one.example': '550-5.1.1 Nobody of that name.\n550 5.1.1 Ask reception.' },
    });
    await routing(gateway, { relayHost: `127.0.0.1:${sink.port}` });
    await write(gateway, ['nobody@one.example', 'a@one.example'], 'refused');
    const text = await report(gateway, t, 1);
    assert.match(text, /^Action: failed\r\nStatus: 5\.1\.1\r\n/m);
    assert.match(text, /Diagnostic-Code: smtp; 550[ -]5\.1\.1 Nobody of that name\./);
    assert.match(text.replaceAll('\r\n ', ' '), /Ask reception\./);
    assert.match(text, /^Subject: DELIVERY FAILURE: /m);
    assert.equal((await sink.received(1))[0]?.recipients[0]?.address, 'a@one.example');
  });

  await t.test('a domain that takes no mail is reported at once, in our own words', async () => {
    await routing(gateway, {});
    await write(gateway, ['x@null.example'], 'null MX');
    assert.match(await report(gateway, t, 2), /Diagnostic-Code: X-Notes; /);
  });

  await t.test('mail that would come back to ourselves is reported as a loop', async () => {
    await routing(gateway, { relayHost: gateway.endpoints.smtp });
    await write(gateway, ['x@one.example'], 'loops');
    assert.match(await report(gateway, t, 3), /554 5\.4\.6 The mail loops/);
  });

  await t.test('what cannot be delivered in time is reported as expired', async () => {
    await using sink = await smtpSink({ script: { RCPT: '451 4.3.0 Not now' } });
    await routing(gateway, { relayHost: `127.0.0.1:${sink.port}` }, { timeoutHours: 0.0003 });
    await write(gateway, ['late@one.example'], 'expires');
    const text = await report(gateway, t, 4);
    assert.match(text, /451 4\.3\.0 Not now/);
    assert.match(text, /^Action: failed$/m);
  });
});
