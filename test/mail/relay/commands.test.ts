import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasForeignScript,
  isTooLarge,
  isUnspeakable,
  mailCommand,
  rcptCommand,
  usable,
  type Outgoing,
} from '../../../mail/relay/commands.ts';
import { noExtensions, readExtensions } from '../../../mail/relay/extensions.ts';

const everything = readExtensions({
  code: 250,
  lines: [
    'mx DSN',
    'PIPELINING',
    'SIZE 1000',
    '8bitmime',
    'SMTPUTF8',
    'DSN',
    'STARTTLS',
    'REQUIRETLS',
    'AUTH=LOGIN plain',
    'AUTH CRAM-MD5',
  ],
});
const all = { dsn: true, pipelining: true, size: true, eightBitMime: true, smtpUtf8: true };

test('extensions are read by keyword, never from the greeting', () => {
  assert.deepEqual(everything, {
    startTls: true,
    pipelining: true,
    eightBitMime: true,
    smtpUtf8: true,
    dsn: true,
    requireTls: true,
    size: 1000,
    auth: ['LOGIN', 'PLAIN', 'CRAM-MD5'],
  });
  assert.deepEqual(readExtensions({ code: 250, lines: ['mx DSN PIPELINING'] }), noExtensions);
});

const sizes: readonly [line: string, size: number | undefined, why: string][] = [
  ['SIZE 500', 500, 'a limit'],
  ['SIZE', 0, 'no limit named'],
  ['SIZE lots', 0, 'no number'],
  ['SIZES 5', undefined, 'another keyword'],
];
for (const [line, size, why] of sizes)
  test(`${line}: ${why}`, () => {
    assert.equal(readExtensions({ code: 250, lines: ['mx', line] }).size, size);
  });

const mails: readonly [change: Partial<Outgoing>, command: string, why: string][] = [
  [{}, 'MAIL FROM:<bob@acme.example> SIZE=700', 'the size is known'],
  [{ from: '' }, 'MAIL FROM:<> SIZE=700', 'a report'],
  [{ eightBitMime: true }, 'MAIL FROM:<bob@acme.example> SIZE=700 BODY=8BITMIME', '8-bit text'],
  [{ smtpUtf8: true }, 'MAIL FROM:<bob@acme.example> SIZE=700 SMTPUTF8', 'any script'],
  [{ ret: 'HDRS', envid: 'QQ+2B1' }, 'MAIL FROM:<bob@acme.example> SIZE=700 RET=HDRS ENVID=QQ+2B1', 'DSN'],
  [{ envid: 'a b' }, 'MAIL FROM:<bob@acme.example> SIZE=700', 'an ENVID that is no xtext is left out'],
  [{ requireTls: true }, 'MAIL FROM:<bob@acme.example> SIZE=700 REQUIRETLS', 'REQUIRETLS'],
];
for (const [change, command, why] of mails)
  test(`MAIL: ${why}`, () => {
    assert.equal(mailCommand({ ...message(), ...change }, everything), command);
  });

test('nothing is used that the host does not offer', () => {
  const asking = { ...message(), eightBitMime: true, smtpUtf8: true, ret: 'FULL', envid: 'x' } as const;
  assert.equal(mailCommand(asking, noExtensions), 'MAIL FROM:<bob@acme.example>');
});

test('nothing is used that the Configuration leaves off', () => {
  const off = { dsn: false, pipelining: false, size: false, eightBitMime: false, smtpUtf8: false };
  assert.deepEqual(usable(everything, off), {
    ...noExtensions,
    startTls: true,
    requireTls: true,
    auth: everything.auth,
  });
  assert.deepEqual(usable(everything, all), everything);
});

const rcpts: readonly [
  notify: string | undefined,
  orcpt: string | undefined,
  parameters: string,
  why: string,
][] = [
  [undefined, undefined, '', 'nothing was asked'],
  ['NEVER', undefined, ' NOTIFY=NEVER', 'no report'],
  [
    'SUCCESS,DELAY',
    'rfc822;a+2Bb@c.example',
    ' NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@c.example',
    'both as given',
  ],
  ['NEVER,SUCCESS', 'rfc822;a b', '', 'nonsense is left out'],
];
for (const [notify, orcpt, parameters, why] of rcpts)
  test(`RCPT: ${why}`, () => {
    const recipient = { address: 'a@there.example', original: 'a@there.example' };
    const asked = { ...(notify === undefined ? {} : { notify }), ...(orcpt === undefined ? {} : { orcpt }) };
    assert.equal(
      rcptCommand({ ...recipient, ...asked }, everything),
      `RCPT TO:<a@there.example>${parameters}`,
    );
    assert.equal(rcptCommand({ ...recipient, ...asked }, noExtensions), 'RCPT TO:<a@there.example>');
  });

test('an address that would speak commands is never sent', () => {
  assert.equal(isUnspeakable({ ...message(), from: 'a@b\r\nRCPT TO:<x@y>' }), true);
  assert.equal(isUnspeakable(message()), false);
});

test('an address beyond ASCII asks for SMTPUTF8', () => {
  assert.equal(hasForeignScript({ ...message(), from: 'jürgen@acme.example' }), true);
  assert.equal(hasForeignScript(message()), false);
});

test('too large is what exceeds a limit that was named', () => {
  assert.equal(isTooLarge({ ...message(), size: 1001 }, everything), true);
  assert.equal(isTooLarge({ ...message(), size: 1000 }, everything), false);
  assert.equal(isTooLarge({ ...message(), size: 1001 }, { ...everything, size: 0 }), false);
  assert.equal(isTooLarge({ ...message(), size: 1001 }, noExtensions), false);
});

function message(): Outgoing {
  return {
    from: 'bob@acme.example',
    recipients: [{ address: 'a@there.example', original: 'a@there.example' }],
    size: 700,
    eightBitMime: false,
    smtpUtf8: false,
    requireTls: false,
  };
}
