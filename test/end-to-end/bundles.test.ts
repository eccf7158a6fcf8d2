/** What is deployed, not what it was made from: bundled functions behind the poller, and the bundled listener in front. */
import assert from 'node:assert/strict';
import { mkdirSync, statSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundleFunctions, bundleListener } from '../../infra/bundle.ts';
import { startTestGateway, temporaryData } from '../builders/gateway.ts';
import { nodeRuns, startListenerProcess } from '../builders/listener-process.ts';
import { logIn } from '../builders/mail-world.ts';
import { smtpSink } from '../builders/smtp-sink.ts';
import { greeted } from '../listener/client.ts';

const program = fileURLToPath(new URL('../builders/bundled-gateway.ts', import.meta.url));
const largest = 1.1 * 1024 * 1024;

test('the bundles carry mail from the first EHLO to the report', async (t) => {
  const folder = temporaryData(t);
  bundleFunctions(folder);
  bundleListener(folder);

  for (const name of readdirSync(folder).filter((each) => !each.endsWith('.mjs')))
    await t.test(`${name} is small enough to start quickly`, () =>
      assert.ok(statSync(join(folder, name, 'index.mjs')).size <= largest),
    );

  await using sink = await smtpSink({ script: { 'RCPT nobody@there.example': '550 5.1.1 Nobody' } });
  const gateway = await startTestGateway(t, { program, env: { BUNDLES: folder } });
  const staging = join(folder, 'staging');
  mkdirSync(staging);
  const listener = await startListenerProcess(t, gateway, nodeRuns(join(folder, 'main.mjs'), staging));

  await t.test('a document is judged by the bundled publisher, in its own words', async () => {
    await assert.rejects(gateway.put({ form: 'Group', name: 'Wrong', members: 7 }), /members.*list/i);
    const routing = { smtpOutsideLocalDomain: true, relayHost: `[127.0.0.1]:${sink.port}` };
    await gateway.put({ form: 'Configuration', name: '*', routing });
  });

  await t.test('mail comes in, goes out and is reported', async () => {
    const client = await greeted(listener.ports.submission);
    assert.match(await logIn(client, 'postern'), /^235 /);
    const to = ['alice@acme.example', 'one@there.example', 'nobody@there.example'];
    await client.askAll('MAIL FROM:<bob@acme.example>', ...to.map((each) => `RCPT TO:<${each}>`));
    assert.match(
      await client.deliver('From: bob@acme.example\r\nSubject: bundled\r\n\r\nHello.\r\n'),
      /^250 /,
    );
    client.close();
    assert.equal((await gateway.mail('mail/alice'))[0]?.subject, 'bundled');
    const [sent] = await sink.received(1);
    assert.equal(sent?.recipients[0]?.address, 'one@there.example');
    const [report] = await gateway.mail('mail/bob');
    assert.match((await gateway.body(report!)).toString(), /550 5\.1\.1 Nobody/);
  });

  await t.test('the listener is well, and ends a session before it goes', async () => {
    assert.equal(await listener.health(), 200);
    const idle = await greeted(listener.ports.smtp);
    const stopped = listener.stop();
    assert.match((await idle.reply()) ?? '', /^421 /);
    assert.equal(await stopped, 0);
  });
});
