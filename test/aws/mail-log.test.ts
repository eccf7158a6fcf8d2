import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailLog } from '../../aws/mail-log.ts';
import { sessionLog } from '../../aws/session-log.ts';
import { toldLines } from '../builders/told-lines.ts';

const accepted = (message: string) => ({
  message,
  session: 's',
  from: '<a@b.example>',
  recipients: 1,
  size: 2,
});
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('the listener writes the lines of one turn at once, in order', async (t) => {
  const told = toldLines(t);
  const log = sessionLog();
  log.connected({ session: 's', peer: '192.0.2.1', port: 'smtp' });
  log.accepted(accepted('one'));
  log.accepted(accepted('two'));
  await turn();
  log.accepted(accepted('three'));
  await turn();
  t.mock.reset();
  assert.equal(told.writes.length, 2);
  const shown = told.lines().map(({ message, messageId }) => [message, messageId]);
  const events = [
    ['Connected', undefined],
    ['Accepted', 'one'],
    ['Accepted', 'two'],
    ['Accepted', 'three'],
  ];
  assert.deepEqual(shown, events);
});

test('a flush writes what is gathered, and each count once', (t) => {
  const told = toldLines(t);
  const log = sessionLog();
  for (const message of ['one', 'two', 'three']) log.accepted(accepted(message));
  log.flush();
  log.flush();
  t.mock.reset();
  const lines = told.lines();
  assert.equal(lines.filter(({ message }) => message === 'Accepted').length, 3);
  assert.deepEqual(
    lines.flatMap(({ Accepted }) => Accepted ?? []),
    [3],
  );
});

test('the function that is deployed twice tells of itself by the name of its deployment', (t) => {
  process.env['POWERTOOLS_SERVICE_NAME'] = 'direct-outbound';
  t.after(() => delete process.env['POWERTOOLS_SERVICE_NAME']);
  const told = toldLines(t);
  const log = mailLog('relay-outbound');
  log.held({ message: 'm', part: 'd#0001', reason: 'fault' });
  log.flush();
  t.mock.reset();
  const [line, metrics] = told.lines();
  assert.deepEqual([line?.['service'], metrics?.['service']], ['direct-outbound', 'direct-outbound']);
});
