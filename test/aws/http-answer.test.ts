/** What counts as an answer: a 200 whose length is told, whatever pieces it comes in. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readAnswer } from '../../aws/http-answer.ts';

const read = (text: string) => readAnswer(Buffer.from(text, 'latin1'));
const counted = (body: string, more = '') =>
  `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
const chunked = (...chunks: string[]) =>
  `HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n` +
  [...chunks, ''].map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');

describe('understood', () => {
  for (const [why, text, body, closes] of [
    ['nothing in it, as S3 answers', counted(''), '', false],
    ['as SQS answers', counted('{"MessageId":"1"}', 'x-amzn-requestid: 2\r\n'), '{"MessageId":"1"}', false],
    ['no reason phrase', 'HTTP/1.1 200\r\ncontent-length:3\r\n\r\nabc', 'abc', false],
    ['the last one of its connection', counted('abc', 'Connection: close\r\n'), 'abc', true],
    ['chunks', chunked('abc', '0123456789abcdef!'), 'abc0123456789abcdef!', false],
    ['no chunks', chunked(), '', false],
    ['a body that looks like an end', counted('\r\n\r\n'), '\r\n\r\n', false],
  ] as const)
    test(why, () => {
      const answer = read(text);
      assert.deepEqual([answer?.body.toString('latin1'), answer?.closes], [body, closes]);
    });

  test('no part of an answer is one, and none is taken for an error', () => {
    const answers = fc.oneof(
      fc.string().map((body) => counted(Buffer.from(body).toString('latin1'))),
      fc
        .array(fc.string({ minLength: 1, maxLength: 40, unit: 'binary-ascii' }))
        .map((all) => chunked(...all)),
    );
    fc.assert(
      fc.property(answers, fc.nat(), (text, at) => {
        assert.equal(read(text.slice(0, at % text.length)), undefined);
        assert.ok(read(text));
      }),
    );
  });
});

describe('refused', () => {
  for (const [why, text] of [
    ['another status', counted('').replace('200', '503')],
    ['a status that begins alike', counted('').replace('200', '2000')],
    ['an informational answer', 'HTTP/1.1 100 Continue\r\n\r\n'],
    ['an older protocol, which closes', counted('').replace('1.1', '1.0')],
    ['another protocol', '220 mail.example.com ESMTP\r\n\r\n'],
    ['no length: it would end with the connection', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a length that is no number', counted('').replace(': 0', ': +0')],
    ['two lengths', counted('', 'Content-Length: 0\r\n')],
    ['a length beside chunks', chunked().replace('\r\n\r\n', '\r\ncontent-length: 5\r\n\r\n')],
    ['more than its length', `${counted('abc')}d`],
    ['more than its chunks', `${chunked('abc')}d`],
    ['compressed chunks', chunked('abc').replace('Chunked', 'gzip, chunked')],
    ['a chunk without a size', chunked('abc').replace('3\r\n', '-\r\n')],
    ['a chunk longer than its size', chunked('abc').replace('3\r\n', '2\r\n')],
    ['trailers', chunked('abc').replace(/\r\n$/, 'x-note: 1\r\n\r\n')],
    ['no end within 256 KiB', `HTTP/1.1 200 OK\r\nx: ${'x'.repeat(256 * 1024)}`],
  ] as const)
    test(why, () => {
      assert.throws(() => read(text), /^Error: (?:The answer|A chunk)/);
    });

  test('without a word of what it said', () => {
    assert.throws(
      () => read('HTTP/1.1 403 secret\r\n\r\nsecret'),
      (error: Error) => !error.message.includes('secret'),
    );
  });
});
