/** Mail that goes on, through every real part: converted for our own people, in our name for strangers, and back again. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { createTransport } from 'nodemailer';
import { startTestGateway } from '../builders/gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

test('mail that our people send or pass on', async (t) => {
  await using sink = await smtpSink();
  const gateway = await startTestGateway(t, {});
  const routing = {
    smtpOutsideLocalDomain: true,
    relayHost: `127.0.0.1:${sink.port}`,
    forwardingSender: 'rewrite',
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
});
