/** Our client before a real Exim that enforces synchronisation and counts every protocol error as one too many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { selfSigned } from '../../../listener/self-signed.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { startExim } from '../../builders/exim.ts';
import { messageText, outboundDelivery, recipient } from '../../builders/outbound.ts';
import { lineTo, outcomesOf, type LineOptions } from '../../builders/outbound-line.ts';

const at = (name: string): string => `${name}@there.example`;
const [anna, carl, slow, gruen] = [at('anna'), at('carl'), at('slow'), at('grün')];
const login = { username: 'bob', password: 'secret one' };

test('a strict Exim takes what we send', async (t) => {
  const tls = selfSigned('strict.example', new Date());
  const exim = await startExim(t, {
    people: ['anna', 'carl', 'slow', 'grün'],
    tls,
    login,
    rcpt: [
      'warn local_parts = slow',
      '     delay = 1s',
      'defer local_parts = later',
      '      message = 4.2.1 Not now\\nand not\\nvery soon',
      'accept local_parts = ours',
      '       domains = there.example',
      '       authenticated = *',
    ],
    data: [
      'deny condition = ${if match{$h_subject:}{refuse me}}',
      '     message = 5.7.1 We do not like\\nwhat you write',
      'warn condition = ${if match{$h_subject:}{take your time}}',
      '     delay = 1s',
    ],
  });
  if (exim === undefined) return;
  const hop = `[127.0.0.1]:${exim.port}`;
  const send = async (options: LineOptions, change: Partial<Delivery>) => {
    await using line = lineTo(hop, options);
    return await line.send(outboundDelivery(change));
  };
  let arrived = 0;
  const lastOf = async (text: string): Promise<string> =>
    (await exim.mail(arrived)).find((one) => one.includes(text)) ?? '';

  const variants: readonly [outboundCommands: object, why: string][] = [
    [{}, 'as it is by default'],
    [{ pipelining: false }, 'one command at a time'],
    [{ tls: 'disabled' }, 'in clear'],
    [{ tls: 'disabled', pipelining: false, size: false, dsn: false, eightBitMime: false }, 'as in 1982'],
  ];
  for (const [outboundCommands, why] of variants)
    await t.test(`a message to two people, ${why}, byte for byte`, async () => {
      const recipients = [recipient(anna), recipient(carl)];
      const attempt = await send({ configuration: { outboundCommands } }, { recipients });
      assert.deepEqual(
        outcomesOf(attempt),
        { [anna]: 'relayed', [carl]: 'relayed' },
        attempt.results[0]?.reply,
      );
      arrived += 2;
      for (const message of await exim.mail(arrived))
        assert.ok(message.trimEnd().endsWith(messageText.replaceAll('\r\n', '\n').trimEnd()), message);
    });

  await t.test('a login under TLS, with CHUNKING announced and left alone', async () => {
    const options: LineOptions = {
      configuration: {
        routing: { relayHost: hop, relayHostAuthentication: 'required', relayHostCredentials: 'relay' },
      },
      secrets: { relay: JSON.stringify(login) },
    };
    const ours = { recipients: [recipient(at('ours'))] };
    assert.equal(outcomesOf(await send({}, ours))[at('ours')], 'failed', 'without a login');
    const attempt = await send(options, ours);
    assert.equal(outcomesOf(attempt)[at('ours')], 'relayed', attempt.results[0]?.reply);
    arrived += 1;
    const wrong = { ...options, secrets: { relay: JSON.stringify({ ...login, password: 'wrong' }) } };
    const refused = await send(wrong, ours);
    assert.match(refused.results[0]?.reply ?? '', /^535 /);
    assert.deepEqual([refused.results[0]?.outcome, refused.hop], ['waiting', 'down']);
  });

  await t.test('several messages over one session, the second refused, by all its lines', async () => {
    await using line = lineTo(hop);
    const to = { recipients: [recipient(anna)] };
    assert.equal(outcomesOf(await line.send(outboundDelivery(to)))[anna], 'relayed');
    const { results } = await line.send(outboundDelivery({ ...to, from: 'refused@acme.example' }));
    assert.equal(results[0]?.outcome, 'failed');
    assert.match(results[0].reply, /^550.5\.7\.1 First line[^]*The second[^]*and the last$/);
    assert.equal(outcomesOf(await line.send(outboundDelivery(to)))[anna], 'relayed');
    arrived += 2;
  });

  await t.test(
    'each recipient has an outcome of their own: taken, unknown, put off, taken late',
    async () => {
      const names = [anna, at('nobody'), at('later'), slow];
      const { results } = await send({}, { recipients: names.map((name) => recipient(name)) });
      assert.deepEqual(outcomesOf({ results }), {
        [anna]: 'relayed',
        [at('nobody')]: 'failed',
        [at('later')]: 'waiting',
        [slow]: 'relayed',
      });
      assert.match(
        results.find(({ address }) => address === at('later'))!.reply,
        /Not now[^]*and not[^]*very soon/,
      );
      arrived += 2;
    },
  );

  await t.test('nobody is taken: no message, and the session goes on', async () => {
    await using line = lineTo(hop);
    const nobody = outboundDelivery({ recipients: [recipient(at('nobody')), recipient(at('noone'))] });
    assert.deepEqual(new Set(Object.values(outcomesOf(await line.send(nobody)))), new Set(['failed']));
    assert.equal(
      outcomesOf(await line.send(outboundDelivery({ recipients: [recipient(anna)] })))[anna],
      'relayed',
    );
    arrived += 1;
  });

  const bodies: readonly [body: string, why: string][] = [
    ['Subject: dots\r\n\r\n.\r\n..\r\n.a\r\n', 'lines that are dots'],
    ['Subject: no end\r\n\r\nno line end', 'no line end'],
    ['Subject: bare\r\n\r\nbare\nline feeds\n.\nRSET\n', 'bare line feeds'],
    ['Subject: take your time\r\n\r\nslowly\r\n', 'a reply to the dot that comes late'],
    [`Subject: long\r\n\r\n${'x'.repeat(900)}\r\n`, 'a long line'],
  ];
  for (const [body, why] of bodies)
    await t.test(`a body with ${why}`, async () => {
      const attempt = await send({ body }, { recipients: [recipient(anna)], size: Buffer.byteLength(body) });
      assert.equal(outcomesOf(attempt)[anna], 'relayed', attempt.results[0]?.reply);
      arrived += 1;
      const [subject = ''] = body.split('\r\n');
      const got = (await lastOf(subject)).replace(/^[^]*?\nSubject/, 'Subject').trimEnd();
      assert.equal(got, body.replaceAll(/\r\n|\r|\n/g, '\n').trimEnd());
    });

  await t.test('refused after the dot, by all its lines', async () => {
    const body = 'Subject: refuse me\r\n\r\nplease\r\n';
    const { results } = await send({ body }, { recipients: [recipient(anna)], size: body.length });
    assert.equal(results[0]?.outcome, 'failed');
    assert.match(results[0].reply, /We do not like[^]*what you write$/);
  });

  await t.test('larger than announced fails unsent; with SIZE not used, by its refusal', async () => {
    const body = `Subject: large\r\n\r\n${'0123456789\r\n'.repeat(10_000)}`;
    const change = { recipients: [recipient(anna)], size: body.length };
    for (const size of [true, false]) {
      const { results } = await send({ body, configuration: { outboundCommands: { size } } }, change);
      assert.deepEqual([results[0]?.outcome, results[0]?.failure], ['failed', 'size'], results[0]?.reply);
    }
  });

  await t.test('addresses, header and text beyond ASCII', async () => {
    const body = 'Subject: Grüße\r\n\r\nGrüße\r\n';
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

  await exim.mail(arrived);
  assert.doesNotMatch(
    exim.log(),
    /synchronization error|protocol error|syntax error|unexpected disconnection/,
  );
});
