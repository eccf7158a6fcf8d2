/** Promise 5 for what no rule of policy decides: bounds of the listener name their field in the log, too. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, greeted } from './client.ts';
import { gateway, type GatewayOptions } from './gateway.ts';

type Session = (port: number) => Promise<unknown>;
type Told = readonly [stage: string, reason: string, because: string | undefined];

const strangers = { trustedProxies: [] };
const full = { room: { disk: async () => ({ used: 0.95, free: 0 }) } };

const connecting: Session = async (port) => (await connect(port)).rest();
const connectingTwice: Session = async (port) => {
  const first = await greeted(port);
  await connecting(port);
  first.close();
};
const talkingFirst: Session = async (port) => {
  const client = await connect(port);
  client.send('EHLO early.example\r\nQUIT\r\n');
  await client.rest();
};
const saying =
  (...lines: string[]): Session =>
  async (port) => {
    const client = await greeted(port);
    await client.askAll(...lines);
    client.close();
  };
const delivering: Session = async (port) => {
  const client = await greeted(port);
  await client.askAll('MAIL FROM:<>', 'RCPT TO:<postmaster>');
  await client.deliver(`Subject: large\r\n\r\n${'x'.repeat(2000)}\r\n`);
  client.close();
};

const table: readonly (readonly [given: GatewayOptions, session: Session, told: Told])[] = [
  [
    { server: { ...strangers, maximumSessionsPerHost: 1 } },
    connectingTwice,
    ['connect', 'sessions', 'Server Mail1/Acme, maximumSessionsPerHost: 1'],
  ],
  [
    { server: { ...strangers, greetingDelaySeconds: 0.1 } },
    talkingFirst,
    ['connect', 'protocol', 'Server Mail1/Acme, greetingDelaySeconds: 0.1'],
  ],
  [
    { server: { errorLimit: 1 } },
    saying('WHAT'),
    ['session', 'protocol', 'Server Mail1/Acme, errorLimit: 1'],
  ],
  [
    { configuration: { inboundCommands: { startTls: 'required' } } },
    saying('MAIL FROM:<>'),
    ['mail', 'protocol', 'Configuration *, inboundCommands.startTls: required'],
  ],
  [
    { configuration: { routing: { maximumMessageSize: 1 } } },
    delivering,
    ['data', 'size', 'Configuration *, routing.maximumMessageSize: 1'],
  ],
  [{ listener: full }, connecting, ['connect', 'storage', undefined]],
];

test('bounds name their field in the log', async (t) => {
  for (const [given, session, told] of table)
    await t.test(told.join(' '), async () => {
      await using house = await gateway(given);
      await session(house.ports.smtp);
      const refusals = house.events.flatMap(([name, fields]) => (name === 'refused' ? [fields] : []));
      assert.deepEqual(refusals.map(toldBy), [told]);
    });
});

function toldBy({ stage, reason, because }: Record<string, unknown>): unknown {
  const why = because as { document: string; field: string; entry?: string } | undefined;
  return [stage, reason, why && `${why.document}, ${why.field}: ${why.entry}`];
}
