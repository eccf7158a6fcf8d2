import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DotStuffer } from '../../../mail/relay/dot-stuffing.ts';

const cases: readonly [body: string, wire: string, why: string][] = [
  ['a\r\n', 'a\r\n.\r\n', 'the usual'],
  ['', '.\r\n', 'an empty body'],
  ['a', 'a\r\n.\r\n', 'no last line end'],
  ['.\r\n', '..\r\n.\r\n', 'a dot alone'],
  ['.a\r\n..\r\n', '..a\r\n...\r\n.\r\n', 'dots at the beginning of lines'],
  ['a.b\r\n', 'a.b\r\n.\r\n', 'dots elsewhere'],
  ['a\n.\nb\n', 'a\r\n..\r\nb\r\n.\r\n', 'bare LF'],
  ['a\r.\rb\r', 'a\r\n..\r\nb\r\n.\r\n', 'bare CR'],
  ['a\r\r\n', 'a\r\n\r\n.\r\n', 'CR CR LF'],
  ['\n\n', '\r\n\r\n.\r\n', 'LF LF'],
  ['\r', '\r\n.\r\n', 'CR alone'],
];

for (const [body, wire, why] of cases)
  test(`stuffing ${JSON.stringify(body)}: ${why}`, () => {
    assert.equal(stuff([Buffer.from(body)]), wire);
  });

const bytes = fc
  .array(fc.constantFrom('\r', '\n', '\r\n', '.', 'a', '\u00e9'), { maxLength: 40 })
  .map((p) => p.join(''));

test('the wire is the same however the body is cut', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.nat(50)), (body, cuts) => {
      const whole = Buffer.from(body);
      const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).sort((a, b) => a - b), whole.length];
      assert.equal(stuff(at.slice(1).map((end, n) => whole.subarray(at[n], end))), stuff([whole]));
    }),
  );
});

test('nothing but CRLF ends a line, and the data ends only at its end', () => {
  fc.assert(
    fc.property(bytes, (body) => {
      const wire = stuff([Buffer.from(body)]);
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n/);
      assert.equal(`\r\n${wire}`.indexOf('\r\n.\r\n'), wire.length - 3);
    }),
  );
});

test('a receiver finds the body again', () => {
  const lines = fc.array(fc.constantFrom('.', '..', 'a', '.a', ''), { maxLength: 20 });
  fc.assert(
    fc.property(lines, (parts) => {
      const body = parts.map((part) => `${part}\r\n`).join('');
      const wire = stuff([Buffer.from(body)]);
      assert.equal(wire.slice(0, -3).replaceAll(/^\./gm, ''), body);
    }),
  );
});

function stuff(chunks: readonly Buffer[]): string {
  const stuffer = new DotStuffer();
  const parts = chunks.map((chunk) => stuffer.stuff(chunk).toString('latin1'));
  return Buffer.from(parts.join('') + stuffer.end(), 'latin1').toString();
}
