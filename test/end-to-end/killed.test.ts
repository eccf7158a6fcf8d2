/** Promises 1 to 3 under SIGKILL: whatever got its 250 is in the mailbox, once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startTestGateway, temporaryData, type TestGateway, until } from '../builders/gateway.ts';
import { greeted } from '../listener/client.ts';

const messages = 300;
const connections = 20;
const kills = 3;

class Load {
  readonly accepted: string[] = [];
  #wanted = messages;

  /** One connection at a time, a new one whenever the last was cut. */
  async run(port: number): Promise<void> {
    while (this.#wanted > 0) await this.#session(port).catch(() => pause(50));
  }

  async #session(port: number): Promise<void> {
    const client = await greeted(port);
    try {
      while (this.#wanted > 0) {
        const [sender, recipient] = await client.askAll(
          'MAIL FROM:<you@elsewhere.example>',
          'RCPT TO:<alice@acme.example>',
        );
        if (!sender?.startsWith('250') || !recipient?.startsWith('250')) throw new Error('Not now.');
        const reply = await client.deliver('Subject: load\r\n\r\nHello.\r\n');
        const id = /^250 .* as ([\w-]+)$/.exec(reply)?.[1];
        if (id === undefined) throw new Error('Not now.');
        this.accepted.push(id);
        this.#wanted -= 1;
      }
    } finally {
      client.close();
    }
  }

  async reaches(count: number): Promise<void> {
    while (this.accepted.length < count) await pause(10);
  }
}

test(`${messages} messages from ${connections} connections while everything is killed ${kills} times`, async (t) => {
  const data = temporaryData(t);
  let gateway: TestGateway = await startTestGateway(t, { data });
  const port = gateway.port('smtp');
  const load = new Load();
  const senders = Array.from({ length: connections }, () => load.run(port));
  for (let kill = 1; kill <= kills; kill++) {
    await load.reaches((messages * kill) / (kills + 1));
    await gateway.kill();
    gateway = await startTestGateway(t, { data, env: { SMTP_PORT: String(port) } });
  }
  await Promise.all(senders);
  // A message whose 250 was cut off by a kill lies there too, so the count alone says nothing.
  const ids = await until('all that got 250 are in the mailbox', async () => {
    const rows = await gateway.mail('mail/alice', load.accepted.length);
    const found = new Set(rows.map(({ id }) => id));
    return load.accepted.every((id) => found.has(id)) ? rows.map(({ id }) => id) : undefined;
  });
  assert.equal(new Set(ids).size, ids.length);
});
