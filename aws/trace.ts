/**
 * Trace pointers in the spool table: `t#<address or Message-ID>#<day>` → message id, kept 30 days, so that `postern trace`
 * finds a message without a scan. A message that is not to be traced (Configuration, Message Tracking) has none.
 */
import {
  BatchWriteItemCommand,
  QueryCommand,
  ScanCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { hash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { addressKey } from '../mail/address/path.ts';
import { expiryOf } from '../mail/spool/keys.ts';
import type { Delivery, MessageRecord } from '../mail/spool/records.ts';
import { recipientsOf } from '../mail/spool/story.ts';
import { fromItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** The words a message is found by: sender, RCPT addresses, Message-ID. */
function tracedBy({ record, deliveries }: Traced): string[] {
  const { from, header } = record.envelope;
  const words = [from, ...recipientsOf(record, deliveries), header.messageId ?? ''];
  return [...new Set(words.filter(Boolean).map(foldWord))];
}

/** An address by whatever it is spelled: domain, quotes, case. A Message-ID that is none is a text. */
export function foldWord(text: string): string {
  const word = text.trim().replace(/^<(.*)>$/, '$1');
  return addressKey(word) ?? word.toLowerCase();
}

/** DynamoDB takes 2,048 octets; a stranger may write a Message-ID of any length. */
const longestWord = 1_024;

export function tracePartition(text: string, day: string): string {
  const word = foldWord(text);
  return `t#${Buffer.byteLength(word) > longestWord ? hash('sha256', word) : word}#${day}`;
}

export interface Traced {
  readonly record: MessageRecord;
  readonly deliveries: readonly Delivery[];
}

export async function writeTrace({ client, table }: Options, traced: Traced, now: Date): Promise<void> {
  const { record } = traced;
  if (record.tracking?.off !== undefined) return;
  const day = record.acceptedAt.slice(0, 10);
  const puts = tracedBy(traced).map((word) => ({
    PutRequest: {
      Item: toItem({ message: tracePartition(word, day), part: record.message, expiresAt: expiryOf(now) }),
    },
  }));
  for (let at = 0; at < puts.length; at += 25) await writeSome({ client, table }, puts.slice(at, at + 25));
}

/** DynamoDB leaves out what it has no room for just then. */
const mostTries = 5;

type Puts = { PutRequest: { Item: Item } }[];

async function writeSome({ client, table }: Options, puts: Puts): Promise<void> {
  let left = puts;
  for (let tries = 0; tries < mostTries; tries++) {
    const write = new BatchWriteItemCommand({ RequestItems: { [table]: left } });
    const { UnprocessedItems } = await client.send(write);
    left = (UnprocessedItems?.[table] ?? []) as Puts;
    if (left.length === 0) return;
    await pause(50 * 2 ** tries);
  }
  throw new Error(
    `${left.length} trace pointers were not taken; the message is routed and will be announced again.`,
  );
}

/** Ids of messages found by a word on a day (`2026-11-21`). */
export async function readTrace({ client, table }: Options, word: string, day: string): Promise<string[]> {
  const ids: string[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'message = :word',
        ExpressionAttributeValues: values({ ':word': tracePartition(word, day) }),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    ids.push(...(page.Items ?? []).map((item) => fromItem<{ part: string }>(item).part));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return ids;
}

/** Ids of all messages accepted from `start` (ISO) on that may be traced; reads the whole table. */
export async function tracedSince({ client, table }: Options, start: string): Promise<string[]> {
  const ids: string[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: table,
        FilterExpression: 'part = :m AND acceptedAt >= :start AND attribute_not_exists(tracking.#off)',
        ExpressionAttributeNames: { '#off': 'off' },
        ExpressionAttributeValues: values({ ':m': 'm', ':start': start }),
        ProjectionExpression: 'message',
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    ids.push(...(page.Items ?? []).map((item) => fromItem<{ message: string }>(item).message));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return ids;
}
