/**
 * Item `#account` of a mail file: the uid given last, the octets of its rows, and what is on its way in. A deposit takes
 * its uid and its octets in one write, which notes the message's id beside them (`in#<id>`); the row comes after. A try
 * that finds its note was cut off between the two: it goes on with the uid that it has, and nothing is counted twice.
 * The note goes with the next deposit of the same process, or when too many have gathered; with the row, at a deletion.
 */
import {
  GetItemCommand,
  PutItemCommand,
  TransactionConflictException,
  UpdateItemCommand,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
}

export const account = '#account';

type Account = Readonly<Record<string, unknown>> & { readonly uid: number; readonly octets: number };

/** What a message asks of its mail file. */
export interface Room {
  readonly mailFile: string;
  readonly id: string;
  readonly size: number;
  readonly limit?: number | undefined;
}

export interface Accounts {
  /** Whether the message goes in as things stand; asked before its body is copied. */
  hasRoom(room: Room): Promise<boolean>;
  /** The uid of the message, its octets counted, by this try or an earlier one; undefined: there is no room. */
  take(room: Room): Promise<number | undefined>;
  /** The row is there with this uid: the note may go when this process writes next. */
  done(room: Room): void;
  /** The row is there with another uid, and counted: what was taken for this one is given back. */
  giveBack(room: Room, uid: number): Promise<void>;
}

const mostTries = 200;
/** Notes in one item before they are looked at: a process that ended leaves one behind. */
const mostNotes = 8;

export function accountsOf(options: Options): Accounts {
  const settled = new Map<string, Set<string>>();
  const settledOf = (mailFile: string): Set<string> => settled.get(mailFile) ?? new Set();
  const note = (mailFile: string, ids: Iterable<string>): void => {
    settled.set(mailFile, new Set([...settledOf(mailFile), ...ids]));
    if (settled.size > mostMailFiles) settled.delete(settled.keys().next().value!);
  };
  return {
    async hasRoom(room) {
      const { limit, size, mailFile } = room;
      return limit === undefined || (await octetsOf(options, mailFile)) + size <= limit;
    },
    async take(room) {
      const { mailFile } = room;
      const gone = [...settledOf(mailFile)];
      const taken = await take(options, room, gone);
      settled.delete(mailFile);
      if (taken === undefined) return undefined;
      const others = notesOf(taken.account).filter((id) => id !== room.id);
      if (others.length > mostNotes) note(mailFile, await withRow(options, mailFile, others));
      return taken.uid;
    },
    done: ({ mailFile, id }) => note(mailFile, [id]),
    giveBack: (room, uid) => giveBack(options, room, uid),
  };
}

/** Notes are remembered for so many mail files; what is forgotten is found when it has gathered. */
const mostMailFiles = 1_000;

const noteOf = (id: string): string => `in#${id}`;

function notesOf(item: Account): string[] {
  return Object.keys(item)
    .filter((name) => name.startsWith('in#'))
    .map((name) => name.slice('in#'.length));
}

/** How to drop notes in an update: one is no error where it is not there. */
export function withoutNotes(ids: readonly string[]): {
  readonly expression: string;
  readonly names: Record<string, string>;
} {
  if (ids.length === 0) return { expression: '', names: {} };
  const names = Object.fromEntries(ids.map((id, n) => [`#gone${n}`, noteOf(id)]));
  return { expression: ` REMOVE ${Object.keys(names).join(', ')}`, names };
}

interface Taken {
  readonly uid: number;
  readonly account: Account;
}

async function take(options: Options, room: Room, gone: readonly string[]): Promise<Taken | undefined> {
  const { mailFile, id, size, limit } = room;
  for (let tries = 0; tries < mostTries; tries++) {
    const result = await undisturbed(() =>
      conditionally(() => options.dynamodb.send(taking(options, room, gone))),
    );
    if (result.done) {
      const after = fromItem<Account>(result.value.Attributes ?? {});
      return { uid: after.uid, account: after };
    }
    if (result.old === undefined) {
      await open(options, mailFile);
      continue;
    }
    const before = fromItem<Account>(result.old);
    const mine = before[noteOf(id)];
    if (typeof mine === 'number') return { uid: mine, account: before };
    if (limit !== undefined && before.octets + size > limit) return undefined;
  }
  throw new Error(`The mail file ${mailFile} is too busy; the delivery is tried again.`);
}

/** The account is there, no earlier try has taken a uid, and there is room. */
function taking({ table }: Options, { mailFile, id, size, limit }: Room, gone: readonly string[]) {
  const dropped = withoutNotes(gone.filter((each) => each !== id));
  const fits = limit === undefined ? '' : ' AND octets <= :room';
  return new UpdateItemCommand({
    TableName: table,
    Key: keyOf(mailFile),
    UpdateExpression: `SET #note = uid + :one, uid = uid + :one, octets = octets + :size${dropped.expression}`,
    ConditionExpression: `attribute_exists(uid) AND attribute_not_exists(#note)${fits}`,
    ExpressionAttributeNames: { '#note': noteOf(id), ...dropped.names },
    ExpressionAttributeValues: values({
      ':one': 1,
      ':size': size,
      ...(limit === undefined ? {} : { ':room': limit - size }),
    }),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
}

async function open({ dynamodb, table }: Options, mailFile: string): Promise<void> {
  const Item = toItem({ mailFile, id: account, uid: 0, octets: 0 });
  const absent = 'attribute_not_exists(mailFile)';
  await conditionally(() =>
    dynamodb.send(new PutItemCommand({ TableName: table, Item, ConditionExpression: absent })),
  );
}

async function giveBack(
  { dynamodb, table }: Options,
  { mailFile, id, size }: Room,
  uid: number,
): Promise<void> {
  const { expression, names } = withoutNotes([id]);
  const back = new UpdateItemCommand({
    TableName: table,
    Key: keyOf(mailFile),
    UpdateExpression: `ADD octets :less${expression}`,
    ConditionExpression: '#gone0 = :uid',
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values({ ':less': -size, ':uid': uid }),
  });
  await undisturbed(() => conditionally(() => dynamodb.send(back)));
}

/** Those of the ids whose row is there. */
async function withRow(
  { dynamodb, table }: Options,
  mailFile: string,
  ids: readonly string[],
): Promise<string[]> {
  const found = await Promise.all(
    ids.map((id) => dynamodb.send(new GetItemCommand({ TableName: table, Key: toItem({ mailFile, id }) }))),
  );
  return ids.filter((_, n) => found[n]?.Item !== undefined);
}

async function octetsOf({ dynamodb, table }: Options, mailFile: string): Promise<number> {
  const read = new GetItemCommand({ TableName: table, Key: keyOf(mailFile), ConsistentRead: true });
  const { Item } = await dynamodb.send(read);
  return Item === undefined ? 0 : fromItem<Account>(Item).octets;
}

function keyOf(mailFile: string): Item {
  return toItem({ mailFile, id: account });
}

/** A deletion's transaction (mailbox.ts) is in the way for milliseconds. */
async function undisturbed<T>(write: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write();
    } catch (error) {
      if (tries === mostTries || !(error instanceof TransactionConflictException)) throw error;
    }
    await pause(randomInt(2, 20));
  }
}
