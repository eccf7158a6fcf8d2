/**
 * A spool full of mail that nobody has been told of, so that only the sending is measured: what accepting and routing the
 * rest costs on the same two cores says nothing about the queue. One message is accepted and routed, for a hop that is
 * closed; its records are written again for every other.
 */
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  GetItemCommand,
  PutItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { SendMessageCommand } from '@aws-sdk/client-sqs';
import SMTPConnection from 'nodemailer/lib/smtp-connection';
import { setTimeout as pause } from 'node:timers/promises';
import { fromItem, toItem } from '../aws/items.ts';
import type { Endpoints } from '../local/endpoints.ts';
import type { serviceClients } from '../local/service-clients.ts';
import { hopKeyOf, hopName, later, wakeOf } from '../mail/spool/keys.ts';
import type { Delivery, MessageRecord } from '../mail/spool/records.ts';
import { messageOf } from './message.ts';

const sessions = 8;
const mostPerBatch = 25;
/** The sweep looks at what was written no sooner. */
const unseenFor = 3_600_000;
/** Settings are looked at again each five seconds. */
const inForceAfter = 6_000;
export const sender = 'bob@acme.example';

export type Clients = ReturnType<typeof serviceClients>;

export interface Gateway {
  readonly data: string;
  readonly pid: number;
  readonly port: number;
  readonly endpoints: Endpoints;
}

/** Direct by MX for everybody; what fails is tried again after a quarter of an hour, as it is by default. */
export async function configure(clients: Clients, { tables }: Endpoints): Promise<void> {
  const key = { form: 'Configuration', name: '*' };
  const document = {
    ...key,
    routing: { smtpOutsideLocalDomain: true },
    relayEnforcement: { hosts: 'none' },
  };
  await clients.dynamodb.send(new PutItemCommand({ TableName: tables.directory, Item: toItem(document) }));
  const get = new GetItemCommand({ TableName: tables.directory, Key: toItem(key), ConsistentRead: true });
  for (;;) {
    const { Item } = await clients.dynamodb.send(get);
    if (Item?.['problems'] !== undefined) throw new Error(JSON.stringify(Item['problems']));
    if (Item?.['publishedAt'] !== undefined) break;
    await pause(100);
  }
  await pause(inForceAfter);
}

const stateOf = (domain: string): Record<string, string> => ({
  message: `hop#${hopName('direct', domain)}`,
  part: 'state',
});

interface Records {
  readonly message: MessageRecord;
  readonly delivery: Delivery;
}

/** Spools a message for each recipient; returns when they are on record. */
export async function spoolAll(
  clients: Clients,
  { port, endpoints }: Gateway,
  recipients: readonly string[],
): Promise<void> {
  const domain = domainOf(recipients[0]!);
  const closedUntil = later(new Date(), unseenFor);
  const Item = toItem({ ...stateOf(domain), closedUntil });
  await clients.dynamodb.send(new PutItemCommand({ TableName: endpoints.tables.spool, Item }));
  await submit(port, [`template@${domain}`]);
  const template = await routed(clients, endpoints);
  const records = recipients.flatMap((address, n) => recordsFor(address, n, template));
  for (let at = 0; at < records.length; at += mostPerBatch) {
    const puts = records.slice(at, at + mostPerBatch).map((one) => ({ PutRequest: { Item: toItem(one) } }));
    const RequestItems = { [endpoints.tables.spool]: puts };
    await clients.dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
  }
}

const domainOf = (address: string): string => address.slice(address.indexOf('@') + 1);

async function routed({ dynamodb }: Clients, { tables }: Endpoints): Promise<Records> {
  for (;;) {
    const { Items = [] } = await dynamodb.send(new ScanCommand({ TableName: tables.spool }));
    const items = Items.map((item) => fromItem<MessageRecord | Delivery>(item));
    const message = items.find((one): one is MessageRecord => one.part === 'm');
    const delivery = items.find((one): one is Delivery => one.part === 'd#0001');
    if (message?.phase === 'routed' && delivery !== undefined) return { message, delivery };
    await pause(100);
  }
}

/** The body is the template's. */
function recordsFor(address: string, n: number, template: Records): object[] {
  const message = `${template.message.message.slice(0, -8)}${n.toString(16).padStart(8, '0')}`;
  const nextHop = domainOf(address);
  const { recipients, ...rest } = template.delivery;
  const told = recipients.map((one) => ({ ...one, address, original: address }));
  const delivery = { ...rest, message, nextHop, recipients: told };
  const wakeAt = later(new Date(), unseenFor);
  return [
    { ...template.message, message },
    { ...delivery, wake: wakeOf(message), wakeAt, hopKey: hopKeyOf(delivery) },
  ];
}

/** Every hop is open, and one worker of each is called, as the sweep would. */
export async function openAll(
  clients: Clients,
  { tables, queues }: Endpoints,
  domains: readonly string[],
): Promise<void> {
  for (const domain of domains) {
    const Key = toItem(stateOf(domain));
    await clients.dynamodb.send(new DeleteItemCommand({ TableName: tables.spool, Key }));
  }
  const send = (nextHop: string): Promise<unknown> => {
    const MessageBody = JSON.stringify({ transport: 'direct', nextHop });
    return clients.sqs.send(new SendMessageCommand({ QueueUrl: queues.direct, MessageBody }));
  };
  await Promise.all(domains.map(send));
}

/** A message for each recipient, over a few sessions. */
export async function submit(port: number, recipients: readonly string[]): Promise<void> {
  const left = recipients[Symbol.iterator]();
  const message = messageOf(2048);
  await Promise.all(Array.from({ length: sessions }, () => session(port, left, message)));
}

async function session(port: number, left: Iterator<string>, message: string): Promise<void> {
  const connection = new SMTPConnection({ host: '127.0.0.1', port, ignoreTLS: true });
  await new Promise<void>((resolve, reject) => {
    connection.once('error', reject);
    connection.connect(() => resolve());
  });
  for (let next = left.next(); next.done !== true; next = left.next()) {
    const to = [next.value];
    await new Promise<void>((resolve, reject) =>
      connection.send({ from: sender, to }, message, (error) => (error ? reject(error) : resolve())),
    );
  }
  connection.quit();
}
