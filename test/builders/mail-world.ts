/** A test gateway seen by those who use it: Bob, strangers, the administrator, and a crash that leaves records behind. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { marshall } from '@aws-sdk/util-dynamodb';
import { awsSpoolDesk } from '../../aws/spool-desk.ts';
import type { Endpoints } from '../../local/endpoints.ts';
import type { Delivery, State } from '../../mail/spool/records.ts';
import { postern, type Postern } from '../cli/command.ts';
import { type Client, greeted } from '../listener/client.ts';
import { type SharedGateway, until } from './gateway.ts';

const words = 'Hello.\r\n';

export class MailWorld {
  readonly gateway: SharedGateway;
  /** The command, one after another in a process that has it loaded. */
  readonly postern: Postern;
  readonly #desk;

  constructor(gateway: SharedGateway) {
    this.gateway = gateway;
    this.postern = postern(gateway.data);
    const { clients, endpoints } = gateway;
    this.#desk = awsSpoolDesk({ client: clients.dynamodb, table: endpoints.tables.spool });
  }

  /** Bob writes to addresses with their RCPT parameters, `times` times; the messages' ids. */
  async bobWrites(to: readonly string[], body = words, times = 1): Promise<string[]> {
    const client = await greeted(this.gateway.port('submission'));
    assert.match(await logIn(client, 'postern'), /^235 /);
    return written(client, { from: 'bob@acme.example', to, body, times });
  }

  async strangerWrites(to: string, body = words, from = 'you@elsewhere.example'): Promise<string> {
    const client = await greeted(this.gateway.port('smtp'));
    const [id = ''] = await written(client, {
      from,
      to: [`<${to}>`],
      body,
      times: 1,
    });
    return id;
  }

  async cli(...args: string[]): Promise<void> {
    const { code, err } = await this.postern(...args);
    assert.equal(code, 0, err);
  }

  /** Puts a document that changes the settings, and waits until every component goes by it. */
  async inForce(document: Parameters<SharedGateway['put']>[0]): Promise<void> {
    const before = await settingsVersion(this.gateway);
    await this.gateway.put(document);
    await until(
      'the settings are new',
      async () => (await settingsVersion(this.gateway)) !== before || undefined,
    );
    // Nobody says when a component has looked again; it does so every POSTERN_REFRESH (0.2 s).
    await pause(500);
  }

  /** Resolves when all of the messages have a delivery in that state. */
  async deliveries(messages: readonly string[], state: State): Promise<void> {
    await until(`${messages.length} messages are ${state}`, async () => {
      const there = new Set((await this.#desk.list(state)).map(({ message }) => message));
      return messages.every((message) => there.has(message)) || undefined;
    });
  }

  /** The message's delivery, once it is in that state. */
  delivery(message: string, state: State): Promise<Delivery> {
    return until(`${message} is ${state}`, async () =>
      (await this.#desk.list(state)).find((one) => one.message === message),
    );
  }

  /** Resolves when the message's first report is on its way. */
  async reported(message: string): Promise<void> {
    const { clients, endpoints } = this.gateway;
    const Key = marshall({ message, part: 'r#01' });
    await until(`${message} is reported`, async () => {
      const { Item } = await clients.dynamodb.send(
        new GetItemCommand({ TableName: endpoints.tables.spool, Key, ConsistentRead: true }),
      );
      return Item !== undefined && Item['wake'] === undefined ? true : undefined;
    });
  }

  /** Work that comes from nowhere: lost pointers, and poison. */
  async enqueue(queue: keyof Endpoints['queues'], MessageBody: string): Promise<void> {
    const QueueUrl = this.gateway.endpoints.queues[queue];
    await this.gateway.clients.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  }

  /** A record of the spool as a crash, or time gone by, would have left it. */
  async leave(key: { message: string; part: string }, values: Record<string, unknown>): Promise<void> {
    const { clients, endpoints } = this.gateway;
    const entries = Object.entries(values);
    await clients.dynamodb.send(
      new UpdateItemCommand({
        TableName: endpoints.tables.spool,
        Key: marshall({ message: key.message, part: key.part }),
        UpdateExpression: `SET ${entries.map((_, n) => `#n${n} = :v${n}`).join(', ')}`,
        ExpressionAttributeNames: Object.fromEntries(entries.map(([name], n) => [`#n${n}`, name])),
        ExpressionAttributeValues: marshall(
          Object.fromEntries(entries.map(([, value], n) => [`:v${n}`, value])),
        ),
      }),
    );
  }
}

/** Of the settings that are in force; those that say the same have the same. */
export async function settingsVersion({ clients, endpoints }: SharedGateway): Promise<string | undefined> {
  const Key = marshall({ key: 'settings#mail1/acme', sort: '-' });
  const { Item } = await clients.dynamodb.send(
    new GetItemCommand({ TableName: endpoints.tables.views, Key, ConsistentRead: true }),
  );
  return Item?.['version']?.S;
}

/** The reply to AUTH of Bob, under TLS. */
export async function logIn(client: Client, password: string): Promise<string> {
  await client.ask('STARTTLS');
  await client.secure();
  const credentials = Buffer.from(`\0bob@acme.example\0${password}`).toString('base64');
  await client.ask('EHLO client.example');
  return client.ask(`AUTH PLAIN ${credentials}`);
}

interface Writing {
  readonly from: string;
  readonly to: readonly string[];
  readonly body: string;
  readonly times: number;
}

async function written(client: Client, { from, to, body, times }: Writing): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < times; n++) {
    const rcpts = to.map((each) => `RCPT TO:${each}`);
    for (const reply of await client.askAll(`MAIL FROM:<${from}>`, ...rcpts)) assert.match(reply, /^250 /);
    const reply = await client.deliver(`From: <${from}>\r\nSubject: a message\r\n\r\n${body}`);
    const id = /^250 .* as ([\w-]+)$/.exec(reply)?.[1];
    assert.ok(id, reply);
    ids.push(id);
  }
  client.close();
  return ids;
}
