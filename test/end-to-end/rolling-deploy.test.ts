/**
 * A deployment under load: behind a load balancer one of two listeners is replaced, as ECS does it: the new one joins when
 * it is healthy, the old one is deregistered, later told to stop. No client is turned away, and no mail is lost.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Balancer } from '../builders/balancer.ts';
import { startTestGateway, type TestGateway, until } from '../builders/gateway.ts';
import { type ListenerProcess, nodeRuns, startListenerProcess } from '../builders/listener-process.ts';
import { type Client, connect } from '../listener/client.ts';

const main = fileURLToPath(new URL('../../listener/main.ts', import.meta.url));
const clients = 8;

/** Half of the clients send one message per connection, half keep theirs until the server ends it. */
class Load {
  readonly accepted: string[] = [];
  /** What no client should see: refusals, and connections that end in the middle. */
  readonly errors: string[] = [];
  /** Sessions that came to their end, by client. */
  readonly #ended = new Map<number, number>();
  readonly #port: number;
  #going = true;

  constructor(port: number) {
    this.#port = port;
  }

  run(): Promise<void>[] {
    return Array.from({ length: clients }, (_, n) => this.#send(n, n % 2 === 0));
  }

  stop(): void {
    this.#going = false;
  }

  async more(count: number): Promise<void> {
    const wanted = this.accepted.length + count;
    await until(`${wanted} messages are accepted`, () => this.accepted.length >= wanted || undefined);
  }

  /** Whoever sends one message per connection has begun a new one since. */
  async shortSessionsEnd(): Promise<void> {
    const before = new Map(this.#ended);
    const short = Array.from({ length: clients }, (_, n) => n).filter((n) => n % 2 === 1);
    const twiceMore = (n: number) => (this.#ended.get(n) ?? 0) >= (before.get(n) ?? 0) + 2;
    await until('short sessions have ended', () => short.every(twiceMore) || undefined);
  }

  async #send(n: number, keeps: boolean): Promise<void> {
    while (this.#going) {
      await this.#session(keeps).catch((error: Error) => this.errors.push(error.message));
      this.#ended.set(n, (this.#ended.get(n) ?? 0) + 1);
    }
  }

  async #session(keeps: boolean): Promise<void> {
    const client = await connect(this.#port);
    try {
      expected(await client.reply(), '220');
      expected(await client.ask('EHLO client.example'), '250');
      const most = keeps ? Number.POSITIVE_INFINITY : 1;
      for (let n = 0; n < most && this.#going; n++) if (!(await this.#message(client, n > 0))) return;
      await client.ask('QUIT');
    } finally {
      client.close();
    }
  }

  /** False: the server said goodbye to a kept connection, as it may before a body (RFC 5321 section 3.8). */
  async #message(client: Client, mayEnd: boolean): Promise<boolean> {
    const dialogue = [
      ['MAIL FROM:<you@elsewhere.example>', '250'],
      ['RCPT TO:<alice@acme.example>', '250'],
      ['DATA', '354'],
    ] as const;
    for (const [command, code] of dialogue) {
      const reply = await client.ask(command);
      if (mayEnd && (reply.startsWith('421') || reply === 'closed')) return false;
      expected(reply, code);
    }
    client.send('Subject: load\r\n\r\nHello.\r\n');
    const reply = await client.ask('.');
    const id = /^250 .* as ([\w-]+)$/.exec(reply)?.[1];
    if (id === undefined) throw new Error(`A body was sent whole, and ${reply} came.`);
    this.accepted.push(id);
    return true;
  }
}

function expected(reply: string | undefined, code: string): void {
  if (reply?.startsWith(code) !== true) throw new Error(`${code} was expected, and ${reply} came.`);
}

async function listener(t: TestContext, gateway: TestGateway, name: string): Promise<ListenerProcess> {
  const staging = join(gateway.data, name);
  mkdirSync(staging);
  return startListenerProcess(t, gateway, nodeRuns(main, staging));
}

test('one of two listeners is replaced under load: nobody is turned away, nothing is lost', async (t) => {
  const gateway = await startTestGateway(t);
  const [old, other] = await Promise.all([listener(t, gateway, 'old'), listener(t, gateway, 'other')]);
  await using balancer = new Balancer();
  const load = new Load(await balancer.listen());
  for (const one of [old, other]) balancer.register(one.ports.smtp);
  const sending = load.run();
  await load.more(40);

  const next = await listener(t, gateway, 'next');
  assert.equal(await next.health(), 200);
  balancer.register(next.ports.smtp);
  balancer.deregister(old.ports.smtp);
  // ECS tells a task to stop when the deregistration delay is over.
  await load.shortSessionsEnd();
  const stopped = old.stop();
  await balancer.drained(old.ports.smtp);
  assert.equal(await stopped, 0);
  await load.more(40);
  load.stop();
  await Promise.all(sending);

  assert.deepEqual([...load.errors, ...balancer.failures], []);
  // In steps: each has its own patience, so that a slow machine is not taken for lost mail.
  for (let n = 5; n < load.accepted.length; n += 5) await gateway.mail('mail/alice', n);
  const rows = await gateway.mail('mail/alice', load.accepted.length);
  assert.deepEqual(rows.map(({ id }) => id).sort(), load.accepted.sort());
});
