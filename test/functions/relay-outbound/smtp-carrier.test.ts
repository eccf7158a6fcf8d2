/** One delivery after another against scripted mail servers on loopback: what is said, and what becomes of it. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { dnsServer, type Zone } from '../../builders/dns-server.ts';
import { messageText, outboundDelivery, recipient } from '../../builders/outbound.ts';
import { lineTo, outcomesOf } from '../../builders/outbound-line.ts';
import { smtpSink } from '../../builders/smtp-sink.ts';

const anna = 'anna@there.example';
const carl = 'carl@there.example';
const short = 150;
const twoHosts: Zone = {
  'there.example': {
    mx: [
      [10, 'mx1.there.example'],
      [20, 'mx2.there.example'],
    ],
  },
  'mx1.there.example': { a: ['127.0.0.1'] },
  'mx2.there.example': { a: ['127.0.0.2'] },
};

/** Larger than what sockets buffer, so that the host can answer while it is being sent. */
const longText = `${messageText}${'0123456789abcdef\r\n'.repeat(800_000)}`;

test('a message to two people is one transaction, byte for byte', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const attempt = await line.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'relayed', [carl]: 'relayed' });
  assert.equal(attempt.results[0]?.reply, '250 2.0.0 Ok: queued as SINK');
  const [message] = await sink.received(1);
  assert.equal(message?.body.toString(), messageText);
  assert.equal(message?.from, 'bob@acme.example');
  assert.equal(message?.helo, 'mail1.acme.example');
  assert.deepEqual(
    message?.recipients.map(({ address }) => address),
    [anna, carl],
  );
  assert.deepEqual(message?.parameters, [`SIZE=${messageText.length}`]);
});

test('header edits are in the copy and in its size', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const field = 'Received: by mail1.acme.example';
  await line.send(outboundDelivery({ edits: [{ op: 'prepend', field }] }));
  const [message] = await sink.received(1);
  assert.equal(message?.body.toString(), `${field}\r\n${messageText}`);
  assert.deepEqual(message?.parameters, [`SIZE=${field.length + 2 + messageText.length}`]);
});

test('each recipient has a result of their own, with all lines of the reply', async () => {
  const script = {
    'RCPT a@x.example': '550-5.1.1 no such user\n550-5.1.1 ask the postmaster\n550 5.1.1 or a friend',
    'RCPT b@x.example': '450 4.2.1 mailbox busy',
  };
  for (const extensions of [['PIPELINING'], []]) {
    await using sink = await smtpSink({ script, extensions });
    await using line = lineTo(`[127.0.0.1]:${sink.port}`);
    const recipients = ['a@x.example', 'b@x.example', 'c@x.example'].map((address) => recipient(address));
    const { results } = await line.send(outboundDelivery({ recipients }));
    assert.deepEqual(outcomesOf({ results }), {
      'a@x.example': 'failed',
      'b@x.example': 'waiting',
      'c@x.example': 'relayed',
    });
    const [refused] = results;
    assert.equal(refused?.reply, '550 5.1.1 no such user ask the postmaster or a friend');
    assert.deepEqual([refused?.replyBy, refused?.remote, refused?.failure], ['smtp', '[127.0.0.1]', 'user']);
    assert.deepEqual(
      (await sink.received(1))[0]?.recipients.map(({ address }) => address),
      ['c@x.example'],
    );
  }
});

test('who has the message already is not given it again', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const attempt = await line.send(
    outboundDelivery({ recipients: [recipient(anna, { outcome: 'relayed' }), recipient(carl)] }),
  );
  assert.deepEqual(outcomesOf(attempt), { [carl]: 'relayed' });
  assert.equal((await sink.received(1))[0]?.recipients.length, 1);
});

test('an attempt is left at once where the host says nothing, and nothing is sent after it', async () => {
  for (const silent of ['greeting', 'EHLO', 'RCPT', 'DATA']) {
    await using sink = await smtpSink({ script: { [silent]: 'say nothing' }, extensions: [] });
    await using line = lineTo(`[127.0.0.1]:${sink.port}`);
    const attempt = line.send();
    if (silent === 'greeting') while (sink.open === 0) await turn();
    else while (!sink.commands.some((one) => one.includes(silent))) await turn();
    line.giveWay();
    assert.deepEqual(await attempt, { results: [], hop: 'answered', gaveWay: true });
    while (sink.open > 0) await turn();
    assert.equal((await line.send()).gaveWay ?? 'nothing more is begun', 'nothing more is begun');
    assert.deepEqual([sink.connections, sink.messages.length], [1, 0]);
  }
});

test('an attempt whose final dot is sent is seen through', async () => {
  await using sink = await smtpSink({ script: { '.': 'say nothing' } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { timeouts: { finalDot: short } });
  const attempt = line.send();
  while (!sink.commands.includes('1: .')) await turn();
  line.giveWay();
  assert.deepEqual(outcomesOf(await attempt), { [anna]: 'waiting', [carl]: 'waiting' });
});

test('an attempt that waits for DNS is left, and leads to no connection', async () => {
  await using sink = await smtpSink();
  await using dns = await dnsServer({ 'there.example': 'say nothing' });
  await using line = lineTo('there.example', { dns: dns.address, port: sink.port });
  const attempt = line.send();
  while (dns.questions.length === 0) await turn();
  line.giveWay();
  assert.equal((await attempt).gaveWay, true);
  assert.equal(sink.connections, 0);
});

const refusals: readonly [command: string, reply: string, outcome: string, why: string][] = [
  ['MAIL', '550 5.7.1 not you', 'failed', 'the sender is refused'],
  ['MAIL', '451 4.3.0 later', 'waiting', 'the sender is put off'],
  ['DATA', '554 5.7.1 no', 'failed', 'DATA is refused'],
  ['DATA', '250 fine', 'waiting', 'DATA is answered with nonsense'],
  ['.', '554 5.6.0 spam', 'failed', 'the message is refused'],
  ['.', '452 4.3.1 full', 'waiting', 'the message is put off'],
  ['.', 'gibberish', 'waiting', 'a receipt that is none'],
  ['.', '354 go on', 'waiting', 'a receipt that is none'],
  ['body', '552 5.3.4 too much', 'failed', 'the body is interrupted with a refusal'],
  ['body', '250 enough', 'waiting', 'the body is interrupted with praise'],
];
for (const [command, reply, outcome, why] of refusals)
  for (const extensions of [['PIPELINING'], []])
    test(`${command} ${reply}${extensions.length > 0 ? ', pipelined' : ''}: ${why}`, async () => {
      await using sink = await smtpSink({ script: { [command]: [reply] }, extensions });
      const body = command === 'body' ? longText : messageText;
      await using line = lineTo(`[127.0.0.1]:${sink.port}`, { body });
      const delivery = () => outboundDelivery({ size: body.length });
      assert.deepEqual(outcomesOf(await line.send(delivery())), { [anna]: outcome, [carl]: outcome });
      assert.equal(sink.messages.length, 0);
      const next = outcomesOf(await line.send(delivery()));
      assert.deepEqual(next, { [anna]: 'relayed', [carl]: 'relayed' }, 'the next one goes');
    });

test('with everybody refused, a DATA that went along is answered with nothing', async () => {
  const script = { RCPT: ['550 5.1.1 no', '550 5.1.1 no'], DATA: ['354 go ahead'] };
  await using sink = await smtpSink({ script });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'failed', [carl]: 'failed' });
  assert.ok(sink.messages.every(({ recipients }) => recipients.length === 0));
  assert.ok((await line.send()).results.every(({ outcome }) => outcome === 'relayed'));
});

test('one session carries several messages and ends with QUIT', async () => {
  await using sink = await smtpSink();
  const line = lineTo(`[127.0.0.1]:${sink.port}`);
  for (let n = 0; n < 3; n++) await line.send();
  await line.close();
  assert.equal(sink.connections, 1);
  assert.equal(sink.messages.length, 3);
  assert.equal(sink.commands.at(-1), '1: QUIT');
});

for (const failure of ['hang up', '421 4.7.0 enough for now'])
  test(`a kept session that says ${JSON.stringify(failure)} before DATA is replaced`, async () => {
    await using sink = await smtpSink({ script: { MAIL: ['250 Ok', failure] } });
    await using line = lineTo(`[127.0.0.1]:${sink.port}`);
    await line.send();
    assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'relayed', [carl]: 'relayed' });
    assert.equal(sink.connections, 2);
    assert.equal(sink.messages.length, 2);
  });

test('a kept session that was closed meanwhile is replaced', async () => {
  await using sink = await smtpSink({ script: { '.': ['250 Ok', '250 Ok'], RSET: 'hang up' } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  await line.send();
  await line.send();
  assert.equal(sink.messages.length, 2);
});

test('after an unanswered final dot the message waits, and no other host is asked', async () => {
  await using first = await smtpSink({ script: { '.': 'hang up' } });
  await using second = await smtpSink({ host: '127.0.0.2', port: first.port });
  await using dns = await dnsServer(twoHosts);
  await using line = lineTo('there.example', { dns: dns.address, port: first.port, transport: 'direct' });
  const attempt = await line.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'waiting', [carl]: 'waiting' });
  assert.match(attempt.results[0]!.reply, /after the whole message was sent/);
  assert.equal(attempt.hop, 'broke');
  assert.equal(second.connections, 0);
});

for (const [command, failure, by, reply] of [
  ['MAIL', 'hang up', 'X-Notes', /^451 4\.4\.2 The session with \[127\.0\.0\.1\] broke off: /],
  ['MAIL', '421 4.7.0 enough for now', 'smtp', /^421 4\.7\.0 enough for now$/],
  ['DATA', 'hang up', 'X-Notes', /^451 4\.4\.2 The session with \[127\.0\.0\.1\] broke off: /],
] as const)
  test(`a host that says ${JSON.stringify(failure)} to ${command} has broken off, not answered`, async () => {
    await using sink = await smtpSink({ script: { [command]: failure } });
    await using line = lineTo(`[127.0.0.1]:${sink.port}`);
    const attempt = await line.send();
    assert.deepEqual(outcomesOf(attempt), { [anna]: 'waiting', [carl]: 'waiting' });
    assert.equal(attempt.hop, 'broke');
    assert.match(attempt.results[0]!.reply, reply);
    assert.equal(attempt.results[0]!.replyBy, by);
  });

test('a 4xx to each recipient, or to the final dot, is an answer', async () => {
  await using greylisting = await smtpSink({ script: { RCPT: '450 4.2.1 later' } });
  await using busy = await smtpSink({ script: { '.': '451 4.3.0 later' } });
  for (const { port } of [greylisting, busy]) {
    await using line = lineTo(`[127.0.0.1]:${port}`);
    assert.equal((await line.send()).hop, 'answered');
  }
});

test('a silence after the final dot ends in time, and the message waits', async () => {
  await using sink = await smtpSink({ script: { '.': 'say nothing' } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { timeouts: { finalDot: short } });
  assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'waiting', [carl]: 'waiting' });
});

const firstHosts: readonly [script: Record<string, string>, why: string][] = [
  [{ greeting: '421 4.3.2 busy' }, 'it greets with 421'],
  [{ greeting: '554 no mail here' }, 'it greets with 554'],
  [{ greeting: 'hang up' }, 'it closes instead of greeting'],
  [{ greeting: 'say nothing' }, 'it never greets'],
  [{ greeting: 'welcome, stranger' }, 'its greeting is no reply'],
  [{ EHLO: '502 what?', HELO: '550 go away' }, 'it knows neither EHLO nor HELO'],
  [{ EHLO: '421 no' }, 'EHLO is put off'],
  [{ MAIL: 'hang up' }, 'it hangs up at MAIL'],
  [{ DATA: 'hang up' }, 'it hangs up at DATA'],
  [{ body: 'hang up' }, 'it hangs up in the body'],
];
for (const [script, why] of firstHosts)
  test(`the next host is tried when of the first ${why}`, async () => {
    await using first = await smtpSink({ script });
    await using second = await smtpSink({ host: '127.0.0.2', port: first.port });
    await using dns = await dnsServer(twoHosts);
    const options = {
      dns: dns.address,
      port: first.port,
      transport: 'direct',
      timeouts: { greeting: short },
    } as const;
    const body = 'body' in script ? longText : messageText;
    await using line = lineTo('there.example', { ...options, body });
    const attempt = await line.send(outboundDelivery({ size: body.length }));
    assert.deepEqual(outcomesOf(attempt), { [anna]: 'relayed', [carl]: 'relayed' });
    assert.equal(first.connections, 1);
    assert.equal((await second.received(1)).length, 1);
  });

test('a host that refuses the connection is followed by the next', async () => {
  await using second = await smtpSink({ host: '127.0.0.2' });
  await using dns = await dnsServer(twoHosts);
  await using line = lineTo('there.example', { dns: dns.address, port: second.port, transport: 'direct' });
  assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'relayed', [carl]: 'relayed' });
});

test('a hop of which no host can be spoken to is down', async () => {
  await using sink = await smtpSink({ script: { greeting: '421 4.3.2 busy' } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const attempt = await line.send();
  assert.equal(attempt.hop, 'down');
  assert.deepEqual(attempt.results[0], {
    address: anna,
    outcome: 'waiting',
    reply: '421 4.3.2 busy',
    replyBy: 'smtp',
    remote: '[127.0.0.1]',
  });
});

test('a name that does not exist fails, DNS that is silent waits', async () => {
  await using dns = await dnsServer({ 'broken.example': 'SERVFAIL' });
  const options = { dns: dns.address, transport: 'direct' } as const;
  await using gone = lineTo('there.example', options);
  const failed = await gone.send();
  assert.deepEqual(outcomesOf(failed), { [anna]: 'failed', [carl]: 'failed' });
  assert.equal(failed.results[0]?.failure, 'domain');
  await using broken = lineTo('broken.example', options);
  const waits = await broken.send();
  assert.deepEqual(outcomesOf(waits), { [anna]: 'waiting', [carl]: 'waiting' });
  assert.equal(waits.hop, 'down');
});

test('DSN parameters go to each recipient, and the promise comes back', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const recipients = [
    recipient(anna, { notify: 'SUCCESS,FAILURE', orcpt: 'rfc822;a+2Bx@acme.example' }),
    recipient(carl, { notify: 'NEVER' }),
  ];
  const attempt = await line.send(outboundDelivery({ recipients, ret: 'HDRS', envid: 'QQ314' }));
  assert.ok(attempt.results.every(({ dsn }) => dsn === true));
  const [message] = await sink.received(1);
  assert.deepEqual(message?.parameters.slice(1), ['RET=HDRS', 'ENVID=QQ314']);
  assert.deepEqual(
    message?.recipients.map(({ parameters }) => parameters),
    [['NOTIFY=SUCCESS,FAILURE', 'ORCPT=rfc822;a+2Bx@acme.example'], ['NOTIFY=NEVER']],
  );
});

test('outboundCommands leave extensions unused', async () => {
  await using sink = await smtpSink();
  const outboundCommands = { dsn: false, size: false, pipelining: false };
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { configuration: { outboundCommands } });
  const attempt = await line.send(outboundDelivery({ ret: 'HDRS' }));
  assert.ok(attempt.results.every(({ dsn }) => dsn === false));
  assert.deepEqual((await sink.received(1))[0]?.parameters, []);
});

const scripts: readonly [extensions: string[], body: string, change: object, outcome: string, why: string][] =
  [
    [[], messageText, { smtpUtf8: true }, 'relayed', 'SMTPUTF8 declared, not needed'],
    [[], 'Subject: Grüße\r\n\r\n', { smtpUtf8: true }, 'failed', 'a header beyond ASCII'],
    [['SMTPUTF8', '8BITMIME'], 'Subject: Grüße\r\n\r\n', { smtpUtf8: true }, 'relayed', 'the host takes it'],
    [[], messageText, { from: 'jürgen@acme.example' }, 'failed', 'an address beyond ASCII'],
    [[], messageText, { eightBitMime: true }, 'relayed', '8BITMIME declared, not needed'],
    [[], 'Subject: x\r\n\r\nGrüße\r\n', { eightBitMime: true }, 'failed', '8-bit text'],
    [['8BITMIME'], 'Subject: x\r\n\r\nGrüße\r\n', { eightBitMime: true }, 'relayed', 'the host takes it'],
  ];
for (const [extensions, body, change, outcome, why] of scripts)
  test(`towards a host with ${extensions.join(', ') || 'nothing'}: ${why}: ${outcome}`, async () => {
    await using sink = await smtpSink({ extensions });
    await using line = lineTo(`[127.0.0.1]:${sink.port}`, { body });
    const attempt = await line.send(outboundDelivery({ ...change, size: Buffer.byteLength(body) }));
    assert.deepEqual(outcomesOf(attempt), { [anna]: outcome, [carl]: outcome });
    if (outcome === 'failed') assert.match(attempt.results[0]!.reply, /^550 5\.6\.7 /);
    else assert.equal((await sink.received(1))[0]?.body.toString(), body);
  });

test('HELO is the way where EHLO is unknown', async () => {
  await using sink = await smtpSink({ script: { EHLO: '502 5.5.1 unknown' } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  await line.send();
  const [message] = await sink.received(1);
  assert.deepEqual(message?.parameters, []);
  assert.deepEqual(sink.commands.slice(0, 2), ['1: EHLO mail1.acme.example', '1: HELO mail1.acme.example']);
});

test('a message larger than the host takes is not sent', async () => {
  await using sink = await smtpSink({ extensions: ['SIZE 10'] });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const attempt = await line.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'failed', [carl]: 'failed' });
  assert.equal(attempt.results[0]?.failure, 'size');
  assert.match(attempt.results[0].reply, /^552 5\.3\.4 .*at most 10$/);
});

test('a body cut short never passes for the message', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { body: messageText.slice(0, 30) });
  await assert.rejects(line.send(), /has 30 bytes/);
  assert.equal(sink.messages.length, 0);
});

test('a final dot that the rest of the run could not wait for is not sent', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`, { remaining: 2_000, finalDotReserve: 3_000 });
  assert.deepEqual(outcomesOf(await line.send()), { [anna]: 'waiting', [carl]: 'waiting' });
  assert.equal(sink.messages.length, 0);
});

test('an address with a line end in it never reaches the wire', async () => {
  await using sink = await smtpSink();
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const attempt = await line.send(outboundDelivery({ from: 'a@b.example>\r\nRCPT TO:<victim@c.example' }));
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'failed', [carl]: 'failed' });
  assert.equal(sink.connections, 0);
});

test('a host that is ourselves ends the list: the mail loops, or waits for the better hosts', async () => {
  await using ourselves = await smtpSink({
    script: { greeting: '220 MAIL1.acme.example ESMTP Postern ready' },
  });
  await using dns = await dnsServer({ 'there.example': { a: ['127.0.0.1'] } });
  await using direct = lineTo('there.example', {
    transport: 'direct',
    dns: dns.address,
    port: ourselves.port,
  });
  const attempt = await direct.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'failed', [carl]: 'failed' });
  assert.match(attempt.results[0]!.reply, /^554 5\.4\.6 The mail loops: there\.example \[127\.0\.0\.1\]/);
  await using byAddress = lineTo(`127.0.0.1:${ourselves.port}`);
  assert.equal(outcomesOf(await byAddress.send())[anna], 'failed');
  assert.equal(ourselves.messages.length, 0);
  // The better host is away; behind ourselves stands another.
  await using behind = await smtpSink({ host: '127.0.0.4', port: ourselves.port });
  dns.zone = {
    'there.example': { mx: [10, 20, 30].map((n) => [n, `mx${n}.there.example`] as const) },
    'mx10.there.example': { a: ['127.0.0.3'] },
    'mx20.there.example': { a: ['127.0.0.1'] },
    'mx30.there.example': { a: ['127.0.0.4'] },
  };
  assert.equal(outcomesOf(await direct.send())[anna], 'waiting');
  assert.equal(behind.connections, 0);
});

test('a reply that nobody asked for is no answer to the next message', async () => {
  await using sink = await smtpSink({ script: { '.': ['250 Ok\n250 Ok again'] } });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  await line.send();
  const attempt = await line.send();
  assert.deepEqual(outcomesOf(attempt), { [anna]: 'relayed', [carl]: 'relayed' });
  assert.equal(sink.connections, 2);
});

test('a host that talks on is hung up on', async () => {
  await using sink = await smtpSink({
    script: { greeting: `220 hi\n${'250 more\n'.repeat(5_000)}250 more` },
  });
  await using line = lineTo(`[127.0.0.1]:${sink.port}`);
  const { results, hop } = await line.send();
  assert.equal(hop, 'down');
  assert.match(results[0]!.reply, /^451 4\.4\.1 .*(?:replies without end|exceeds 65536 octets)/);
});

test('whatever bytes a host answers with, nobody is told of a success, and nothing breaks', async () => {
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
  const line = fc.stringMatching(/^[2-5]\d\d[- ]?[ -~]{0,20}\r?\n$/);
  const said = fc.array(fc.oneof(line, noise), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(said, fc.boolean(), async (pieces, hello) => {
      // No end of data is ever answered with 2xx here: the host hangs up at the final dot.
      const server = createServer((socket) => {
        const rest = [...pieces];
        socket.on('error', () => undefined);
        socket.write(hello ? '220 hi\r\n' : Buffer.from(rest.shift() ?? '', 'latin1'));
        socket.on('data', (chunk: Buffer) => {
          const next = rest.shift();
          if (next === undefined || chunk.toString().includes('a line with a dot')) socket.destroy();
          else socket.write(Buffer.from(next, 'latin1'));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as { port: number };
      const quick = { greeting: 30, command: 30, data: 30, finalDot: 30, quit: 5, handshake: 30 };
      const carrier = lineTo(`[127.0.0.1]:${port}`, { timeouts: quick });
      const { results } = await carrier.send();
      await carrier.close();
      server.close();
      assert.equal(results.length, 2);
      assert.ok(results.every(({ outcome }) => outcome === 'failed' || outcome === 'waiting'));
    }),
    { numRuns: 60 },
  );
});
