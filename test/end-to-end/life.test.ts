/** Starting, being refused, dying and starting again. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import test from 'node:test';
import { startProgram, startTestGateway, temporaryData, type TestGateway } from '../builders/gateway.ts';
import { greeted } from '../listener/client.ts';

/** Runs the program to its end, which is expected. */
async function refusal(
  t: test.TestContext,
  env: Record<string, string>,
): Promise<{ code: unknown; said: string }> {
  const { child, said } = startProgram(t, { POSTERN_DATA: temporaryData(t), ...env });
  const [code] = (await once(child, 'close')) as [unknown];
  return { code, said: said().replace('Postern is starting …\n', '') };
}

const oneSentence = /^[^\n]+\.\n$/;

test('a value that cannot be right is one sentence and exit code 1', async (t) => {
  const { code, said } = await refusal(t, { SMTP_PORT: 'smtp' });
  assert.equal(code, 1);
  assert.equal(said, 'SMTP_PORT is "smtp"; it must be a port from 1 to 65535, or 0 for any free one.\n');
});

test('a port in use is one sentence and exit code 1', async (t) => {
  const other = createServer().listen(0, '127.0.0.1');
  t.after(() => other.close());
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const { code, said } = await refusal(t, { SUBMISSION_PORT: String(port) });
  assert.equal(code, 1);
  assert.match(said, oneSentence);
  assert.match(said, new RegExp(`^Port ${port} of 127\\.0\\.0\\.1 is in use .* SUBMISSION_PORT\\.`));
});

test('a data folder that is a file is one sentence and exit code 1', async (t) => {
  const file = join(temporaryData(t), 'file');
  writeFileSync(file, '');
  const { code, said } = await refusal(t, { POSTERN_DATA: file });
  assert.equal(code, 1);
  assert.match(said, oneSentence);
  assert.ok(said.includes(file));
});

test('state that cannot be read is one sentence and exit code 1', async (t) => {
  const data = temporaryData(t);
  writeFileSync(join(data, 'streams.json'), '{');
  const { code, said } = await refusal(t, { POSTERN_DATA: data });
  assert.equal(code, 1);
  assert.match(said, oneSentence);
  assert.match(said, /streams\.json/);
});

async function accepted(gateway: TestGateway, subject: string): Promise<void> {
  const client = await greeted(gateway.port('smtp'));
  await client.askAll('MAIL FROM:<you@elsewhere.example>', 'RCPT TO:<alice@acme.example>');
  assert.match(await client.deliver(`Subject: ${subject}\r\n\r\nHello.\r\n`), /^250 /);
  client.close();
}

test('a second gateway on the same folder is refused, and a killed one is carried on', async (t) => {
  const data = temporaryData(t);
  const first = await startTestGateway(t, { data });
  const judged = readFileSync(join(data, 'log', 'publish-directory.log'), 'utf8');
  assert.match(judged, /"outcome":"published"/);
  assert.doesNotMatch(judged, /"outcome":"invalid"/, 'no document of the sample is called invalid');
  const second = await refusal(t, { POSTERN_DATA: data });
  assert.equal(second.code, 1);
  assert.equal(
    second.said,
    `Another gateway is running on ${data}; stop it, or choose another folder with POSTERN_DATA.\n`,
  );

  await first.put({
    form: 'Group',
    name: 'Both',
    internetAddress: 'both@acme.example',
    members: ['Alice Example/Acme'],
  });
  await accepted(first, 'before');
  await first.kill();
  assert.ok(existsSync(join(data, 'endpoints.json')));

  const next = await startTestGateway(t, { data });
  const [row] = await next.mail('mail/alice');
  assert.equal(row?.subject, 'before');
  const client = await greeted(next.port('smtp'));
  const replies = await client.askAll('MAIL FROM:<you@elsewhere.example>', 'RCPT TO:<both@acme.example>');
  assert.match(replies[1] ?? '', /^250 /);
  client.close();
  assert.equal(await next.stop(), 0);
  assert.ok(!existsSync(join(data, 'endpoints.json')));
});

test('an empty directory stays empty where the sample is off, and nothing is accepted', async (t) => {
  const gateway = await startTestGateway(t, { env: { POSTERN_SAMPLE: 'off' } });
  const { connect } = await import('../listener/client.ts');
  const client = await connect(gateway.port('smtp'));
  assert.match((await client.reply()) ?? '', /^421 /);
  client.close();
});

test('an old Node is refused with its version and what to do', async () => {
  const program = `
    Object.defineProperty(process.versions, 'node', { value: '20.20.2' });
    await import(${JSON.stringify(new URL('../../local/start.mjs', import.meta.url).href)});`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const [code] = (await once(child, 'close')) as [unknown];
  assert.equal(code, 1);
  assert.match(said, /^Postern needs Node 24 and this is Node 20\.20\.2; .*--ignore-scripts.*\n$/);
});
