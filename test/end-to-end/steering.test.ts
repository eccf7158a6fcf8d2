/** An administrator steers what waits for a host that is away: at once, once, and with a name and a reason. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { postern } from '../cli/command.ts';
import { dnsServer } from '../builders/dns-server.ts';
import { startTestGateway, until } from '../builders/gateway.ts';
import { MailWorld } from '../builders/mail-world.ts';
import { smtpSink } from '../builders/smtp-sink.ts';

const hop = 'away.example';

interface Row {
  readonly id: string;
  readonly state: string;
}

test('a retry reaches a host at once that is back before its hop opens', async (t) => {
  await using elsewhere = await smtpSink({ host: '127.0.0.2' });
  await using dns = await dnsServer({ [hop]: { a: ['127.0.0.9'] } });
  const env = { DNS_SERVERS: dns.address, MX_PORT: String(elsewhere.port) };
  const gateway = await startTestGateway(t, { env });
  const world = new MailWorld(gateway);
  const command = postern(gateway.data, env);
  const run = async (...args: string[]): Promise<{ code: number | null; json: unknown }> => {
    const { code, out } = await command(...args, '--json');
    return { code, json: JSON.parse(out || 'null') };
  };
  const list = async (...more: string[]) => (await run('spool', 'list', ...more)).json as Row[];
  // A quarter of an hour between attempts, as it is by default.
  const rule = { name: 'wait', if: [{ item: 'body', is: 'contains', value: 'hold me' }] };
  await world.inForce({
    form: 'Configuration',
    name: '*',
    routing: { smtpOutsideLocalDomain: true },
    rules: [{ ...rule, then: { action: 'hold' } }],
  });
  const ids = await world.bobWrites([`<anna@${hop}>`], undefined, 3);
  await until('one has paid for the finding, and no other is under way', async () => {
    const rows = await list('--state', 'deferred');
    return rows.length === ids.length ? true : undefined;
  });

  const [first = ''] = ids.map((id) => `${id}.1`);
  await t.test('a verb said twice changes nothing more', async () => {
    const waits = () =>
      until('it waits, in nobody’s hands', async () =>
        (await list('--state', 'deferred')).some(({ id }) => id === first) ? true : undefined,
      );
    await waits();
    for (const verb of ['hold', 'hold', 'release', 'release'])
      assert.equal((await run('spool', verb, first, '--because', 'a test')).code, 0, verb);
    await waits();
    assert.equal((await run('spool', 'hold', first, '--because', 'a test')).code, 0);
    assert.equal((await run('spool', 'retry', first)).code, 1, 'held mail is released first');
    assert.equal((await run('spool', 'release', first)).code, 0);
  });

  await t.test('what waited before routing may be released twice, too', async () => {
    const [id = ''] = await world.bobWrites(['<alice@acme.example>'], 'Hold me.\r\n');
    const held = await until('held', async () =>
      (await list('--state', 'held')).find((row) => row.id === `${id}.0`),
    );
    assert.equal((await run('spool', 'release', held.id)).code, 0);
    await until('routed', async () => ((await list()).some((row) => row.id === held.id) ? undefined : true));
    assert.deepEqual(await run('spool', 'release', held.id), {
      code: 0,
      json: [{ id: held.id, said: 'it is released already', refused: false }],
    });
    for (const verb of ['hold', 'retry', 'delete'])
      assert.equal((await run('spool', verb, held.id)).code, 1, verb);
    assert.equal((await run('spool', 'release', `${id}-r1.0`)).code, 1, 'no such mail');
  });

  await t.test('who it was and why is in the trace', async () => {
    const { json } = await run('trace', ids[0] ?? '');
    const { events } = json as { events: { stage: string; outcome: string; reply?: string }[] };
    const steered = events.filter(({ stage }) => stage === 'steer');
    assert.deepEqual(
      steered.map(({ outcome }) => outcome),
      ['hold', 'release', 'hold', 'release'],
    );
    assert.match(steered[0]?.reply ?? '', /^by \S+@\S+: a test$/);
  });

  await t.test('all that waits for the hop leaves', async () => {
    await using back = await smtpSink({ host: '127.0.0.9', port: elsewhere.port });
    assert.equal((await run('spool', 'retry', '--next-hop', hop)).code, 0);
    await back.received(3);
    await until('nothing is open', async () => ((await list()).length === 0 ? true : undefined));
    assert.equal(back.messages.length, 3);
  });
});
