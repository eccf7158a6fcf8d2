/** Promises 1 to 3 under SIGKILL: whatever got its 250 is in the mailbox, once. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { startTestGateway, temporaryData, type TestGateway } from '../builders/gateway.ts';
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
  const ids = (await gateway.mail('mail/alice', load.accepted.length)).map(({ id }) => id);
  const missing = load.accepted.filter((id) => !ids.includes(id));
  assert.deepEqual(missing, []);
  assert.equal(new Set(ids).size, ids.length);
});
