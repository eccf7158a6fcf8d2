import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { allowsMx, readStsPolicy, stsIdOf } from '../../../mail/relay/mta-sts.ts';

const records: readonly [texts: string[][], id: string | undefined, why: string][] = [
  [[['v=STSv1; id=20260101T000000;']], '20260101T000000', 'the usual'],
  [[['v=STSv1;', ' id=a1']], 'a1', 'in pieces'],
  [[['v=STSv1 ; id = a1']], 'a1', 'blanks'],
  [[['something else'], ['v=STSv1; id=a1;']], 'a1', 'beside others'],
  [[['v=STSv1; id=a1;'], ['v=STSv1; id=a2;']], undefined, 'two of them are none'],
  [[['v=STSv1;']], undefined, 'no id'],
  [[['v=STSv1; id=a-1;']], undefined, 'an id of other characters'],
  [[['v=STSv10; id=a1;']], undefined, 'another version'],
  [[], undefined, 'nothing'],
];
for (const [texts, id, why] of records)
  test(`the record ${JSON.stringify(texts)}: ${why}`, () => {
    assert.equal(stsIdOf(texts), id);
  });

const head = 'version: STSv1\r\nmode: enforce\r\n';
const policies: readonly [text: string, outcome: 'ok' | RegExp, why: string][] = [
  [`${head}mx: mx1.there.example\r\nmax_age: 86400\r\n`, 'ok', 'the usual'],
  [`${head}mx: mx1.there.example\nmax_age: 86400\nfuture: yes\n`, 'ok', 'LF, and a key of the future'],
  ['version: STSv1\nmode: none\nmax_age: 86400\n', 'ok', 'none needs no mx'],
  [`${head}max_age: 86400\r\n`, /names no mx/, 'no mx'],
  [`${head}mx: mx1.there.example\r\n`, /max_age/, 'no age'],
  [`${head}mx: mx1.*.example\r\nmax_age: 1\r\n`, /no host name/, 'a star amid a name'],
  ['mode: enforce\nmx: a.example\nmax_age: 1\n', /version/, 'no version'],
  ['version: STSv1\nmode: strict\nmx: a.example\nmax_age: 1\n', /mode/, 'another mode'],
];
for (const [text, outcome, why] of policies)
  test(`a policy: ${why}`, () => {
    const read = readStsPolicy(text);
    if (outcome === 'ok') assert.ok(read.ok, JSON.stringify(read));
    else assert.match(read.ok ? 'ok' : read.problem, outcome);
  });

test('the age has an end, and the first key counts', () => {
  const read = readStsPolicy(`${head}mode: none\nmx: *.There.Example.\nmax_age: 9999999999\n`);
  assert.deepEqual(read, {
    ok: true,
    value: { mode: 'enforce', mx: ['*.there.example'], maxAge: 31_557_600 },
  });
});

test('no text breaks the reader', () => {
  fc.assert(fc.property(fc.string(), (text) => void readStsPolicy(text)));
});

const hosts: readonly [pattern: string, host: string, allowed: boolean, why: string][] = [
  ['mx.there.example', 'MX.there.example.', true, 'case and the last dot aside'],
  ['*.there.example', 'mx.there.example', true, 'one label'],
  ['*.there.example', 'a.mx.there.example', false, 'two labels'],
  ['*.there.example', 'there.example', false, 'no label'],
  ['*.there.example', 'evilthere.example', false, 'no boundary'],
  ['there.example', 'mx.there.example', false, 'a name is no suffix'],
];
for (const [pattern, host, allowed, why] of hosts)
  test(`${pattern} and ${host}: ${why}`, () => {
    assert.equal(allowsMx({ mx: [pattern] }, host), allowed);
  });
