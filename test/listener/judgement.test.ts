/** What is judged at the end of DATA: mail rules, and sender authentication over a fake DNS. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeted } from './client.ts';
import { gateway, type Gateway, type GatewayOptions } from './gateway.ts';

async function send(house: Gateway, message: string, peer = '192.0.2.1'): Promise<string> {
  const client = await greeted(house.ports.smtp);
  await client.askAll(`XCLIENT NAME=[UNAVAILABLE] ADDR=${peer}`, 'EHLO there.example');
  await client.askAll('MAIL FROM:<a@there.example>', 'RCPT TO:<alice@acme.example>');
  const reply = await client.deliver(message);
  client.close();
  return reply;
}

const lottery = 'Subject: The =?utf-8?q?L=C3=B6ttery?=\r\nFrom: a@there.example\r\n\r\nYou win\r\n';
const attachment =
  'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nlook\r\n--b\r\n' +
  'Content-Type: application/x-msdownload; name=virus.exe\r\nContent-Disposition: attachment; filename=virus.exe\r\n\r\nMZ\r\n--b--\r\n';

function rule(item: string, is: string, value: string, then: object): GatewayOptions {
  return { configuration: { rules: [{ name: 'one', if: [{ item, is, value }], then }] } };
}

test('a rule refuses without naming itself', async () => {
  await using house = await gateway(rule('subject', 'contains', 'löttery', { action: 'refuse' }));
  assert.equal(await send(house, lottery), '554 5.7.1 Message rejected for policy reasons.');
  assert.match(await send(house, 'Subject: hello\r\n\r\n'), /^250 /);
});

test('a rule looks into the body and at attachments, in memory and in a file', async () => {
  await using house = await gateway(rule('attachment-name', 'matches', '\\.exe$', { action: 'hold' }));
  const padding = `X-Padding: ${'x'.repeat(990)}\r\n`;
  for (const message of [
    attachment,
    attachment.replace('look', `${'y'.repeat(998)}\r\n`.repeat(400)),
    `${padding}${attachment}`,
  ])
    assert.match(await send(house, message), /^250 /);
  assert.match(await send(house, lottery), /^250 /);
  const held = [{ rule: 'one', document: 'Configuration *', action: 'hold' }];
  assert.deepEqual(
    house.kept.map(({ envelope }) => envelope.rules),
    [held, held, held, undefined],
  );
});

test('what a rule cannot look into does not pass it', async () => {
  const parts = (count: number): string =>
    `Content-Type: multipart/mixed; boundary=b\r\n\r\n${'--b\r\n\r\nx\r\n'.repeat(count)}--b\r\n` +
    'Content-Disposition: attachment; filename=virus.exe\r\n\r\nMZ\r\n--b--\r\n';
  await using house = await gateway(rule('attachment-name', 'matches', '\\.exe$', { action: 'hold' }));
  assert.match(await send(house, parts(500)), /^250 /);
  assert.equal(house.kept[0]!.envelope.rules?.length, 1);
  const tooMany = '554 5.6.0 Message has over 1,000 MIME parts, or parts over 100 deep';
  assert.equal(await send(house, parts(1000)), tooMany);
  house.publish({ configuration: {} });
  assert.equal(await send(house, parts(1000)), tooMany, 'whether a rule asks or not');
});

test('HTML is read as a reader sees it, and nested a hundred thousand deep it is read at once', async () => {
  await using house = await gateway(rule('body', 'contains', 'lottery', { action: 'hold' }));
  const html = (text: string): string => `Content-Type: text/html\r\n\r\n${text}\r\n`;
  const rows: readonly (readonly [text: string, held: boolean])[] = [
    ['the lot<b>te</b>ry', true],
    ['the &#108;ot&#x74;ery', true],
    ['<p>lot</p><p>tery</p>', false],
    [`${'<div><p>'.repeat(100_000)}lottery`, true],
    [`${'<'.repeat(300_000)}lottery`, true],
  ];
  for (const [text, held] of rows) {
    assert.match(await send(house, html(text)), /^250 /);
    assert.equal(house.kept.at(-1)!.envelope.rules !== undefined, held, text.slice(0, 40));
  }
});

const records = {
  'txt there.example': ['v=spf1 ip4:192.0.2.1 -all'],
  'txt _dmarc.there.example': ['v=DMARC1; p=reject'],
};

test('SPF and DMARC as the documents say', async () => {
  await using house = await gateway({
    dns: records,
    configuration: { senderAuthentication: { spf: 'reject', dmarc: 'tag' } },
  });
  assert.match(await send(house, lottery), /^250 /);
  const fields = JSON.stringify(house.kept[0]!.envelope.edits);
  assert.match(fields, /Authentication-Results: mail1\.acme\.example;.*spf=pass.*dkim=none.*dmarc=pass/);
  assert.equal(await send(house, lottery, '192.0.2.2'), '550 5.7.23 SPF validation failed');
});

test('tagged only: a failure marks the message as untrusted', async () => {
  await using house = await gateway({ dns: records });
  assert.match(await send(house, lottery, '192.0.2.2'), /^250 /);
  assert.equal(house.kept[0]!.envelope.trust, 'untrusted');
  assert.match(JSON.stringify(house.kept[0]!.envelope.edits), /spf=fail.*dmarc=fail/);
});

test('DNS that cannot be asked is 451 where results refuse, and nothing where they mark', async () => {
  const dns = { 'txt there.example': 'down', 'txt _dmarc.there.example': 'down' } as const;
  await using refusing = await gateway({ dns, configuration: { senderAuthentication: { spf: 'reject' } } });
  assert.match(await send(refusing, lottery), /^451 4\.4\.3 /);
  await using marking = await gateway({ dns });
  assert.match(await send(marking, lottery), /^250 /);
});
