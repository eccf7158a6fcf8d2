/**
 * SPF, DKIM, DMARC and ARC of mail that is signed here, with DNS from a table: intact, broken, forwarded, unaligned.
 * Where Debian's python3-spf and python3-dkim are installed, they must agree.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { before, test } from 'node:test';
import { dkimSign, sealMessage } from 'mailauth';
import { greeted } from './client.ts';
import { gateway, type Gateway } from './gateway.ts';

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const publicKey = pair.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
const key = `v=DKIM1; k=rsa; p=${publicKey}`;

const own = '192.0.2.1';
const elsewhere = '198.51.100.1';

const dns = {
  'txt there.example': ['v=spf1 ip4:192.0.2.1 -all'],
  'txt s1._domainkey.there.example': [key],
  'txt _dmarc.there.example': ['v=DMARC1; p=reject'],
  'txt other.example': ['v=spf1 ip4:198.51.100.1 -all'],
  'txt s1._domainkey.other.example': [key],
  'txt s1._domainkey.news.there.example': [key],
  'txt revoked._domainkey.there.example': ['v=DKIM1; k=rsa; p='],
  'txt s1._domainkey.list.example': [key],
  'txt strict.example': ['v=spf1 mx -all'],
  'mx strict.example': ['mx.strict.example'],
  'a mx.strict.example': ['192.0.2.1'],
  'txt _dmarc.strict.example': ['v=DMARC1; p=quarantine; adkim=s; aspf=s'],
  'txt s1._domainkey.news.strict.example': [key],
  'txt soft.example': ['v=spf1 ~all'],
  'txt neutral.example': ['v=spf1 ?all'],
  'txt nested.example': ['v=spf1 include:there.example a:mx.strict.example -all'],
  'txt redirected.example': ['v=spf1 redirect=there.example'],
  'txt wrong.example': ['v=spf1 ipv4:192.0.2.1 -all'],
  'txt twice.example': ['v=spf1 -all', 'v=spf1 +all'],
  'txt loop.example': ['v=spf1 include:loop.example -all'],
  'txt exists.example': ['v=spf1 exists:%{ir}.known.exists.example -all'],
  'a 1.2.0.192.known.exists.example': ['127.0.0.2'],
  'txt six.example': ['v=spf1 ip6:2001:db8::/32 -all'],
  'txt down.example': 'down',
} as const;

const text = (from: string): string =>
  `From: Ann <${from}>\r\nTo: alice@acme.example\r\nSubject: Hello  there\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n` +
  'Message-ID: <1@there.example>\r\n\r\nHello \tAlice,\r\n..dots\r\n\r\nAnn\r\n\r\n\r\n';

async function signed(
  from: string,
  signingDomain: string,
  more: { selector?: string; canonicalization?: string } = {},
) {
  const message = text(from);
  const one = { signingDomain, selector: 's1', privateKey, ...more };
  const { signatures } = await dkimSign(message, { ...one, signatureData: [one] });
  return signatures + message;
}

interface Row {
  readonly why: string;
  readonly message: string;
  readonly peer?: string;
  readonly sender?: string;
  /** What Authentication-Results says, in order. */
  readonly says: RegExp;
  readonly reply?: string;
  readonly trust?: string;
}

const rows: Row[] = [];
before(async () => {
  const fine = await signed('ann@there.example', 'there.example');
  const simple = await signed('ann@there.example', 'there.example', { canonicalization: 'simple/simple' });
  const list = 'bounces@other.example';
  const dmarc550 = '550 5.7.1 Rejected by the DMARC policy of there.example';
  const sealed = await sealMessage(Buffer.from(`${fine}-- \r\nthe list\r\n`), {
    signingDomain: 'list.example',
    selector: 's1',
    privateKey,
    authResults: 'list.example; dkim=pass header.d=there.example',
    cv: 'none',
  });
  rows.push(
    {
      why: 'signed and sent by its domain',
      message: fine,
      says: /spf=pass .*dkim=pass header\.d=there\.example header\.s=s1; dmarc=pass header\.from=there\.example/,
    },
    { why: 'simple canonicalization', message: simple, says: /dkim=pass .*dmarc=pass/ },
    {
      why: 'forwarded intact: the signature saves it',
      message: fine,
      peer: elsewhere,
      says: /spf=fail .*dkim=pass .*dmarc=pass/,
      trust: 'untrusted',
    },
    {
      why: 'by a list, intact',
      message: fine,
      peer: elsewhere,
      sender: list,
      says: /spf=pass smtp\.mailfrom=other\.example; dkim=pass .*dmarc=pass/,
    },
    {
      why: 'by a list that adds a line',
      message: `${fine}-- \r\n`,
      peer: elsewhere,
      sender: list,
      says: /./,
      reply: dmarc550,
    },
    {
      why: 'another subject',
      message: fine.replace('Hello  there', 'Hi'),
      peer: elsewhere,
      sender: list,
      says: /./,
      reply: dmarc550,
    },
    {
      why: 'a broken signature is saved by SPF',
      message: fine.replace('Hello  there', 'Hi'),
      says: /spf=pass .*dkim=(?:fail|neutral) .*dmarc=pass/,
    },
    {
      why: 'white space at line ends does not matter (relaxed)',
      message: fine.replace('Alice,', 'Alice,  '),
      peer: elsewhere,
      sender: list,
      says: /dkim=pass .*dmarc=pass/,
    },
    {
      why: 'but does in simple',
      message: simple.replace('Alice,', 'Alice,  '),
      peer: elsewhere,
      sender: list,
      says: /./,
      reply: dmarc550,
    },
    {
      why: 'signed by another domain: not aligned',
      message: await signed('ann@there.example', 'other.example'),
      peer: elsewhere,
      sender: list,
      says: /./,
      reply: dmarc550,
    },
    {
      why: 'signed by a domain below: aligned (relaxed)',
      message: await signed('ann@there.example', 'news.there.example'),
      peer: elsewhere,
      sender: list,
      says: /dkim=pass header\.d=news\.there\.example.*dmarc=pass/,
    },
    {
      why: 'a domain below where alignment is strict',
      message: await signed('ann@strict.example', 'news.strict.example'),
      peer: elsewhere,
      sender: list,
      says: /dkim=pass .*dmarc=fail header\.from=strict\.example/,
      trust: 'untrusted',
    },
    {
      why: 'a key that was revoked',
      message: await signed('ann@there.example', 'there.example', { selector: 'revoked' }),
      peer: elsewhere,
      sender: list,
      says: /./,
      reply: dmarc550,
    },
    {
      why: 'a key that is not there',
      message: await signed('ann@free.example', 'free.example'),
      sender: 'ann@free.example',
      says: /spf=none .*dkim=(?!pass)\w+ .*dmarc=none/,
    },
    {
      why: 'no signature, no SPF',
      message: text('ann@free.example'),
      sender: 'ann@free.example',
      says: /spf=none .*dkim=none; dmarc=none/,
    },
    {
      why: 'a soft failure',
      message: text('ann@soft.example'),
      sender: 'ann@soft.example',
      says: /spf=softfail /,
      trust: 'softfail',
    },
    {
      why: 'sealed by a forwarder that is trusted',
      message: sealed.toString() + fine + '-- \r\nthe list\r\n',
      peer: elsewhere,
      sender: list,
      says: /dmarc=fail .*arc=pass/,
    },
  );
});

async function send(
  house: Gateway,
  { message, peer = own, sender = 'ann@there.example' }: Row,
): Promise<string> {
  const client = await greeted(house.ports.smtp);
  await client.askAll(`XCLIENT NAME=[UNAVAILABLE] ADDR=${peer}`, 'EHLO client.example');
  await client.askAll(`MAIL FROM:<${sender}>`, 'RCPT TO:<alice@acme.example>');
  const reply = await client.deliver(message.replaceAll(/^\./gm, '..'));
  client.close();
  return reply;
}

function resultsOf(house: Gateway): string {
  const field = house.kept
    .at(-1)!
    .envelope.edits.find(
      (edit) => edit.op === 'prepend' && edit.field.startsWith('Authentication-Results: mail1.acme.example;'),
    );
  return field?.op === 'prepend' ? field.field.replaceAll(/\r\n\s+/g, ' ') : '';
}

const senderAuthentication = { dmarc: 'reject', trustedForwarders: ['list.example'] };

for (const where of ['memory', 'a file'])
  test(`signed mail in ${where}`, async (t) => {
    await using house = await gateway({ dns, configuration: { senderAuthentication } });
    // Empty lines at the end are no part of what is signed (RFC 6376 section 3.4.3).
    const padding = where === 'memory' ? '' : '\r\n'.repeat(150_000);
    for (const row of rows)
      await t.test(row.why, async () => {
        const reply = await send(house, { ...row, message: row.message + padding });
        assert.ok(reply.startsWith(row.reply ?? '250 '), reply);
        if (row.reply !== undefined) return;
        assert.match(resultsOf(house), row.says);
        assert.equal(house.kept.at(-1)!.envelope.trust, row.trust);
      });
  });

test('results in our name that arrive are dropped, those of others stay', async () => {
  await using house = await gateway({ dns });
  const forged = [
    'Authentication-Results: mail1.acme.example; spf=pass',
    'authentication-results : (x) MAIL1.acme.example 1; dkim=pass',
    'Authentication-Results:\r\n "mail1.acme.example"; dmarc=pass',
    'Authentication-Results: there.example; spf=fail',
  ];
  await send(house, {
    why: '',
    says: /./,
    message: `${forged.join('\r\n')}\r\n${text('ann@there.example')}`,
  });
  const dropped = house.kept[0]!.envelope.edits.flatMap((edit) => (edit.op === 'drop' ? edit.n : []));
  assert.deepEqual(dropped, [1, 2, 3]);
  assert.match(resultsOf(house), /dmarc=pass/);
});

const mailFrom: readonly (readonly [ip: string, sender: string, result: string])[] = [
  [own, 'a@there.example', 'pass'],
  [elsewhere, 'a@there.example', 'fail'],
  [own, 'a@free.example', 'none'],
  [own, 'a@strict.example', 'pass'],
  [elsewhere, 'a@strict.example', 'fail'],
  [own, 'a@soft.example', 'softfail'],
  [own, 'a@neutral.example', 'neutral'],
  [own, 'a@nested.example', 'pass'],
  [elsewhere, 'a@nested.example', 'fail'],
  [own, 'a@redirected.example', 'pass'],
  [elsewhere, 'a@redirected.example', 'fail'],
  [own, 'a@wrong.example', 'permerror'],
  [own, 'a@twice.example', 'permerror'],
  [elsewhere, 'a@loop.example', 'permerror'],
  [own, 'a@exists.example', 'pass'],
  [elsewhere, 'a@exists.example', 'fail'],
  ['2001:db8::1', 'a@six.example', 'pass'],
  ['2001:db9::1', 'a@six.example', 'fail'],
  [own, 'a@down.example', 'temperror'],
];

test('SPF', async (t) => {
  await using house = await gateway({ dns });
  for (const [peer, sender, result] of mailFrom)
    await t.test(`${sender} by ${peer}`, async () => {
      await send(house, { why: '', says: /./, message: 'Subject: x\r\n\r\n', peer, sender });
      assert.ok(resultsOf(house).includes(` spf=${result} `), resultsOf(house));
    });
});

test('the null sender is asked about by its HELO name', async () => {
  await using house = await gateway({ dns: { 'txt client.example': ['v=spf1 -all'] } });
  await send(house, { why: '', says: /./, message: 'Subject: x\r\n\r\n', sender: '' });
  assert.match(resultsOf(house), /spf=fail smtp\.helo=client\.example/);
});

const python = '/usr/bin/python3';
const absent =
  spawnSync(python, ['-c', 'import dkim, spf']).status === 0
    ? false
    : 'Debian packages python3-dkim and python3-spf are not installed';

test('a second implementation agrees', { skip: absent }, async () => {
  await using house = await gateway({ dns });
  const messages = rows.filter(({ message }) => message.startsWith('DKIM-Signature'));
  const found: boolean[] = [];
  for (const row of messages) {
    await send(house, row);
    found.push(/ dkim=pass /.test(resultsOf(house)));
  }
  const input = JSON.stringify({
    dns,
    spf: mailFrom.map(([ip, sender]) => [ip, sender, 'client.example']),
    dkim: messages.map(({ message }) => Buffer.from(message).toString('base64')),
  });
  const script = fileURLToPath(new URL('second-opinion.py', import.meta.url));
  const { stdout, stderr } = spawnSync(python, [script], { input, encoding: 'utf8' });
  const second = JSON.parse(stdout || `"${stderr}"`) as { spf: string[]; dkim: boolean[] };
  assert.deepEqual(
    second.spf,
    mailFrom.map(([, , result]) => result),
  );
  assert.deepEqual(second.dkim, found);
  assert.ok(found.includes(true) && found.includes(false));
});
