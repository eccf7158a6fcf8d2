import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { mailLog } from '../../aws/mail-log.ts';

interface Line {
  readonly message?: string;
  readonly messageId?: string;
  readonly Accepted?: number | number[];
}

/** Lines that reach standard output, one entry a write; the test runner's own octets go their way. */
function writes(t: TestContext): string[] {
  const said: string[] = [];
  const write = process.stdout.write.bind(process.stdout);
  t.mock.method(process.stdout, 'write', (text: string | Uint8Array) =>
    typeof text === 'string' && text.startsWith('{') ? said.push(text) > 0 : write(text),
  );
  return said;
}

function linesOf(text: string | undefined): Line[] {
  return (text ?? '')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
}

const accepted = (message: string) => ({
  message,
  session: 's',
  from: '<a@b.example>',
  recipients: 1,
  size: 2,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the listener writes the lines of one turn at once, in order', async (t) => {
  const said = writes(t);
  const log = mailLog('listener');
  log.connected({ session: 's', peer: '192.0.2.1', port: 'smtp' });
  log.accepted(accepted('one'));
  log.accepted(accepted('two'));
  await turn();
  log.accepted(accepted('three'));
  await turn();
  t.mock.reset();
  assert.equal(said.length, 2);
  const shown = said.flatMap(linesOf).map(({ message, messageId }) => [message, messageId]);
  const events = [
    ['Connected', undefined],
    ['Accepted', 'one'],
    ['Accepted', 'two'],
    ['Accepted', 'three'],
  ];
  assert.deepEqual(shown, events);
});

test('a flush writes what is gathered, and each count once', (t) => {
  const said = writes(t);
  const printed: string[] = [];
  t.mock.method(console, 'log', (text: string) => void printed.push(text));
  const log = mailLog('listener');
  for (const message of ['one', 'two', 'three']) log.accepted(accepted(message));
  log.flush();
  log.flush();
  t.mock.reset();
  const all = [...said, ...printed].flatMap(linesOf);
  assert.equal(all.filter(({ message }) => message === 'Accepted').length, 3);
  assert.deepEqual(
    all.flatMap(({ Accepted }) => Accepted ?? []),
    [3],
  );
});
