/**
 * What a delivery becomes in a mailbox: the row, its folder, the limit that holds (documents.md, `delivery` of the
 * Configuration and `quotaMB` of Person and Mail-In Database), and the words where it does not fit.
 */
import type { Configuration } from '../document/forms.ts';
import { editedSize } from '../envelope/apply-edits.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { RecipientResult } from '../relay/doors.ts';
import type { Delivery } from '../spool/records.ts';
import type { Deposit, MailboxRow } from './mailbox.ts';

const megabyte = 1024 * 1024;

export interface Filing {
  readonly folder: MailboxRow['folder'];
  readonly overQuota: Configuration['delivery']['overQuota'];
}

export function depositOf(delivery: Delivery, envelope: Envelope, filing: Filing): Deposit {
  const { quotaMB = 0 } = delivery;
  const limited = quotaMB > 0 && filing.overQuota !== 'deliver';
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
    ...(limited ? { limit: quotaMB * megabyte } : {}),
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
