/** Our client before a real Postfix that forgives nothing: bare line feeds, loose envelopes, pipelining out of turn. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSigned } from '../../../listener/self-signed.ts';
import { messageText, outboundDelivery, recipient } from '../../builders/outbound.ts';
import { lineTo, outcomesOf, type LineOptions } from '../../builders/outbound-line.ts';
import { startPostfix } from '../../builders/postfix.ts';

const [anna, carl, gruen] = ['anna@there.example', 'carl@there.example', 'gr\u00fcn@there.example'];
const both = [recipient(anna), recipient(carl)];

test('a strict Postfix takes what we send', async (t) => {
  const tls = selfSigned('strict.example', new Date());
  const settings = { message_size_limit: '100000' };
  const postfix = await startPostfix(t, { people: [anna, carl, gruen], tls, settings });
  if (postfix === undefined) return;
  const hop = `[127.0.0.1]:${postfix.port}`;
  const send = async (options: LineOptions, ...deliveries: Parameters<typeof outboundDelivery>) => {
    await using line = lineTo(hop, options);
    return await line.send(outboundDelivery(...deliveries));
  };
  let arrived = 0;

  const variants: readonly [outboundCommands: object, why: string][] = [
    [{}, 'as it is by default'],
    [{ pipelining: false }, 'one command at a time'],
    [{ tls: 'disabled' }, 'in clear'],
    [{ tls: 'disabled', pipelining: false, size: false, dsn: false, eightBitMime: false }, 'as in 1982'],
  ];
  for (const [outboundCommands, why] of variants)
    await t.test(`a message to two people, ${why}, byte for byte`, async () => {
      const attempt = await send({ configuration: { outboundCommands } }, { recipients: both });
      assert.deepEqual(
        outcomesOf(attempt),
        { [anna]: 'relayed', [carl]: 'relayed' },
        attempt.results[0]?.reply,
      );
      arrived += 2;
      for (const message of (await postfix.mail(arrived)).slice(-2))
        assert.ok(message.endsWith(messageText.replaceAll('\r\n', '\n')), message);
    });

  await t.test('several messages over one session', async () => {
    await using line = lineTo(hop);
    for (let n = 0; n < 3; n++)
      assert.equal(
        outcomesOf(await line.send(outboundDelivery({ recipients: [recipient(anna)] })))[anna],
        'relayed',
      );
    arrived += 3;
    await postfix.mail(arrived);
  });

  const bodies: readonly [body: string, why: string][] = [
    ['Subject: a\r\n\r\n.\r\n..\r\n.a\r\n', 'lines that are dots'],
    ['Subject: a\r\n\r\nno line end', 'no line end'],
    ['Subject: a\r\n\r\nbare\nline feeds\n.\nRSET\n', 'bare line feeds are completed, not taken for an end'],
    ['Subject: a\r\n\r\nbare\rreturns\r.\r', 'and so are bare returns'],
    ['Subject: a\r\n\r\n', 'no body'],
  ];
  for (const [body, why] of bodies)
    await t.test(`a body with ${why}`, async () => {
      const change = { recipients: [recipient(anna)], size: Buffer.byteLength(body) };
      const attempt = await send({ body }, change);
      assert.equal(outcomesOf(attempt)[anna], 'relayed', attempt.results[0]?.reply);
      arrived += 1;
      const got = (await postfix.mail(arrived))
        .at(-1)
        ?.replace(/^[^]*?\nSubject/, 'Subject')
        .trimEnd();
      assert.equal(got, body.replaceAll(/\r\n|\r|\n/g, '\n').trimEnd());
    });

  await t.test('each recipient has an outcome of their own: taken, unknown, put off', async () => {
    const recipients = [recipient(anna), recipient('nobody@there.example'), recipient('x@far.example')];
    const attempt = await send({}, { recipients });
    assert.deepEqual(outcomesOf(attempt), {
      [anna]: 'relayed',
      'nobody@there.example': 'failed',
      'x@far.example': 'waiting',
    });
    assert.match(attempt.results.find((one) => one.address.startsWith('nobody'))!.reply, /^550 5\.1\.1 /);
    arrived += 1;
  });

  await t.test('larger mail than it takes fails before it is sent', async () => {
    const body = `Subject: a\r\n\r\n${'0123456789\r\n'.repeat(10_000)}`;
    const { results } = await send({ body }, { size: body.length });
    assert.deepEqual([results[0]?.outcome, results[0]?.failure], ['failed', 'size']);
  });

  await t.test('addresses, header and text beyond ASCII', async () => {
    const body = 'Subject: Gr\u00fc\u00dfe\r\n\r\nGr\u00fc\u00dfe\r\n';
    const change = { recipients: [recipient(gruen)], eightBitMime: true, smtpUtf8: true };
    const attempt = await send({ body }, { ...change, size: Buffer.byteLength(body) });
    assert.equal(outcomesOf(attempt)[gruen], 'relayed', attempt.results[0]?.reply);
    arrived += 1;
  });

  await t.test('requests for reports, and the null sender', async () => {
    const asked = recipient(anna, { notify: 'SUCCESS,FAILURE', orcpt: 'rfc822;anna+2B1@there.example' });
    const attempt = await send({}, { recipients: [asked], ret: 'HDRS', envid: 'one+2Btwo', from: '' });
    assert.deepEqual([outcomesOf(attempt)[anna], attempt.results[0]?.dsn], ['relayed', true]);
    arrived += 1;
  });

  await postfix.mail(arrived);
  assert.doesNotMatch(postfix.log(), /improper command|bare <LF>|lost connection after (?!CONNECT)|non-SMTP/);
});
