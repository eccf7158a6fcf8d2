import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, refused, type Command } from '../../../mail/relay/results.ts';

const remote = 'mx.there.example [9.0.0.1]';
const anna = [{ address: 'anna@there.example' }];

const refusals: readonly [
  command: Command,
  code: number,
  text: string,
  outcome: string,
  failure: string | undefined,
  why: string,
][] = [
  ['RCPT', 550, '5.1.1 who?', 'failed', 'user', 'no such user'],
  ['RCPT', 550, '5.1.2 where?', 'failed', 'domain', 'no such domain'],
  ['RCPT', 554, 'no relay', 'failed', 'transfer', 'any other'],
  ['RCPT', 452, '4.5.3 too many', 'waiting', undefined, 'too many recipients'],
  ['RCPT', 552, 'too many', 'waiting', undefined, 'too many recipients, as RFC 821 said it'],
  ['RCPT', 450, '4.2.1 later', 'waiting', undefined, 'temporary'],
  ['MAIL', 552, '5.3.4 too big', 'failed', 'size', 'too large'],
  ['end of data', 552, 'too big', 'failed', 'size', 'too large, without an enhanced code'],
  ['end of data', 554, '5.7.1 spam', 'failed', 'transfer', 'content refused'],
  ['DATA', 421, 'bye', 'waiting', undefined, 'closing'],
  ['MAIL', 0, 'what', 'waiting', undefined, 'no reply at all is temporary'],
  ['MAIL', 650, 'what', 'waiting', undefined, 'a code that does not exist is temporary'],
];
for (const [command, code, text, outcome, failure, why] of refusals)
  test(`${code} to ${command}: ${why}`, () => {
    const [result] = refused(anna, { code, lines: [text] }, { remote, command });
    assert.equal(result?.outcome, outcome);
    assert.equal(result?.failure, failure);
    assert.equal(result?.replyBy, 'smtp');
    assert.equal(result?.remote, remote);
  });

test('a receipt is relayed, with the promise of DSNs where the host made it', () => {
  const [result] = answered(anna, { code: 250, lines: ['2.0.0 Ok'] }, { remote, dsn: true });
  assert.deepEqual(result, {
    address: 'anna@there.example',
    outcome: 'relayed',
    reply: '250 2.0.0 Ok',
    replyBy: 'smtp',
    remote,
    dsn: true,
  });
});

test('only 2xx is a receipt', () => {
  for (const [code, outcome] of [
    [354, 'waiting'],
    [0, 'waiting'],
    [451, 'waiting'],
    [554, 'failed'],
  ] as const)
    assert.equal(answered(anna, { code, lines: [''] }, { remote, dsn: false })[0]?.outcome, outcome);
});
