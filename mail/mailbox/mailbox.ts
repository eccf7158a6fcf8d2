/**
 * The door to mailboxes. A row is keyed by (mail file, gateway id), so that a message deposited twice exists once. Rows
 * carry folder, uid, flags and header edits, so that POP3 and IMAP can stand on them; `size` is what a reader gets.
 */
import type { Readable } from 'node:stream';
import type { HeaderEdit } from '../envelope/header-edits.ts';

export interface MailboxRow {
  readonly mailFile: string;
  /** The gateway's id of the message. */
  readonly id: string;
  /** Rises with every message of the mail file; never given twice. */
  readonly uid: number;
  readonly folder: 'Inbox' | 'Junk';
  readonly flags: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  /** When the gateway accepted it. */
  readonly date: string;
  /** Octets of the message with its edits applied. */
  readonly size: number;
  readonly edits: readonly HeaderEdit[];
  readonly bodyKey: string;
}

export type NewRow = Omit<MailboxRow, 'uid' | 'bodyKey'>;

export interface Deposit {
  readonly row: NewRow;
  /** Where the body lies in the spool. */
  readonly spoolKey: string;
  /** Octets that the mail file may hold; undefined: no limit. */
  readonly limit?: number;
}

export interface Mailbox {
  /** Copies the body and writes the row, once. Throws BodyMissing. */
  deposit(deposit: Deposit): Promise<'deposited' | 'over quota'>;
  /** Oldest first. */
  list(mailFile: string): Promise<MailboxRow[]>;
  /** The message as a reader gets it, edits applied; undefined: no such message. */
  read(mailFile: string, id: string): Promise<Readable | undefined>;
  /** Removes row and body, and gives the space back; false: there was none. */
  remove(mailFile: string, id: string): Promise<boolean>;
}
