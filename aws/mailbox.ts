/**
 * Mailboxes over table `mailboxes` (partition `mailFile`, sort `id`) and S3. Item `#account` of a mail file counts
 * uids and octets; it and the row change in one transaction, so that quota and uid are exact. The body is copied by
 * S3 itself to a key of its own, before the row: a crash between leaves an object that the next try writes again.
 */
import {
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  TransactWriteItemsCommand,
  type DynamoDBClient,
  type TransactWriteItem,
} from '@aws-sdk/client-dynamodb';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  S3ServiceException,
  type S3Client,
} from '@aws-sdk/client-s3';
import { createHash, randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { editHeader } from '../mail/envelope/apply-edits.ts';
import type { Deposit, Mailbox, MailboxRow } from '../mail/mailbox/mailbox.ts';
import { BodyMissing } from '../mail/spool/doors.ts';
import { storedBodies } from './stored-bodies.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly s3: S3Client;
  readonly bucket: string;
}

interface Account {
  readonly uid: number;
  readonly octets: number;
}

const account = '#account';
const mostTries = 200;

export function awsMailbox(options: Options): Mailbox {
  const lines: Lines = new Map();
  return {
    deposit: (what) => deposit(options, lines, what),
    list: (mailFile) => list(options, mailFile),
    read: (mailFile, id) => read(options, mailFile, id),
    remove: (mailFile, id) => remove(options, mailFile, id),
  };
}

/** `mailboxes/<2 hex of the mail file's hash>/<mail file>/<id>`. */
function objectKey(mailFile: string, id: string): string {
  const hex = createHash('sha256').update(mailFile).digest('hex').slice(0, 2);
  return `mailboxes/${hex}/${encodeURIComponent(mailFile)}/${id}`;
}

async function deposit(options: Options, lines: Lines, what: Deposit): Promise<'deposited' | 'over quota'> {
  const { mailFile, id } = what.row;
  if ((await rowOf(options, mailFile, id)) !== undefined) return 'deposited';
  if (overLimit(await accountOf(options, mailFile), what)) return 'over quota';
  const bodyKey = objectKey(mailFile, id);
  await copy(options, what.spoolKey, bodyKey);
  const outcome = await inLine(lines, mailFile, () => writeRow(options, what, bodyKey));
  if (outcome === 'deposited') return outcome;
  // A worker that was thought dead may have written the row after all: its body stays.
  if ((await rowOf(options, mailFile, id)) !== undefined) return 'deposited';
  await removeObject(options, bodyKey);
  return outcome;
}

/** Deposits of this process by mail file, one behind the other: side by side they would undo each other's counting. */
type Lines = Map<string, Promise<unknown>>;

function inLine<T>(lines: Lines, mailFile: string, work: () => Promise<T>): Promise<T> {
  const mine = (lines.get(mailFile) ?? Promise.resolve()).then(work, work);
  lines.set(mailFile, mine);
  const leave = (): void => {
    if (lines.get(mailFile) === mine) lines.delete(mailFile);
  };
  mine.then(leave, leave);
  return mine;
}

/** Tries until the account it read is the one it writes: deliveries of other processes come between. */
async function writeRow(
  options: Options,
  what: Deposit,
  bodyKey: string,
): Promise<'deposited' | 'over quota'> {
  for (let tries = 0; tries < mostTries; tries++) {
    const before = await accountOf(options, what.row.mailFile);
    if (overLimit(before, what)) return 'over quota';
    const result = await tryRow(options, { what, bodyKey, before });
    if (result === 'written') return 'deposited';
    if (result === 'there') return 'deposited';
    await pause(randomInt(2, 20));
  }
  throw new Error(`The mail file ${what.row.mailFile} is too busy; the delivery is tried again.`);
}

function overLimit(before: Account, { limit, row }: Deposit): boolean {
  return limit !== undefined && before.octets + row.size > limit;
}

type Try = { readonly what: Deposit; readonly bodyKey: string; readonly before: Account };

async function tryRow(
  options: Options,
  { what, bodyKey, before }: Try,
): Promise<'written' | 'there' | 'busy'> {
  const uid = before.uid + 1;
  const row: MailboxRow = { ...what.row, uid, bodyKey };
  const TransactItems = [countItem(options, what, before), rowItem(options, row)];
  try {
    await options.dynamodb.send(new TransactWriteItemsCommand({ TransactItems }));
    return 'written';
  } catch (error) {
    if (!(error instanceof TransactionCanceledException)) throw error;
    const [counted, rowed] = (error.CancellationReasons ?? []).map((reason) => reason.Code);
    if (rowed === 'ConditionalCheckFailed') return 'there';
    if (counted === 'ConditionalCheckFailed' || [counted, rowed].includes('TransactionConflict'))
      return 'busy';
    throw error;
  }
}

/** The account is as it was read. */
function countItem({ table }: Options, { row }: Deposit, before: Account) {
  return {
    Update: {
      TableName: table,
      Key: toItem({ mailFile: row.mailFile, id: account }),
      UpdateExpression: 'SET uid = :next, octets = :octets',
      ConditionExpression: before.uid === 0 ? 'attribute_not_exists(uid)' : 'uid = :seen AND octets = :had',
      ExpressionAttributeValues: values({
        ':next': before.uid + 1,
        ':octets': before.octets + row.size,
        ...(before.uid === 0 ? {} : { ':seen': before.uid, ':had': before.octets }),
      }),
    },
  };
}

function rowItem({ table }: Options, row: MailboxRow) {
  return {
    Put: { TableName: table, Item: toItem(row), ConditionExpression: 'attribute_not_exists(mailFile)' },
  };
}

async function accountOf({ dynamodb, table }: Options, mailFile: string): Promise<Account> {
  const Key = toItem({ mailFile, id: account });
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item === undefined ? { uid: 0, octets: 0 } : fromItem<Account>(Item);
}

async function rowOf(
  { dynamodb, table }: Options,
  mailFile: string,
  id: string,
): Promise<MailboxRow | undefined> {
  const Key = toItem({ mailFile, id });
  const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key, ConsistentRead: true }));
  return Item === undefined ? undefined : fromItem<MailboxRow>(Item);
}

async function copy({ s3, bucket }: Options, from: string, Key: string): Promise<void> {
  try {
    await s3.send(new CopyObjectCommand({ Bucket: bucket, Key, CopySource: `${bucket}/${from}` }));
  } catch (cause) {
    if (cause instanceof S3ServiceException && cause.name === 'NoSuchKey')
      throw new BodyMissing(from, { cause });
    throw cause;
  }
}

async function removeObject({ s3, bucket }: Options, Key: string): Promise<void> {
  await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key }));
}

async function list({ dynamodb, table }: Options, mailFile: string): Promise<MailboxRow[]> {
  const rows: MailboxRow[] = [];
  let from: Item | undefined;
  do {
    const page = await dynamodb.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'mailFile = :file',
        ExpressionAttributeValues: values({ ':file': mailFile }),
        ConsistentRead: true,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    rows.push(...(page.Items ?? []).map((item) => fromItem<MailboxRow>(item)));
    from = page.LastEvaluatedKey;
  } while (from !== undefined);
  return rows.filter(({ id }) => id !== account).sort((a, b) => a.uid - b.uid);
}

async function read(options: Options, mailFile: string, id: string) {
  const row = id === account ? undefined : await rowOf(options, mailFile, id);
  if (row === undefined) return undefined;
  const body = await storedBodies({ client: options.s3, bucket: options.bucket }).open(row.bodyKey);
  return body.pipe(editHeader(row.edits));
}

async function remove(options: Options, mailFile: string, id: string): Promise<boolean> {
  const row = await rowOf(options, mailFile, id);
  if (row === undefined || id === account) return false;
  const { table } = options;
  const giveBack = {
    Update: {
      TableName: table,
      Key: toItem({ mailFile, id: account }),
      UpdateExpression: 'ADD octets :less',
      ExpressionAttributeValues: values({ ':less': -row.size }),
    },
  };
  const drop = {
    Delete: {
      TableName: table,
      Key: toItem({ mailFile, id }),
      ConditionExpression: 'attribute_exists(mailFile)',
    },
  };
  if (!(await writeUndisturbed(options, [giveBack, drop]))) return false;
  await removeObject(options, row.bodyKey);
  return true;
}

/** False: a condition failed. Deliveries to the same mail file only put it off. */
async function writeUndisturbed({ dynamodb }: Options, TransactItems: TransactWriteItem[]): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      const write = new TransactWriteItemsCommand({ TransactItems });
      return (await conditionally(() => dynamodb.send(write))).done;
    } catch (error) {
      if (tries === mostTries || !isConflict(error)) throw error;
    }
    await pause(randomInt(2, 20));
  }
}

function isConflict(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  return (error.CancellationReasons ?? []).some(({ Code }) => Code === 'TransactionConflict');
}
