/**
 * What a delivery becomes in a mailbox: the row, its folder, the limit that holds (documents.md, `delivery` of the
 * Configuration and `quotaMB` of Person and Mail-In Database), and the words where it does not fit.
 */
import type { Directory } from '../directory/directory.ts';
import { mailFileOf } from '../directory/mail-home.ts';
import type { Configuration } from '../document/forms.ts';
import { foldName } from '../document/names.ts';
import { editedSize } from '../envelope/apply-edits.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { RecipientResult } from '../relay/doors.ts';
import type { Delivery } from '../spool/records.ts';
import type { Deposit, MailboxRow } from './mailbox.ts';

const megabyte = 1024 * 1024;

export interface Filing {
  readonly folder: MailboxRow['folder'];
  /** MB that the mail file may hold; 0: no limit. */
  readonly quotaMB: number;
}

/** What was planned is only asked about where it limits. */
export function isLimited({ quotaMB = 0 }: Delivery, { overQuota }: Configuration['delivery']): boolean {
  return quotaMB > 0 && overQuota !== 'deliver';
}

/**
 * What the document allows now: mail may have waited for days since the plan. Where it is gone, or has no such mail
 * file any more, the plan's holds. Throws DirectoryUnavailable.
 */
export async function quotaNow(
  { quotaMB = 0, quotaOf, mailFile }: Delivery,
  directory: Pick<Directory, 'findName'>,
): Promise<number> {
  if (quotaOf === undefined) return quotaMB;
  const { form, name } = quotaOf;
  for (const entry of await directory.findName(name))
    if (entry.form === form && foldName(entry.name) === foldName(name))
      return mailFileOf(entry.document) === mailFile ? entry.document.quotaMB : quotaMB;
  return quotaMB;
}

export function depositOf(delivery: Delivery, envelope: Envelope, filing: Filing): Deposit {
  const { quotaMB } = filing;
  return {
    row: {
      mailFile: delivery.mailFile ?? '',
      id: delivery.message,
      folder: filing.folder,
      flags: [],
      from: delivery.from,
      to: delivery.recipients[0]?.address ?? '',
      subject: envelope.header.subject ?? '',
      date: delivery.acceptedAt,
      size: editedSize(delivery.size, delivery.edits),
      edits: delivery.edits,
    },
    spoolKey: delivery.bodyKey,
    ...(quotaMB > 0 ? { limit: quotaMB * megabyte } : {}),
  };
}

/** One result for every recipient who still waits. */
export function resultsOf(
  delivery: Delivery,
  result: Omit<RecipientResult, 'address' | 'replyBy'>,
): RecipientResult[] {
  return delivery.recipients
    .filter(({ outcome }) => outcome === 'waiting')
    .map(({ address }) => ({ address, replyBy: 'X-Notes', ...result }));
}
