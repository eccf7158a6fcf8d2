import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { foldAddress, logSafe, makeAddress, wirePath } from '../../../mail/address/address.ts';
import { parseAddress, parseForwardPath, parsePath } from '../../../mail/address/path.ts';

const ascii = { smtpUtf8: false };
const utf8 = { smtpUtf8: true };

const good: [path: string, local: string, domain: string, why: string][] = [
  ['<jane@acme.example>', 'jane', 'acme.example', 'the plain case'],
  ['<jane@ACME.Example>', 'jane', 'acme.example', 'domains have no case'],
  ['<Jane.Doe+tag@acme.example>', 'Jane.Doe+tag', 'acme.example', 'a sub-address is part of the local part'],
  ['<"jane doe"@acme.example>', 'jane doe', 'acme.example', 'unquoted before look-up (L10)'],
  ['<"a\\"b\\\\c"@acme.example>', 'a"b\\c', 'acme.example', 'quoted pairs are undone'],
  ['<"a@b"@acme.example>', 'a@b', 'acme.example', 'an @ within quotes does not end the local part'],
  ['<"jane"@acme.example>', 'jane', 'acme.example', 'needless quotes mean nothing'],
  ['<jane@[192.0.2.1]>', 'jane', '[192.0.2.1]', 'IPv4 literal'],
  ['<jane@[ipv6:2001:DB8:0::1]>', 'jane', '[IPv6:2001:db8::1]', 'IPv6 literal in its shortest spelling'],
  ['<postmaster>', 'postmaster', '', 'RFC 5321 4.1.1.3'],
  ['<PostMaster>', 'PostMaster', '', 'in any case'],
  [
    '<user%victim.example@acme.example>',
    'user%victim.example',
    'acme.example',
    'read here, judged by policy',
  ],
  [`<${'v'.repeat(90)}@acme.example>`, 'v'.repeat(90), 'acme.example', 'VERP senders exceed 64 octets'],
  ['<jane@xn--bcher-kva.example>', 'jane', 'xn--bcher-kva.example', 'an A-label is ASCII'],
];

test('paths that are read', () => {
  for (const [path, local, domain, why] of good) {
    const text = path.slice(1, -1);
    assert.deepEqual(parseForwardPath(path, ascii), { ok: true, value: { local, domain, text } }, why);
  }
});

test('SMTPUTF8 admits other scripts: local part in NFC, domain as A-label, text as it came', () => {
  const text = 'ju\u0308rgen@B\u00fccher.example';
  assert.deepEqual(parseForwardPath(`<${text}>`, utf8), {
    ok: true,
    value: { local: 'j\u00fcrgen', domain: 'xn--bcher-kva.example', text },
  });
  assert.equal(parseForwardPath(`<${text}>`, ascii).ok, false);
});

test('a source route is kept apart from the address', () => {
  assert.deepEqual(parseForwardPath('<@a.example,@b.example:jane@acme.example>', ascii), {
    ok: true,
    value: {
      local: 'jane',
      domain: 'acme.example',
      text: 'jane@acme.example',
      route: '@a.example,@b.example',
    },
  });
});

const bad: [path: string, why: string][] = [
  ['jane@acme.example', 'no angle brackets'],
  ['<jane@acme.example', 'no closing bracket'],
  ['<>', 'the null sender is no recipient'],
  ['<jane>', 'only postmaster stands alone'],
  ['<jane@>', 'no domain'],
  ['<@acme.example>', 'no local part'],
  ['<""@acme.example>', 'an empty local part'],
  ['<jane doe@acme.example>', 'a space outside quotes'],
  ['<.jane@acme.example>', 'a dot at the start'],
  ['<jane.@acme.example>', 'a dot at the end'],
  ['<ja..ne@acme.example>', 'two dots'],
  ['<jane@acme..example>', 'an empty label'],
  ['<jane@.acme.example>', 'an empty label'],
  ['<jane@acme.example.>', 'a trailing dot'],
  ['<jane@-acme.example>', 'a label begins with a hyphen'],
  ['<jane@192.0.2.1>', 'an address without brackets is no domain'],
  ['<jane@[192.0.2.256]>', 'no IPv4 address'],
  ['<jane@[2001:db8::1]>', 'an IPv6 literal needs its tag'],
  ['<jane@[192.0.2.1]x>', 'something behind the literal'],
  ['<jane@a@b.example>', 'two at signs'],
  ['<"jane@acme.example>', 'an open quote'],
  ['<jane@acme.example><x@y.example>', 'two paths'],
  ['<jane\u0000@acme.example>', 'NUL'],
  ['<"ja\rne"@acme.example>', 'CR within quotes'],
  ['<jane@\u00a1>', 'not ASCII'],
  ['<@:jane@acme.example>', 'an empty source route'],
  [`<j@${'a'.repeat(64)}.example>`, 'a label of 64 octets'],
  [`<j@${'a.'.repeat(127)}example>`, 'a path over 256 octets'],
];

test('paths that are refused, with a sentence', () => {
  for (const [path, why] of bad) {
    const parsed = parseForwardPath(path, ascii);
    assert.equal(parsed.ok, false, `${path}: ${why}`);
    assert.ok(!parsed.ok && parsed.problem.length > 10, why);
  }
});

test('full-width digits do not become an IPv4 address', () => {
  assert.equal(parseForwardPath('<j@\uff11.2.3.4>', utf8).ok, false);
  assert.equal(parseForwardPath('<j@a%2eb.\u00e9>', utf8).ok, false);
});

test('the null sender is a case of its own', () => {
  assert.deepEqual(parsePath('<>', ascii), { ok: true, value: null });
  assert.equal(wirePath(null), '<>');
});

test('addresses compare without case, quoting and composition', () => {
  const same: [string, string][] = [
    ['Jane@acme.example', 'jane@ACME.example'],
    ['"jane"@acme.example', 'jane@acme.example'],
    ['ju\u0308rgen@acme.example', 'J\u00dcRGEN@acme.example'],
    ['jane@b\u00fccher.example', 'jane@xn--bcher-kva.example'],
  ];
  for (const [one, other] of same) assert.equal(foldAddress(read(one)), foldAddress(read(other)), one);
  assert.notEqual(foldAddress(read('"a@b"@acme.example')), foldAddress(read('a@b.acme.example')));
});

test('nothing that forges a log line leaves the log renderer', () => {
  assert.equal(logSafe('a\r\nb\u2028\u202ec'), 'a??b??c');
});

test('parsing is undone by rendering, for every local part that can be written', () => {
  const local = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
    .map((text) => text.normalize('NFC'));
  fc.assert(
    fc.property(local, (text) => {
      fc.pre(text !== '' && !/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\ufffd]/u.test(text));
      const made = makeAddress(text, 'acme.example');
      assert.deepEqual(parseAddress(made.text), { ok: true, value: made });
      assert.equal(foldAddress(read(foldAddress(made))), foldAddress(made));
    }),
  );
});

test('no text makes a parser throw', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^<[@:,"\\[\]a.%!-]{0,20}>$/));
  fc.assert(
    fc.property(text, (any) => {
      for (const options of [ascii, utf8]) {
        const parsed = parsePath(any, options);
        if (parsed.ok && parsed.value !== null) assert.ok(any.includes(parsed.value.text));
      }
      parseAddress(any);
    }),
    { numRuns: 500 },
  );
});

function read(text: string) {
  const parsed = parseAddress(text);
  assert.ok(parsed.ok, text);
  return parsed.value;
}
