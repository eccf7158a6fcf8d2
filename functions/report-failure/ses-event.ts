/**
 * Events of Amazon SES (configuration set → SNS → `report`): settles who was relayed and has bounced as failed, notes
 * the rest, and reports what is owed. An event may come before the record of what it is about: then it comes again.
 */
import type { MailLog } from '../../aws/mail-log.ts';
import type { SesPointers } from '../../aws/ses-pointers.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import { readSesEvent, type SesEvent } from '../../mail/relay/ses-event.ts';
import { afterSesEvent } from '../../mail/relay/settle-ses.ts';
import type { Clock, Spool } from '../../mail/spool/doors.ts';
import type { Delivery, DeliveryKey } from '../../mail/spool/records.ts';
import { owesAnything } from '../../mail/spool/standing.ts';

export interface SesEventDoors {
  readonly pointers: Pick<SesPointers, 'read'>;
  readonly spool: Pick<Spool, 'deliveries' | 'message'>;
  readonly settings: SettingsSource;
  /** Writes where the version is the one given; false: it is not. */
  readonly put: (next: Delivery, version: number) => Promise<boolean>;
  readonly keepMessage: (id: string) => Promise<void>;
  readonly report: (message: string) => Promise<void>;
  readonly clock: Clock;
  readonly log: Pick<MailLog, 'failed'>;
}

/** Other mail of the account may have events, too; ours has a pointer a moment after it left. */
const patience = 3;
const mostTries = 5;

export async function settleSesEvent(body: unknown, receives: number, doors: SesEventDoors): Promise<void> {
  const event = readSesEvent(body);
  if (event === undefined) return;
  const key = await doors.pointers.read(event.sesId);
  if (key === undefined && receives < patience)
    throw new Error('An event of Amazon SES came before the record of its message; it is looked at again.');
  if (key === undefined) return;
  for (let tries = 0; tries < mostTries; tries++) if (await settledBy(event, key, doors)) return;
  throw new Error(`Delivery ${key.message} ${key.part} changed whenever an event of Amazon SES was settled.`);
}

/** False: the record changed meanwhile. */
async function settledBy(event: SesEvent, key: DeliveryKey, doors: SesEventDoors): Promise<boolean> {
  const delivery = (await doors.spool.deliveries(key.message)).find(({ part }) => part === key.part);
  if (delivery === undefined) return true;
  if (delivery.state === 'sending')
    throw new Error(
      `Delivery ${key.message} ${key.part} is being sent; the event of Amazon SES comes again.`,
    );
  const { configuration } = await doors.settings.current();
  const next = afterSesEvent(delivery, await tellable(event, key, doors), {
    now: doors.clock(),
    configuration,
  });
  if (next === undefined) return true;
  // What rests outlives the spool's bodies (Configuration, Hold undeliverable mail).
  if (next.state === 'held' || next.state === 'dead') await doors.keepMessage(next.message);
  if (!(await doors.put(next, delivery.version))) return false;
  tell(delivery, next, doors);
  if (owesAnything(next)) await doors.report(next.message);
  return true;
}

/** Weeks later the message itself may be gone: there is nothing left to report, and the word is only noted. */
async function tellable(
  event: SesEvent,
  { message }: DeliveryKey,
  { spool }: SesEventDoors,
): Promise<SesEvent> {
  if ((await spool.message(message)) !== undefined) return event;
  return { ...event, recipients: event.recipients.map((one) => ({ ...one, failed: false })) };
}

function tell(before: Delivery, next: Delivery, { log }: SesEventDoors): void {
  const failed = next.recipients.filter(
    ({ outcome }, n) => outcome === 'failed' && before.recipients[n]?.outcome !== 'failed',
  );
  const { message, part, nextHop } = next;
  if (failed.length > 0)
    log.failed({ message, part, nextHop, reason: failed[0]?.reply ?? '', recipients: failed.length });
}
