/** `postern mailbox`: what lies in a mail file. */
import { pipeline } from 'node:stream/promises';
import { buffer } from 'node:stream/consumers';
import { dynamodb, s3 } from '../aws/clients.ts';
import { awsMailbox } from '../aws/mailbox.ts';
import { logSafe } from '../mail/address/address.ts';
import { decodeWords } from '../mail/envelope/encoded-words.ts';
import { canonicalMailFile } from '../mail/mailbox/mail-file.ts';
import type { Mailbox, MailboxRow } from '../mail/mailbox/mailbox.ts';
import { mboxEntry } from '../mail/mailbox/mbox.ts';
import type { Call, Command } from './command.ts';
import { Failure } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { table } from './output.ts';
import { word } from './words.ts';

function mailboxOf({ tables, bucket }: Gateway): Mailbox {
  return awsMailbox({ dynamodb: dynamodb(), table: tables.mailboxes, s3: s3(), bucket });
}

function fileOf(call: Call): string {
  return canonicalMailFile(word(call, 0, 'MAILFILE'));
}

/** `messageId` is the gateway's own id, as in every other command; the subject is for people to read. */
function row({ id, uid, folder, from, to, subject, date, size, flags }: MailboxRow) {
  return { id, uid, folder, messageId: id, from, to, subject: decodeWords(subject), date, size, flags };
}

async function list(call: Call) {
  const rows = (await mailboxOf(call.gateway).list(fileOf(call))).map(row);
  const cells = rows.map((r) => [
    r.id,
    String(r.uid),
    r.folder,
    r.date,
    r.from || '<>',
    logSafe(r.subject),
    String(r.size),
  ]);
  const text = table(['ID', 'UID', 'FOLDER', 'DATE', 'FROM', 'SUBJECT', 'SIZE'], cells);
  return { json: rows, text };
}

async function bytesOf(mailbox: Mailbox, file: string, id: string): Promise<Buffer> {
  const stream = await mailbox.read(file, id);
  if (stream === undefined) throw new Failure(`There is no message ${id} in ${file}.`);
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

async function read(call: Call) {
  const bytes = await bytesOf(mailboxOf(call.gateway), fileOf(call), word(call, 1, 'ID'));
  return { json: { message: bytes.toString('latin1') }, text: bytes };
}

async function remove(call: Call) {
  const [file, id] = [fileOf(call), word(call, 1, 'ID')];
  if (!(await mailboxOf(call.gateway).remove(file, id)))
    throw new Failure(`There is no message ${id} in ${file}.`);
  return { json: { mailFile: file, id, action: 'deleted' }, text: `Deleted ${id} from ${file}.` };
}

async function exportAll(call: Call) {
  const mailbox = mailboxOf(call.gateway);
  const file = fileOf(call);
  const entries = mboxOf(mailbox, await mailbox.list(file));
  if (call.values['json'] !== true) return { json: undefined, text: entries };
  const text = await buffer(entries);
  return { json: { mailFile: file, mbox: text.toString('latin1') }, text };
}

/** Entry after entry, as it streams by; what was deleted meanwhile is left out. */
async function* mboxOf(mailbox: Mailbox, rows: readonly MailboxRow[]): AsyncGenerator<Buffer> {
  for (const one of rows) {
    const stream = await mailbox.read(one.mailFile, one.id);
    if (stream === undefined) continue;
    const entry = mboxEntry(one);
    const copied = pipeline(stream, entry);
    for await (const chunk of entry) yield Buffer.from(chunk as Uint8Array);
    await copied;
  }
}

export const mailboxCommands: Record<string, Command> = {
  'mailbox list': { takes: 'MAILFILE', does: 'messages of a mail file, oldest first', run: list },
  'mailbox read': { takes: 'MAILFILE ID', does: "a message's bytes, nothing added", run: read },
  'mailbox delete': { takes: 'MAILFILE ID', does: 'removes a message and frees its space', run: remove },
  'mailbox export': { takes: 'MAILFILE', does: 'the whole mail file as mbox', run: exportAll },
};
