import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as message from '../../../mail/reply/message-replies.ts';
import { isPermanent, line, reply, type Reply } from '../../../mail/reply/reply.ts';
import * as session from '../../../mail/reply/session-replies.ts';

/** Every named reply with the name it has; those with parameters get plain words. */
function all(): [name: string, answer: Reply][] {
  return Object.entries({ ...session, ...message }).map(([name, value]) => [
    name,
    typeof value === 'function' ? value('one.example', 'two', 'three') : value,
  ]);
}

test('the name of a reply contains its number', () => {
  for (const [name, answer] of all()) assert.ok(name.endsWith(String(answer.code)), name);
});

test('the class of the enhanced code is that of the reply (RFC 2034), and is 2, 4 or 5', () => {
  for (const [name, { code, enhanced }] of all()) {
    if (enhanced === undefined) continue;
    assert.match(enhanced, /^[245]\.\d{1,3}\.\d{1,3}$/, name);
    assert.equal(enhanced[0], String(code)[0], name);
  }
});

test('greeting, HELO and EHLO carry no enhanced code', () => {
  for (const [name, { enhanced }] of all())
    if (/^(greeting|hello|connection|custom|talkedFirst|startInput)/.test(name))
      assert.equal(enhanced, undefined);
});

const documented: [answer: Reply, line: string][] = [
  [message.relayRejected554, '554 5.7.1 Relay rejected for policy reasons.'],
  [message.messageRejected554, '554 5.7.1 Message rejected for policy reasons.'],
  [message.senderRejected554('<a@b.c>'), '554 5.7.1 Mail from <a@b.c> rejected for policy reasons.'],
  [message.noSuchUser550('<x@b.c>'), '550 5.1.1 <x@b.c>... No such user'],
  [message.tooLarge552, '552 5.3.4 Message exceeds fixed maximum message size'],
  [message.senderNullMx550('b.c'), '550 5.7.27 Sender domain b.c has a null MX'],
  [message.accepted250('ABC-1'), '250 2.0.0 Message accepted for delivery as ABC-1'],
  [
    session.connectionRejected554('[192.0.2.1]'),
    '554 Connection from [192.0.2.1] rejected for policy reasons.',
  ],
  [
    message.notUnique553('smith', 'smith@acme.com'),
    '553 5.1.4 User smith (smith@acme.com) not unique. Several matches found in Domino Directory.',
  ],
  [
    session.connectionRejected554('h.example', 'bl.example'),
    '554 Connection from h.example rejected for policy reasons. Host found in DNS blacklist at bl.example',
  ],
];

test('phrases that administrators know', () => {
  for (const [answer, text] of documented) assert.equal(line(answer), text);
});

test('a custom response names the peer wherever %s stands', () => {
  assert.equal(session.customRejection554('%s: see x/?%s', '192.0.2.1').text, '192.0.2.1: see x/?192.0.2.1');
});

test('no text breaks out of its line', () => {
  assert.equal(reply(550, '1.1', 'a\r\u0000b').text, 'a  b');
  assert.equal(line(reply(550, '1.1', 'a\nb')), '550 5.1.1 a b');
});

test('5xx is permanent, 4xx is not', () => {
  assert.equal(isPermanent(message.relayRejected554), true);
  assert.equal(isPermanent(message.localError451), false);
});
