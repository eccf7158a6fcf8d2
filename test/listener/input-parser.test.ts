import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InputParser } from '../../listener/input-parser.ts';

/** A parser whose commands are answered when the test says so. */
function parser(): { parser: InputParser; lines: string[]; answer: () => void; heard: string[] } {
  const lines: string[] = [];
  const heard: string[] = [];
  let done: (() => void) | undefined;
  const made = new InputParser({
    command(line, answered) {
      lines.push(line.toString());
      done = answered;
    },
    tooLong: (answered) => answered(),
  });
  for (const event of ['drain', 'finish']) made.on(event, () => heard.push(event));
  const answer = (): void => {
    const answered = done;
    done = undefined;
    answered?.();
  };
  return { parser: made, lines, answer, heard };
}

test('a second command waits for the answer to the first, whatever chunks they came in', () => {
  const { parser: input, lines, answer } = parser();
  for (const octet of 'ONE\r\nTWO\r\n') input.write(Buffer.from(octet));
  assert.deepEqual(lines, ['ONE']);
  answer();
  assert.deepEqual(lines, ['ONE', 'TWO']);
});

test('a peer that sends ahead is not read past 16 KB, and is read again when that is worked on', () => {
  const { parser: input, lines, answer, heard } = parser();
  assert.equal(input.write(Buffer.from('ONE\r\n')), true);
  assert.equal(input.write(Buffer.alloc(16 * 1024, 'x')), false);
  assert.deepEqual(heard, []);
  answer();
  assert.deepEqual(heard, ['drain']);
  assert.equal(input.write(Buffer.from('\r\nTWO\r\n')), true, 'the long line is thrown away');
  assert.deepEqual(lines, ['ONE', 'TWO']);
});

test('the end comes after the answer to what was sent before it', () => {
  const { parser: input, answer, heard } = parser();
  input.write(Buffer.from('ONE\r\n'));
  input.end();
  assert.deepEqual(heard, []);
  answer();
  assert.deepEqual(heard, ['finish']);
});

test('a closed parser throws away what it holds: nothing sent ahead of STARTTLS runs after it', () => {
  const { parser: input, lines, answer } = parser();
  input.write(Buffer.from('STARTTLS\r\nMAIL\r\n'));
  input.write(Buffer.from('RCPT\r\n'));
  input.isClosed = true;
  answer();
  input.write(Buffer.from('DATA\r\n'));
  assert.deepEqual(lines, ['STARTTLS']);
});
