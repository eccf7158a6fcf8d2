/** What people read: the start screen, and why a port could not be had. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import test from 'node:test';
import type { Endpoints } from '../../local/endpoints.ts';
import { readOptions } from '../../local/options.ts';
import { portSentence } from '../../local/port-sentence.ts';
import { startScreen } from '../../local/screen.ts';

const endpoints = {
  smtp: '127.0.0.1:2525',
  submission: '127.0.0.1:2587',
  smtps: '127.0.0.1:2465',
  sesInbox: 'http://127.0.0.1:8005/',
} as Endpoints;

test('it says where to send mail and what to try', () => {
  const text = startScreen({ options: readOptions({}), endpoints, sample: true, password: 'postern' });
  for (const part of [
    'swaks --server 127.0.0.1:2525 --from you@elsewhere.example --to alice@acme.example',
    '--auth-user bob@acme.example --auth-password postern',
    'npx postern mailbox list mail/alice',
    'http://127.0.0.1:8005/',
  ])
    assert.ok(text.includes(part), part);
  assert.doesNotMatch(text, /shown this once/);
});

test('commands name the data folder where it is not the usual one', () => {
  const options = readOptions({ POSTERN_DATA: resolve('elsewhere') });
  assert.match(startScreen({ options, endpoints, sample: true }), /POSTERN_DATA=elsewhere npx postern/);
});

test('a listener that others can reach has a random password, shown once', () => {
  const options = readOptions({ HOST: '0.0.0.0' });
  const first = startScreen({ options, endpoints, sample: true, password: 'Xy12' });
  assert.equal(first.split('Xy12').length, 2);
  assert.match(first, /a random one, shown this once/);
  const later = startScreen({ options, endpoints, sample: true });
  assert.match(later, /--auth-password PASSWORD/);
  assert.doesNotMatch(later, /postern \\$/m);
});

test('without the sample it says how to begin', () =>
  assert.match(
    startScreen({ options: readOptions({}), endpoints, sample: false }),
    /postern documents init --server/,
  ));

const ports = { smtp: 25, submission: 587, smtps: 465 };
const sentences: [code: string, port: number, sentence: string][] = [
  [
    'EADDRINUSE',
    587,
    'Port 587 of 127.0.0.1 is in use by another program; stop it, or choose another with SUBMISSION_PORT.',
  ],
  [
    'EACCES',
    25,
    'Port 25 of 127.0.0.1 may not be opened by this user; choose one above 1023 with SMTP_PORT.',
  ],
  ['EADDRNOTAVAIL', 465, 'HOST is "127.0.0.1", which is not an address of this machine.'],
  ['EIO', 465, 'The listener could not start: message.'],
];
for (const [code, port, sentence] of sentences)
  test(`${code} is told as a sentence`, () =>
    assert.equal(
      portSentence({ kind: 'refused', code, port, address: '127.0.0.1', message: 'message' }, ports),
      sentence,
    ));
