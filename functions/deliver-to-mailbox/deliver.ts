/** One delivery into one mail file (spool.md, transitions 3 and 4): claim, deposit, settle, tell who must be told. */
import type { MailLog } from '../../aws/mail-log.ts';
import type { Directory } from '../../mail/directory/directory.ts';
import type { Settings, SettingsSource } from '../../mail/directory/settings.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { depositOf, isLimited, quotaNow, resultsOf } from '../../mail/mailbox/deposit.ts';
import { folderOf } from '../../mail/mailbox/folder.ts';
import type { Mailbox } from '../../mail/mailbox/mailbox.ts';
import type { RecipientResult } from '../../mail/relay/doors.ts';
import {
  BodyMissing,
  type Clock,
  type DeliverWork,
  type Spool,
  type WorkQueue,
} from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { settleAttempt, steppedBack } from '../../mail/spool/settle.ts';
import { owesAnything } from '../../mail/spool/standing.ts';

export interface DeliverDoors {
  readonly settings: SettingsSource;
  readonly spool: Spool;
  readonly directory: Pick<Directory, 'findName'>;
  readonly mailbox: Mailbox;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly log: MailLog;
}

/** `leaseUntil`: the invocation's deadline and a minute. A delivery that is not ours to do is done. */
export async function deliver(work: DeliverWork, leaseUntil: string, doors: DeliverDoors): Promise<void> {
  const settings = await doors.settings.current();
  const claimed = await doors.spool.claim(work, leaseUntil);
  if (claimed === undefined) return;
  const next = await outcomeOf(claimed, settings, doors).catch((error: unknown) => {
    doors.log.fault('A delivery broke and is tried again', error, {
      message: claimed.message,
      part: claimed.part,
    });
    return steppedBack(claimed, doors.clock());
  });
  const settled = await doors.spool.settle(claimed, next);
  if (settled === undefined) return;
  tell(claimed, settled, doors);
  if (owesAnything(settled)) await doors.queue.report({ message: settled.message });
}

async function outcomeOf(claimed: Delivery, settings: Settings, doors: DeliverDoors): Promise<Delivery> {
  const envelope = (await doors.spool.message(claimed.message))?.envelope;
  if (envelope === undefined) throw new Error(`Message ${claimed.message} has a delivery but no record m.`);
  const results = await attempt(claimed, envelope, settings, doors);
  const { configuration } = settings;
  const next = settleAttempt(claimed, results, { now: doors.clock(), configuration });
  return next.state === 'deferred' ? { ...next, reason: 'quota' } : next;
}

async function attempt(
  claimed: Delivery,
  envelope: Envelope,
  settings: Settings,
  { mailbox, directory, log }: DeliverDoors,
): Promise<RecipientResult[]> {
  const { name, delivery } = settings.configuration;
  const { overQuota } = delivery;
  const { folder, because } = folderOf(envelope, settings);
  const quotaMB = isLimited(claimed, delivery) ? await quotaNow(claimed, directory) : 0;
  try {
    if ((await mailbox.deposit(depositOf(claimed, envelope, { folder, quotaMB }))) === 'over quota')
      return resultsOf(claimed, {
        outcome: overQuota === 'hold' ? 'waiting' : 'failed',
        failure: 'delivery',
        reply: `Mail file ${claimed.mailFile} is over its quota`,
        because: { document: `Configuration ${name}`, field: 'delivery.overQuota', entry: overQuota },
      });
    const reply = folder === 'Inbox' ? 'Delivered' : `Delivered to ${folder}`;
    return resultsOf(claimed, { outcome: 'delivered', reply, ...(because && { because }) });
  } catch (error) {
    if (!(error instanceof BodyMissing)) throw error;
    log.fault('A body is missing from the spool', error, { message: claimed.message });
    const reply = 'The message was lost in the spool';
    return resultsOf(claimed, { outcome: 'failed', failure: 'delivery', reply });
  }
}

function tell(before: Delivery, next: Delivery, { log, clock }: DeliverDoors): void {
  const { message, part, mailFile = '', nextHop, dueAt, reason = '' } = next;
  const milliseconds = clock().getTime() - Date.parse(before.acceptedAt);
  const recipients = next.recipients.length;
  if (next.state === 'delivered') log.delivered({ message, part, mailFile, recipients, milliseconds });
  else if (next.state === 'deferred') log.deferred({ message, part, nextHop, reason, dueAt });
  else if (next.state === 'held') log.held({ message, part, reason });
  else if (next.state === 'dead') log.dead({ message, part, reason });
  else if (next.state === 'failed') log.failed({ message, part, nextHop, reason: 'delivery', recipients });
}
