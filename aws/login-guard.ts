/**
 * Lock-out counters in the spool table, items `lock#…` (the listener may write no others there):
 * `lock#peer#<peer>`, `lock#pair#<name hash>#<peer>`, `lock#name#<name hash>` count failures in a window;
 * `lock#known#<name hash>#<peer>` says that this peer has logged in with that name. Names are hashed, since people type
 * passwords where names belong. TTL only tidies: readers compare times themselves.
 */
import {
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { foldText } from '../mail/address/address.ts';
import { lockRules, type LoginAttempt, type LoginGuard } from '../mail/directory/login-guard.ts';
import type { Clock } from '../mail/spool/doors.ts';
import { conditionally, fromItem, toItem, values } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
  readonly clock: Clock;
}

interface Counter {
  readonly failures: number;
  /** ISO times of the first and the last failure in the window. */
  readonly since: string;
  readonly last: string;
}

const minute = 60_000;
const day = 1440 * minute;
const part = 'lock';

export function awsLoginGuard(options: Options): LoginGuard {
  return {
    async allows(attempt) {
      const keys = keysOf(attempt);
      const [peer, pair, name] = await Promise.all([
        read<Counter>(options, keys.peer),
        read<Counter>(options, keys.pair),
        read<Counter>(options, keys.name),
      ]);
      if (isLocked(options, peer, lockRules.perPeer) || isLocked(options, pair, lockRules.perPeer))
        return false;
      return !isLocked(options, name, lockRules.perName) || isKnown(options, keys.known);
    },
    async failed(attempt) {
      const { peer, pair, name } = keysOf(attempt);
      await Promise.all([peer, pair, name].map((key) => count(options, key)));
    },
    succeeded: (attempt) => remember(options, keysOf(attempt).known),
  };
}

function keysOf({ name, peer }: LoginAttempt): Record<'peer' | 'pair' | 'name' | 'known', string> {
  const hashed = createHash('sha256').update(foldText(name)).digest('base64url').slice(0, 22);
  const net = networkOf(peer);
  return {
    peer: `lock#peer#${net}`,
    pair: `lock#pair#${hashed}#${net}`,
    name: `lock#name#${hashed}`,
    known: `lock#known#${hashed}#${net}`,
  };
}

/** One customer has an IPv6 /64. */
function networkOf(peer: string): string {
  const address = ipaddr.process(peer);
  if (address.kind() === 'ipv4') return address.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString();
}

function isLocked({ clock }: Options, counter: Counter | undefined, limit: number): boolean {
  if (counter === undefined || counter.failures < limit) return false;
  return Date.parse(counter.last) + lockRules.windowMinutes * minute > clock().getTime();
}

async function isKnown(options: Options, key: string): Promise<boolean> {
  const known = await read<{ at: string }>(options, key);
  return known !== undefined && ageOf(options, known.at) < lockRules.knownDays * day;
}

async function read<T>({ client, table }: Options, message: string): Promise<T | undefined> {
  const Key = toItem({ message, part });
  const { Item } = await client.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item === undefined ? undefined : fromItem<T>(Item);
}

/** Adds to the window that runs, else begins one; two that begin at once: the second adds. */
async function count(options: Options, message: string): Promise<void> {
  if (await addToWindow(options, message)) return;
  if (await beginWindow(options, message)) return;
  await addToWindow(options, message);
}

async function addToWindow({ client, table, clock }: Options, message: string): Promise<boolean> {
  const now = clock();
  const added = await conditionally(() =>
    client.send(
      new UpdateItemCommand({
        TableName: table,
        Key: toItem({ message, part }),
        UpdateExpression: 'SET failures = failures + :one, #last = :now, expiresAt = :expires',
        // A window runs that began less than 15 minutes ago.
        ConditionExpression: 'since > :begin',
        ExpressionAttributeNames: { '#last': 'last' },
        ExpressionAttributeValues: values({
          ':one': 1,
          ':now': now.toISOString(),
          ':begin': windowBegin(now),
          ':expires': expiry(now),
        }),
      }),
    ),
  );
  return added.done;
}

async function beginWindow({ client, table, clock }: Options, message: string): Promise<boolean> {
  const now = clock();
  const since = now.toISOString();
  const begun = await conditionally(() =>
    client.send(
      new PutItemCommand({
        TableName: table,
        Item: toItem({ message, part, failures: 1, since, last: since, expiresAt: expiry(now) }),
        // No window runs.
        ConditionExpression: 'attribute_not_exists(since) OR since <= :begin',
        ExpressionAttributeValues: values({ ':begin': windowBegin(now) }),
      }),
    ),
  );
  return begun.done;
}

/** Written once a day at most: most logins only read. */
async function remember(options: Options, message: string): Promise<void> {
  const { client, table, clock } = options;
  const known = await read<{ at: string }>(options, message);
  if (known !== undefined && ageOf(options, known.at) < day) return;
  const now = clock();
  const expiresAt = Math.floor((now.getTime() + lockRules.knownDays * day) / 1000);
  const Item = toItem({ message, part, at: now.toISOString(), expiresAt });
  await client.send(new PutItemCommand({ TableName: table, Item }));
}

function ageOf({ clock }: Options, at: string): number {
  return clock().getTime() - Date.parse(at);
}

function windowBegin(now: Date): string {
  return new Date(now.getTime() - lockRules.windowMinutes * minute).toISOString();
}

function expiry(now: Date): number {
  return Math.floor((now.getTime() + 2 * lockRules.windowMinutes * minute) / 1000);
}
