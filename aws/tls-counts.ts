/**
 * Counts of TLS towards other domains, of one day of UTC each (`tls#<day>#<0-7>` · `<domain>#<what is counted>`), over the
 * spool's table: every worker adds its own, a report takes all of a domain away. They end by TTL, told or not.
 */
import {
  DeleteItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { createHash } from 'node:crypto';
import { nameOf, type TlsCount } from '../mail/relay/tls-counts.ts';
import { fromItem, toItem, values, type Item } from './items.ts';

export interface TlsCountsOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export interface KeptCounts {
  /** `day`: `YYYY-MM-DD`. */
  add(day: string, counts: readonly TlsCount[]): Promise<void>;
  /** Those of which anything was counted on that day. */
  domains(day: string): Promise<string[]>;
  read(day: string, domain: string): Promise<TlsCount[]>;
  remove(day: string, domain: string): Promise<void>;
}

const shards = 8;
const keptDays = 3;

export function awsTlsCounts(options: TlsCountsOptions): KeptCounts {
  return {
    async add(day, counts) {
      await Promise.all(counts.map((count) => addOne(options, day, count)));
    },
    domains: (day) => domains(options, day),
    async read(day, domain) {
      return (await itemsOf(options, day, domain))
        .map((item) => fromItem<{ count: TlsCount; sessions: number }>(item))
        .map(({ count, sessions }) => ({ ...count, sessions }));
    },
    async remove(day, domain) {
      const found = await itemsOf(options, day, domain);
      await Promise.all(
        found.map(({ message, part }) =>
          options.client.send(
            new DeleteItemCommand({ TableName: options.table, Key: { message: message!, part: part! } }),
          ),
        ),
      );
    },
  };
}

function partition(day: string, shard: number): string {
  return `tls#${day}#${shard}`;
}

function partitionOf(day: string, domain: string): string {
  return partition(day, digest(domain)[0]! % shards);
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

async function addOne({ client, table }: TlsCountsOptions, day: string, count: TlsCount): Promise<void> {
  const { sessions, ...what } = count;
  const { domain } = count;
  const part = `${domain}#${digest(nameOf(what)).toString('hex').slice(0, 24)}`;
  const ttl = Date.parse(`${day}T00:00:00Z`) / 1000 + keptDays * 86_400;
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: toItem({ message: partitionOf(day, domain), part }),
      UpdateExpression: 'SET #count = :what, expiresAt = :ttl ADD sessions :sessions',
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: values({ ':what': what, ':ttl': ttl, ':sessions': sessions }),
    }),
  );
}

async function domains(options: TlsCountsOptions, day: string): Promise<string[]> {
  const found = await Promise.all(
    Array.from({ length: shards }, (_, shard) =>
      query(
        options,
        { KeyConditionExpression: 'message = :m', ProjectionExpression: 'part' },
        {
          ':m': partition(day, shard),
        },
      ),
    ),
  );
  const parts = found.flat().map((item) => fromItem<{ part: string }>(item).part);
  return [...new Set(parts.map((part) => part.slice(0, part.lastIndexOf('#'))))];
}

function itemsOf(options: TlsCountsOptions, day: string, domain: string): Promise<Item[]> {
  const KeyConditionExpression = 'message = :m AND begins_with(part, :domain)';
  return query(
    options,
    { KeyConditionExpression },
    { ':m': partitionOf(day, domain), ':domain': `${domain}#` },
  );
}

async function query(
  { client, table }: TlsCountsOptions,
  what: { KeyConditionExpression: string; ProjectionExpression?: string },
  named: Record<string, string>,
): Promise<Item[]> {
  const found: Item[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName: table,
        ...what,
        ConsistentRead: true,
        ExpressionAttributeValues: values(named),
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    found.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return found;
}
