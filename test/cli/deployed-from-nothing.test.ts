/** `--stack NAME` from the first documents on: what writes documents, steers the spool and empties mail files. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sampleDocuments } from '../../local/sample.ts';
import { posternOnStack, stack } from '../builders/deployed-stack.ts';
import { dnsServer } from '../builders/dns-server.ts';
import { startTestGateway, until } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

interface Row {
  readonly id: string;
  readonly state: string;
  readonly events?: readonly { readonly stage: string; readonly reply?: string }[];
}

const server = ['--server', 'Mail1/Acme', '--host-name', 'mail1.acme.example', '--domain', 'acme.example'];

test('a deployed stack is set up and steered by the command', async (t) => {
  await using elsewhere = await smtpSink({ host: '127.0.0.2' });
  await using dns = await dnsServer({ 'away.example': { a: ['127.0.0.9'] } });
  const env = { DNS_SERVERS: dns.address, MX_PORT: String(elsewhere.port) };
  const gateway = await startTestGateway(t, { env: { ...env, POSTERN_SAMPLE: 'off' } });
  const world = new MailWorld(gateway);
  const run = posternOnStack(gateway, env);
  const done = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await run(...words, ...stack);
    assert.equal(code, 0, `${words.join(' ')}: ${err}`);
    return out;
  };
  const list = (state: string) => run.json<Row[]>('spool', 'list', '--state', state, ...stack);
  const show = (id: string) => run.json<Row>('spool', 'show', id, ...stack);

  await t.test('documents init writes and publishes a first set, once', async () => {
    assert.match(await done('documents', 'init', ...server), /3 created\.\n\nServer Mail1\/Acme takes mail/);
    const rows = await run.json<Row[]>('documents', 'list', ...stack);
    assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(['published']));
    const again = await run('documents', 'init', ...server, ...stack);
    assert.match(again.err, /There is a Server Mail1\/Acme/);
  });

  await t.test('people set-password: Bob, who had none, can log in', async () => {
    const people = sampleDocuments('Mail1/Acme', '').filter(({ form }) => form === 'Person');
    const file = join(gateway.data, 'people.json');
    writeFileSync(
      file,
      JSON.stringify(people, (key, value: unknown) => (key === 'password' ? undefined : value)),
    );
    await done('documents', 'put', file);
    const { code, err } = await run.fed('postern\n', 'people', 'set-password', 'Bob Example/Acme', ...stack);
    assert.equal(code, 0, err);
    await world.inForce({ form: 'Configuration', name: '*', routing: { smtpOutsideLocalDomain: true } });
    await world.bobWrites(['<alice@acme.example>']);
  });

  await t.test('mailbox delete removes a message', async () => {
    const [row] = await gateway.mail('mail/alice');
    const id = row?.id ?? '';
    assert.match(await done('mailbox', 'delete', 'mail/alice', id), /Deleted/);
    assert.deepEqual(await run.json('mailbox', 'list', 'mail/alice', ...stack), []);
    assert.equal((await run('mailbox', 'delete', 'mail/alice', id, ...stack)).code, 1);
  });

  const messages = await world.bobWrites(['<anna@away.example>'], undefined, 3);
  const [first = '', second = '', third = ''] = messages.map((message) => `${message}.1`);
  await until('one has paid for the finding that the host is away', async () =>
    (await list('deferred')).length > 0 ? true : undefined,
  );

  await t.test('spool hold and release; the log says who and by which key', async () => {
    await done('spool', 'hold', first, second, third, '--because', 'a test');
    assert.deepEqual((await list('held')).map(({ id }) => id).sort(), [first, second, third].sort());
    await done('spool', 'release', first);
    const { state, events = [] } = await show(first);
    assert.ok(['pending', 'sending', 'deferred'].includes(state), state);
    const replies = events.filter(({ stage }) => stage === 'steer').map(({ reply = '' }) => reply);
    assert.match(replies[0] ?? '', /^by \S+@\S+ \(key\): a test$/);
  });

  await t.test('spool delete, with a report and without', async () => {
    await done('spool', 'delete', second);
    await done('spool', 'delete', third, '--report');
    assert.deepEqual([(await show(second)).state, (await show(third)).state], ['deleted', 'failed']);
    const [report] = await gateway.mail('mail/bob');
    assert.match((await gateway.body(report!)).toString(), /Final-Recipient: rfc822;\s*anna@away\.example/i);
    assert.deepEqual(await list('held'), []);
  });

  await t.test('spool retry: it leaves before its time', async () => {
    await until('the released one waits again', async () =>
      (await show(first)).state === 'deferred' ? true : undefined,
    );
    await using back = await smtpSink({ host: '127.0.0.9', port: elsewhere.port });
    await done('spool', 'retry', first);
    await back.received(1);
    await until('it is settled', async () => ((await show(first)).state === 'delivered' ? true : undefined));
    assert.equal((await gateway.mail('mail/bob')).length, 1, 'one was deleted without a report');
  });
});
