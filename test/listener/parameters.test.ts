import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailParameters, rcptParameters, splitArguments } from '../../listener/parameters.ts';
import { readXclient } from '../../listener/xclient.ts';

const all = { size: true, eightBitMime: true, dsn: true, smtpUtf8: true };
const flags = { eightBitMime: false, smtpUtf8: false, requireTls: false };

function codeOf(checked: object): number | 'fine' {
  return 'refusal' in checked ? (checked.refusal as { code: number }).code : 'fine';
}

const paths: readonly (readonly [text: string, path: string | undefined, parameters?: string[]])[] = [
  ['<a@b.example>', '<a@b.example>', []],
  [' <a@b.example>  SIZE=1 BODY=7BIT ', '<a@b.example>', ['SIZE=1', 'BODY=7BIT']],
  ['<"a > b"@c.example> X', '<"a > b"@c.example>', ['X']],
  ['<"a \\" b"@c.example>', '<"a \\" b"@c.example>', []],
  ['<>', '<>', []],
  ['a@b.example X', 'a@b.example', ['X']],
  ['', undefined],
  ['<a@b.example', undefined],
  ['<a@b.example>X', undefined],
];

for (const [text, path, parameters] of paths)
  test(`arguments ${JSON.stringify(text)}`, () => {
    const split = splitArguments(text);
    assert.deepEqual(split, path === undefined ? split : { value: { path, parameters } });
    assert.equal('refusal' in split, path === undefined);
  });

test('MAIL parameters as they are kept', () => {
  const list = ['size=123', 'body=8bitmime', 'SMTPUTF8', 'REQUIRETLS', 'RET=hdrs', 'ENVID=a+2Bb', 'AUTH=<>'];
  assert.deepEqual(mailParameters(list, all), {
    value: { size: 123, eightBitMime: true, smtpUtf8: true, requireTls: true, ret: 'HDRS', envid: 'a+2Bb' },
  });
  assert.deepEqual(mailParameters([], all), { value: flags });
});

const mail: readonly (readonly [parameter: string, code: number | 'fine', why: string])[] = [
  ['SIZE=0', 'fine', 'no size is a size'],
  ['SIZE=', 501, 'a value is missing'],
  ['SIZE=-1', 501, 'no number'],
  [`SIZE=${'9'.repeat(21)}`, 501, '20 digits at most (RFC 1870)'],
  ['BODY=BINARYMIME', 501, 'needs CHUNKING, which we have not'],
  ['SMTPUTF8=yes', 501, 'takes no value (RFC 6531)'],
  ['ENVID=', 501, 'a value is missing'],
  ['ENVID=a=b', 501, '= is no xchar'],
  ['ENVID=a+2bc', 501, 'hexadecimal is upper case (RFC 3461)'],
  ['ENVID=+0D+0AX', 501, 'stands for a line break'],
  [`ENVID=${'x'.repeat(101)}`, 501, '100 octets at most'],
  ['HOLDFOR=1', 555, 'unknown'],
];

for (const [parameter, code, why] of mail)
  test(`MAIL ${parameter.slice(0, 30)}: ${why}`, () =>
    assert.equal(codeOf(mailParameters([parameter], all)), code));

const rcpt: readonly (readonly [parameter: string, code: number | 'fine', why: string])[] = [
  ['NOTIFY=NEVER', 'fine', ''],
  ['NOTIFY=success,FAILURE,Delay', 'fine', ''],
  ['NOTIFY=NEVER,DELAY', 501, 'NEVER stands alone'],
  ['NOTIFY=DELAY,DELAY', 501, 'once each'],
  ['NOTIFY=', 501, 'a value is missing'],
  ['ORCPT=rfc822;a+2Bb@c.example', 'fine', ''],
  ['ORCPT=utf-8;ä@c.example', 'fine', 'RFC 6533'],
  ['ORCPT=rfc822;ä@c.example', 501, 'not xtext'],
  ['ORCPT=a@c.example', 501, 'no address type'],
  [`ORCPT=rfc822;${'x'.repeat(500)}`, 501, '500 octets at most'],
  ['SIZE=1', 555, 'not of RCPT'],
];

for (const [parameter, code, why] of rcpt)
  test(`RCPT ${parameter.slice(0, 30)}: ${why}`, () =>
    assert.equal(codeOf(rcptParameters([parameter], all)), code));

const xclient: readonly (readonly [line: string, facts: object | undefined])[] = [
  ['ADDR=192.0.2.1 NAME=Host.Example.', { address: '192.0.2.1', name: 'host.example' }],
  ['ADDR=IPV6:2001:DB8::1', { address: '2001:db8::1' }],
  ['ADDR=::ffff:192.0.2.1', { address: '192.0.2.1' }],
  ['NAME=[UNAVAILABLE]', { name: null }],
  ['NAME=[TEMPUNAVAIL] PORT=[UNAVAILABLE]', { nameFailed: true }],
  ['PORT=25 PROTO=SMTP HELO=a+2Bb', { port: 25, esmtp: false, helo: 'a+b' }],
  ['LOGIN=alice', undefined],
  ['ADDR=here', undefined],
  ['NAME=two+20words', undefined],
  ['HELO=a+0Ab', undefined],
  ['PORT=65536', undefined],
  ['ADDR=192.0.2.1 ADDR=192.0.2.2', undefined],
  ['', undefined],
];

for (const [line, facts] of xclient)
  test(`XCLIENT ${line}`, () => assert.deepEqual(readXclient(line.split(' ').filter(Boolean)), facts));
