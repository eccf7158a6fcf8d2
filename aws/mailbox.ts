/**
 * Mailboxes over table `mailboxes` (partition `mailFile`, sort `id`) and S3. Item `#account` of a mail file counts
 * uids and octets (mailbox-account.ts), exactly. The body is copied by S3 itself to a key of its own, before the row:
 * a crash between leaves an object that the next try writes again.
 */
import {
  GetItemCommand,
  PutItemCommand,
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
import { account, accountsOf, withoutNotes, type Accounts, type Room } from './mailbox-account.ts';
import { storedBodies } from './stored-bodies.ts';
import { conditionally, fromItem, toItem, values, type Item } from './items.ts';

interface Options {
  readonly dynamodb: DynamoDBClient;
  readonly table: string;
  readonly s3: S3Client;
  readonly bucket: string;
}

const mostTries = 200;

export function awsMailbox(options: Options): Mailbox {
  const accounts = accountsOf(options);
  return {
    deposit: (what) => deposit(options, accounts, what),
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

async function deposit(
  options: Options,
  accounts: Accounts,
  what: Deposit,
): Promise<'deposited' | 'over quota'> {
  const { mailFile, id, size } = what.row;
  const room: Room = { mailFile, id, size, limit: what.limit };
  const full = async (): Promise<'deposited' | 'over quota'> =>
    (await rowOf(options, mailFile, id)) === undefined ? 'over quota' : 'deposited';
  if (!(await accounts.hasRoom(room))) return full();
  const bodyKey = objectKey(mailFile, id);
  await copy(options, what.spoolKey, bodyKey);
  const uid = await accounts.take(room);
  if (uid !== undefined) {
    await writeRow(options, accounts, { room, row: { ...what.row, uid, bodyKey } });
    return 'deposited';
  }
  // A worker that was thought dead may have written the row after all: its body stays.
  const outcome = await full();
  if (outcome === 'over quota') await removeObject(options, bodyKey);
  return outcome;
}

/** Written if absent: another try may have been faster, under a uid of its own. */
async function writeRow(
  { dynamodb, table }: Options,
  accounts: Accounts,
  { room, row }: { room: Room; row: MailboxRow },
): Promise<void> {
  const write = new PutItemCommand({
    TableName: table,
    Item: toItem(row),
    ConditionExpression: 'attribute_not_exists(mailFile)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const result = await conditionally(() => dynamodb.send(write));
  const before = result.done || result.old === undefined ? row : fromItem<MailboxRow>(result.old);
  if (before.uid === row.uid) accounts.done(room);
  else await accounts.giveBack(room, row.uid);
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
  const { expression, names } = withoutNotes([id]);
  const giveBack = {
    Update: {
      TableName: table,
      Key: toItem({ mailFile, id: account }),
      UpdateExpression: `ADD octets :less${expression}`,
      ExpressionAttributeNames: names,
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
