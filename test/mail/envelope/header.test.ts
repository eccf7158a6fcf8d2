import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bodyOf, fieldsNamed, headerEnd, splitHeader, valueOf } from '../../../mail/envelope/header.ts';

const message = (...lines: string[]) => Buffer.from(lines.map((text) => `${text}\r\n`).join(''));

test('the header ends with the first empty line, which belongs to it', () => {
  assert.equal(headerEnd(message('A: b', '', 'body', '', 'more')), 8);
  assert.equal(headerEnd(message('', 'body')), 2, 'no header at all');
  assert.equal(headerEnd(message('A: b')), -1, 'the end has not come yet');
  assert.equal(headerEnd(Buffer.from('A: b\r\n\r')), -1, 'half an empty line');
  assert.equal(headerEnd(message('A: b', ' ', '', 'x')), 11, 'a line of blanks is a continuation');
});

test('the end is found wherever the bytes were cut', () => {
  const whole = message('A: b', 'C: d', '', 'body');
  const end = headerEnd(whole);
  for (let cut = 0; cut <= whole.length; cut += 1) {
    const first = headerEnd(whole.subarray(0, cut));
    assert.equal(first === -1 ? headerEnd(whole, cut) : first, end, `cut at ${cut}`);
  }
});

test('fields: folded, repeated, odd and broken ones', () => {
  const block = splitHeader(
    message(
      'From jane Mon',
      'Subject: one',
      ' two',
      '\tthree',
      'subject : four',
      'no field',
      'X:',
      '',
      'S: body',
    ),
  );
  assert.deepEqual(
    block.fields.map(({ name, n }) => `${name}/${n}`),
    ['/1', 'Subject/1', 'subject/2', '/2', 'X/1'],
  );
  assert.equal(valueOf(block, 'SUBJECT'), 'one two\tthree');
  assert.deepEqual(
    fieldsNamed(block, 'Subject').map((field) => bodyOf(block, field)),
    ['one two\tthree', 'four'],
  );
  assert.equal(valueOf(block, 'x'), '');
  assert.equal(valueOf(block, 'absent'), undefined);
});

test('fields tile the block: nothing is lost, on any bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.stringMatching(/^[a: \r\n]{0,60}$/), (noise, text) => {
      for (const bytes of [Buffer.from(noise), Buffer.from(text)]) {
        const end = headerEnd(bytes);
        const block = bytes.subarray(0, end === -1 ? bytes.length : end);
        let at = 0;
        for (const field of splitHeader(block).fields) {
          assert.equal(field.start, at);
          assert.ok(field.end > at);
          at = field.end;
        }
        assert.ok(['', '\n', '\r\n'].includes(block.subarray(at).toString('latin1')));
      }
    }),
  );
});
