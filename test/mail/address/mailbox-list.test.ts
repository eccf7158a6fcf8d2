import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseMailboxList } from '../../../mail/address/mailbox-list.ts';

/** Each row: the body, then `phrase|text` of every mailbox found; a `!` marks text that is no Internet address. */
const lists: [body: string, mailboxes: string[], why: string][] = [
  ['jane@acme.example', ['|jane@acme.example'], 'a bare address'],
  ['Jane Doe <jane@acme.example>', ['Jane Doe|jane@acme.example'], 'a phrase'],
  ['"Doe, Jane" <jane@acme.example>', ['"Doe, Jane"|jane@acme.example'], 'a comma within quotes'],
  ['a@x.example, B <b@x.example>', ['|a@x.example', 'B|b@x.example'], 'two mailboxes'],
  ['=?utf-8?q?J=C3=BCrgen?= <j@x.example>', ['=?utf-8?q?J=C3=BCrgen?=|j@x.example'], 'encoded words stay'],
  ['Team: a@x.example, b@x.example;', ['|a@x.example', '|b@x.example'], 'a group'],
  ['undisclosed-recipients:;', [], 'an empty group'],
  ['jane@acme.example (Jane (the <x@y>) one)', ['|jane@acme.example'], 'nested comments are no addresses'],
  ['jane (x) @ (y) acme . example', ['|jane@acme.example'], 'obsolete white space and comments'],
  ['<@a.example,@b.example:jane@acme.example>', ['|jane@acme.example'], 'an obsolete route'],
  [', a@x.example,,', ['|a@x.example'], 'obsolete empty elements'],
  ['"a@evil.example" <b@x.example>', ['"a@evil.example"|b@x.example'], 'an address in a phrase is a phrase'],
  ['Jane Doe/Acme', ['!|Jane Doe/Acme'], 'a Notes name'],
  ['CN=Jane Doe/O=Acme@ACME', ['!|CN=Jane Doe/O=Acme@ACME'], 'a Notes name with its Domino domain'],
  ['Doe, Jane <jane@acme.example>', ['!|Doe', 'Jane|jane@acme.example'], 'an unquoted comma separates'],
  ['Jane\r\n <jane@acme.example>', ['Jane|jane@acme.example'], 'folded'],
  ['<>', ['!|'], 'an empty address'],
];

test('address lists', () => {
  for (const [body, expected, why] of lists) {
    const parsed = parseMailboxList(body);
    assert.ok(parsed.ok, why);
    const found = parsed.value.map((box) => `${box.address ? '' : '!'}${box.phrase}|${box.text}`);
    assert.deepEqual(found, expected, why);
  }
});

const broken: [body: string, why: string][] = [
  ['"Jane <jane@acme.example>', 'an open quote'],
  ['Jane (x <jane@acme.example>', 'an open comment'],
  ['Jane <jane@acme.example', 'an open bracket'],
  ['Jane jane@acme.example>', 'a stray bracket'],
  ['<a@x.example> <b@x.example>', 'two addresses without a comma'],
  ['<a@x.example> b', 'words behind the address'],
  ['A: B: c@x.example;;', 'a group in a group'],
  ['a)b@x.example', 'a stray parenthesis'],
];

test('lists that do not close give a problem', () => {
  for (const [body, why] of broken) assert.equal(parseMailboxList(body).ok, false, why);
});

test('one mailbox can be rewritten in place', () => {
  const body = ' (hi) Jane <jane@acme.example> , b@x.example';
  const parsed = parseMailboxList(body);
  assert.ok(parsed.ok);
  const [jane, other] = parsed.value;
  assert.equal(body.slice(jane!.start, jane!.end), 'Jane <jane@acme.example>');
  assert.equal(body.slice(jane!.addressStart, jane!.addressEnd), 'jane@acme.example');
  assert.equal(body.slice(other!.start, other!.end), 'b@x.example');
});

test('no text throws, and offsets lie in order', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[a@.,;:<>()"\\[\] ]{0,40}$/));
  fc.assert(
    fc.property(text, (body) => {
      const parsed = parseMailboxList(body);
      let last = 0;
      for (const box of parsed.ok ? parsed.value : []) {
        assert.ok(last <= box.start && box.start <= box.addressStart && box.addressStart <= box.addressEnd);
        assert.ok(box.addressEnd <= box.end);
        last = box.end;
      }
    }),
    { numRuns: 500 },
  );
});
