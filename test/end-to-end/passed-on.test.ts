/** Mail that goes on, through every real part: converted for our own people, in our name for strangers, and back again. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import test from 'node:test';
import { createTransport } from 'nodemailer';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

test('mail that our people send or pass on', async (t) => {
  await using sink = await smtpSink();
  const gateway = await sharedGateway(t);
  const routing = {
    smtpOutsideLocalDomain: true,
    relayHost: `127.0.0.1:${sink.port}`,
    forwardingSender: 'rewrite',
    maximumMessageSize: 40_960,
  };
  await gateway.put({ form: 'Configuration', name: '*', routing, conversion: { phrase: 'common-name' } });
  const ann = { form: 'Person', name: 'Ann Away/Acme', internetAddress: 'ann@acme.example' };
  await gateway.put({ ...ann, forwardingAddress: 'ann@there.example' });
  const bob = createTransport({
    host: '127.0.0.1',
    port: gateway.port('submission'),
    auth: { user: 'bob@acme.example', pass: 'postern' },
    requireTLS: true,
    tls: { rejectUnauthorized: false },
  });
  const stranger = createTransport({ host: '127.0.0.1', port: gateway.port('smtp'), ignoreTLS: true });

  await t.test('our own leaves with the person’s name and address', async () => {
    await bob.sendMail({ from: 'bob@acme.example', to: 'x@there.example', subject: 'own', text: 'Hello.' });
    const [message] = await sink.received(1);
    assert.match(message!.body.toString(), /^From: "Bob Example" <bob@acme\.example>\r$/m);
    assert.equal(message!.from, 'bob@acme.example');
  });

  await t.test('a stranger’s leaves in our name, its header untouched', async () => {
    await stranger.sendMail({
      from: 'Carl <carl@far.example>',
      to: 'ann@acme.example',
      subject: 'on',
      text: 'Hello.',
    });
    const message = (await sink.received(2))[1]!;
    assert.match(message.from, /^SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=far\.example=carl@acme\.example$/);
    assert.match(message.body.toString(), /^Delivered-To: ann@acme\.example\r$/m);
    assert.match(message.body.toString(), /^From: Carl <carl@far\.example>\r$/m);
  });

  await t.test('and what comes back goes to who sent it', async () => {
    const [, passed] = await sink.received(2);
    const envelope = { from: '', to: [passed!.from] };
    await stranger.sendMail({ envelope, from: 'postmaster@there.example', subject: 'back', text: 'No.' });
    const message = (await sink.received(3))[2]!;
    assert.deepEqual(
      message.recipients.map(({ address }) => address),
      ['carl@far.example'],
    );
  });

  await t.test('30 MB leave with a new From field and no other byte of the body changed', async () => {
    const lines = randomBytes(21 * megabyte)
      .toString('base64')
      .replaceAll(/.{76}/g, '$&\r\n');
    const body = Buffer.from(
      `${lines}\r\n..two dots\r\n. \u00e9\u00ff\r\nFrom: bob@acme.example\r\n`,
      'latin1',
    );
    const raw = Buffer.concat([Buffer.from('From: bob@acme.example\r\nSubject: large\r\n\r\n'), body]);
    await bob.sendMail({ envelope: { from: 'bob@acme.example', to: 'x@there.example' }, raw });
    const message = (await sink.received(4))[3]!;
    const end = message.body.indexOf('\r\n\r\n') + 4;
    assert.match(
      message.body.subarray(0, end).toString(),
      /^From: "Bob Example" <bob@acme\.example>\r\nSubject: large\r$/m,
    );
    assert.equal(sha256(message.body.subarray(end)), sha256(body));
    assert.ok(message.body.length > 30_000_000);
  });
});

const megabyte = 1024 * 1024;

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
