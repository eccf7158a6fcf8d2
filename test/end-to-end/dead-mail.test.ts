/** Dead mail through every real part: it rests until processDeadMail is switched on, then has its rounds by itself. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { MailWorld } from '../builders/mail-world.ts';
import { sharedGateway } from '../builders/shared-gateway.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

const sender = 'RCPT you@elsewhere.example';
const no = '550 5.1.1 No such user';

test('rounds of dead mail', async (t) => {
  // The first report is refused once, and taken; the second and the third are refused for ever.
  await using sink = await smtpSink({ script: { [sender]: [no, no, no, '250 2.1.5 Ok', no, no, no, no] } });
  const gateway = await sharedGateway(t);
  const world = new MailWorld(gateway);
  const configuration = (undeliverable: object, overQuota = 'return') => ({
    form: 'Configuration',
    name: '*',
    routing: { smtpOutsideLocalDomain: true, relayHost: `127.0.0.1:${sink.port}` },
    delivery: { overQuota },
    transfer: { initialRetryMinutes: 0.01 },
    undeliverable,
  });
  const person = (name: string, quotaMB: number) => ({
    form: 'Person',
    name: `${name}/Acme`,
    lastName: name,
    internetAddress: `${name.toLowerCase()}@acme.example`,
    quotaMB,
  });
  await gateway.put(person('Full', 0.0001));
  await world.inForce(configuration({}));

  const first = await world.strangerWrites('full@acme.example', 'x'.repeat(500));
  await world.delivery(`${first}-r1`, 'dead');

  await t.test('switched on, it is tried again: here it reaches the sender', async () => {
    await world.inForce(configuration({ processDeadMail: true, deadMailAttempts: 5 }));
    const [report] = await sink.received(1);
    assert.match(report!.body.toString(), /Mail file mail\/full is over its quota/);
    const done = await world.delivery(`${first}-r1`, 'delivered');
    assert.equal(done.rounds, 3);
    assert.equal((await world.delivery(first, 'failed')).recipients[0]?.told, true);
  });

  await t.test('a recipient who has room again gets the message, and the report is dropped', async () => {
    const second = await world.strangerWrites('full@acme.example', 'y'.repeat(500));
    await world.reported(second);
    await world.inForce(configuration({ processDeadMail: true, deadMailAttempts: 5 }, 'deliver'));
    const [row] = await gateway.mail('mail/full');
    assert.equal(row?.id, second);
    const dropped = await world.delivery(`${second}-r1`, 'failed');
    assert.match(dropped.reason ?? '', /no longer needed/);
  });

  await t.test('after the last round it is dropped, and nobody is told', async () => {
    await world.inForce(configuration({ processDeadMail: true, deadMailAttempts: 2 }));
    const third = await world.strangerWrites('full@acme.example', 'z'.repeat(500));
    const dropped = await world.delivery(`${third}-r1`, 'failed');
    assert.equal(dropped.reason, 'dropped after 2 rounds');
    assert.equal(sink.messages.length, 1);
  });
});
