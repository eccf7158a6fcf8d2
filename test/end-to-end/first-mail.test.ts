/** The newcomer's way, through every real part: mail in to a mailbox, mail out by the relay host, a report. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { greeted } from '../listener/client.ts';
import { startTestGateway, type TestGateway } from '../builders/gateway.ts';
import { logOctets } from '../builders/log-octets.ts';
import { smtpSink, type SmtpSink } from '../builders/smtp-sink.ts';

const message = (subject: string): string =>
  `From: <you@elsewhere.example>\r\nTo: <alice@acme.example>\r\nSubject: ${subject}\r\n\r\n.A line with a dot.\r\n`;

/** Dots doubled, as they go over the wire. */
const stuffed = (text: string): string => text.replaceAll(/^\./gm, '..');

async function send(gateway: TestGateway, from: string, to: string[], text: string): Promise<string> {
  const client = await greeted(gateway.port('smtp'));
  await client.askAll(`MAIL FROM:<${from}>`, ...to.map((address) => `RCPT TO:<${address}>`));
  const reply = await client.deliver(stuffed(text));
  await client.ask('QUIT');
  return reply;
}

/** Bob, past STARTTLS and AUTH. */
async function bob(gateway: TestGateway) {
  const client = await greeted(gateway.port('submission'));
  await client.ask('STARTTLS');
  await client.secure();
  const credentials = Buffer.from('\0bob@acme.example\0postern').toString('base64');
  const [, login] = await client.askAll('EHLO client.example', `AUTH PLAIN ${credentials}`);
  assert.match(login ?? '', /^235 /);
  return client;
}

/** Logs are the largest line of the bill: 2.5 KB for a message that is delivered and relayed, and shares no line with another. */
const mostLogged = 2_560;

async function deliverAndRelay(gateway: TestGateway, sink: SmtpSink, count: number): Promise<void> {
  const already = { alice: (await gateway.mail('mail/alice')).length, sink: sink.messages.length };
  for (let n = 1; n <= count; n++) {
    const client = await bob(gateway);
    await client.askAll(
      'MAIL FROM:<bob@acme.example>',
      'RCPT TO:<alice@acme.example>',
      'RCPT TO:<someone.of.a.longer.name@there.example>',
    );
    await client.deliver(`From: bob@acme.example\r\nSubject: ${n}\r\n\r\nHello.\r\n`);
    await client.ask('QUIT');
    await gateway.mail('mail/alice', already.alice + n);
    await sink.received(already.sink + n);
  }
}

test('the sample domain takes mail in, sends mail out, and reports', async (t) => {
  const gateway = await startTestGateway(t);
  await using sink = await smtpSink({
    script: { 'RCPT nobody@there.example': '550 5.1.1 Nobody of that name here' },
  });

  await t.test('mail to a person lies in the mailbox as it was sent', async () => {
    const reply = await send(gateway, 'you@elsewhere.example', ['alice@acme.example'], message('to alice'));
    const id = /^250 2\.0\.0 Message accepted for delivery as ([\w-]+)$/.exec(reply)?.[1];
    const [row] = await gateway.mail('mail/alice');
    assert.equal(row?.id, id);
    const text = (await gateway.body(row!)).toString();
    assert.ok(text.endsWith(message('to alice')), text);
    assert.match(text, /^Return-Path: <you@elsewhere\.example>\r\n/);
  });

  await t.test('mail to a group goes to its members, to a database into its mail file', async () => {
    await send(
      gateway,
      'you@elsewhere.example',
      ['team@acme.example', 'support@acme.example'],
      message('to many'),
    );
    assert.equal((await gateway.mail('mail/alice', 2))[1]?.subject, 'to many');
    assert.equal((await gateway.mail('mail/bob'))[0]?.subject, 'to many');
    assert.equal((await gateway.mail('mail/support'))[0]?.subject, 'to many');
  });

  await t.test('strangers cannot relay, and unknown people are refused', async () => {
    const client = await greeted(gateway.port('smtp'));
    const replies = await client.askAll(
      'MAIL FROM:<you@elsewhere.example>',
      'RCPT TO:<someone@there.example>',
      'RCPT TO:<nobody@acme.example>',
    );
    assert.match(replies[1] ?? '', /^5\d\d 5\.7\.1 /);
    assert.match(replies[2] ?? '', /^550 5\.1\.1 /);
    client.close();
  });

  await t.test('an authenticated person sends out by a relay host, and hears what it refused', async () => {
    const routing = { smtpOutsideLocalDomain: true, relayHost: `[127.0.0.1]:${sink.port}` };
    await gateway.put({ form: 'Configuration', name: '*', routing });
    const client = await bob(gateway);
    await client.askAll(
      'MAIL FROM:<bob@acme.example>',
      'RCPT TO:<one@there.example>',
      'RCPT TO:<two@other.example>',
      'RCPT TO:<nobody@there.example>',
    );
    assert.match(await client.deliver('From: bob@acme.example\r\nSubject: out\r\n\r\nHello.\r\n'), /^250 /);
    const [sent] = await sink.received(1);
    assert.deepEqual(sent?.recipients.map(({ address }) => address).sort(), [
      'one@there.example',
      'two@other.example',
    ]);
    const [, report] = await gateway.mail('mail/bob', 2);
    const text = (await gateway.body(report!)).toString();
    assert.match(text, /Final-Recipient: rfc822;\s*nobody@there\.example/i);
    assert.match(text, /550 5\.1\.1 Nobody of that name here/);
  });

  await t.test('no component asked for what its role does not allow', () => {
    const denied = Object.entries(gateway.calls()).flatMap(([component, calls]) =>
      calls.denied.map(({ action, resource }) => `${component}: ${action} on ${resource}`),
    );
    assert.deepEqual(denied, []);
  });

  const [sent, before] = [5, logOctets(gateway.data)];
  await t.test(
    'messages are delivered and relayed one after another, and SIGTERM stops it cleanly',
    async () => {
      await deliverAndRelay(gateway, sink, sent);
      assert.equal(await gateway.stop(), 0);
    },
  );

  await t.test('the log of a message keeps to its budget', () => {
    const octets = [...logOctets(gateway.data)]
      // Documents that are published meanwhile are no message's.
      .filter(([component]) => component !== 'publish-directory')
      .map(([component, all]): [string, number] => [component, (all - (before.get(component) ?? 0)) / sent]);
    const told = octets.filter(([, each]) => each > 100).map(([component]) => component);
    assert.deepEqual(told.sort(), ['deliver-to-mailbox', 'direct-outbound', 'listener', 'route-mail']);
    const total = octets.reduce((sum, [, each]) => sum + each, 0);
    t.diagnostic(`${Math.round(total)} octets of log a message`);
    assert.ok(total <= mostLogged, `${Math.round(total)} octets a message`);
  });
});
