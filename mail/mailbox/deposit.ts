/**
 * What a delivery becomes in a mailbox: the row, its folder, the limit that holds (documents.md, `delivery` of the
 * Configuration and `quotaMB` of Person and Mail-In Database), and the words where it does not fit.
 */
import type { Configuration } from '../document/forms.ts';
import { editedSize } from '../envelope/apply-edits.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { RecipientResult } from '../relay/doors.ts';
import type { Delivery } from '../spool/records.ts';
import type { Deposit } from './mailbox.ts';

const megabyte = 1024 * 1024;

export function depositOf(delivery: Delivery, envelope: Envelope, configuration: Configuration): Deposit {
  const { quotaMB = 0 } = delivery;
  const limited = quotaMB > 0 && configuration.delivery.overQuota !== 'deliver';
  return {
    row: {
      mailFile: delivery.mailFile ?? '',
      id: delivery.message,
      folder: folderOf(envelope, configuration),
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

/** Untrusted mail (SPF fail, DMARC fail) goes to Junk where the Configuration says so. */
export function folderOf(envelope: Envelope, { delivery }: Configuration): 'Inbox' | 'Junk' {
  if (envelope.trust === 'untrusted' && delivery.junkUntrusted) return 'Junk';
  if (envelope.trust === 'softfail' && delivery.junkUntrusted && delivery.junkSoftfail) return 'Junk';
  return 'Inbox';
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
