import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BadDnsMessage, dnsQuestion, readDnsAnswer } from '../../../mail/relay/dns-message.ts';

test('a question asks for recursion and for the flag', () => {
  const question = dnsQuestion(0x1234, '_25._tcp.mx.example.', 'TLSA');
  assert.equal(question.subarray(0, 12).toString('hex'), '123401200001000000000001');
  assert.equal(
    question.subarray(12).toString('hex'),
    '035f3235045f746370026d78076578616d706c65000034000100002904d0000000000000',
  );
});

for (const name of ['', 'a..b', `${'x'.repeat(64)}.example`, `${'x.'.repeat(130)}example`])
  test(`"${name.slice(0, 20)}" is no name to ask for`, () => {
    assert.throws(() => dnsQuestion(1, name, 'A'), BadDnsMessage);
  });

test('an MX answer with pointers, its flag and its code', () => {
  const question = dnsQuestion(7, 'there.example', 'MX').subarray(12, 12 + 19);
  const record = Buffer.from('c00c000f00010000003c0006000a026d78c00c', 'hex');
  record.writeUInt16BE(7, 10);
  const answer = Buffer.concat([Buffer.from('000781a00001000100000000', 'hex'), question, record]);
  const read = readDnsAnswer(answer);
  assert.deepEqual(
    [read.id, read.name, read.secure, read.truncated, read.code, read.records.map((r) => r.exchange)],
    [7, 'there.example', true, false, 0, ['mx.there.example']],
  );
});

test('a pointer that leads to itself is refused', () => {
  const answer = Buffer.from('000781a00001000000000000c00c00010001', 'hex');
  assert.throws(() => readDnsAnswer(answer), BadDnsMessage);
});

test('no bytes break the reader', () => {
  const header = fc.constant(Buffer.from('000781a00001000300000000', 'hex'));
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.tuple(header, fc.uint8Array({ maxLength: 300 })).map((parts) => Buffer.concat(parts)),
  );
  fc.assert(
    fc.property(bytes, (some) => {
      try {
        readDnsAnswer(Buffer.from(some));
      } catch (error) {
        assert.ok(error instanceof BadDnsMessage);
      }
    }),
  );
});
