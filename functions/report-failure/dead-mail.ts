/**
 * A round of dead mail that is tried again by itself (Configuration, `undeliverable.processDeadMail`): the local intended
 * recipients of what it reports, then the report itself. Records only change; the sweep wakes the workers. Any step may be
 * repeated: a crash in between leaves the dead record due again.
 */
import type { Configuration } from '../../mail/document/forms.ts';
import {
  dropped,
  dying,
  failedAtHome,
  isDueDead,
  isHome,
  isUnderWay,
  lookedAtAgain,
  oneMoreAttempt,
} from '../../mail/spool/dead.ts';
import type { Clock, Spool } from '../../mail/spool/doors.ts';
import type { Delivery, MessageRecord } from '../../mail/spool/records.ts';
import { atRest } from '../../mail/spool/standing.ts';

export interface DeadMailDoors {
  readonly spool: Pick<Spool, 'deliveries'>;
  /** Writes where the version is the one given; false: it is not. */
  readonly put: (next: Delivery, version: number) => Promise<boolean>;
  readonly keepMessage: (id: string) => Promise<void>;
  readonly restoreMessage: (id: string) => Promise<void>;
  readonly clock: Clock;
}

export async function tryDeadAgain(
  message: MessageRecord,
  configuration: Configuration,
  doors: DeadMailDoors,
): Promise<void> {
  const deliveries = await doors.spool.deliveries(message.message);
  for (const delivery of deliveries.filter((one) => isDueDead(one, doors.clock()))) {
    const next = await roundOf(delivery, message, configuration, doors);
    if (next.state === 'dead') await doors.keepMessage(next.message);
    // It may have rested for longer than bodies stay in the spool.
    if (next.state === 'pending') await doors.restoreMessage(next.message);
    await doors.put({ ...next, version: delivery.version + 1 }, delivery.version);
  }
}

async function roundOf(
  delivery: Delivery,
  message: MessageRecord,
  configuration: Configuration,
  doors: DeadMailDoors,
): Promise<Delivery> {
  const now = doors.clock();
  const { processDeadMail } = configuration.undeliverable;
  if (!processDeadMail) return atRest(delivery, 'no sender', now);
  const intended = await intendedOf(message, doors);
  const looking = delivery.reason === 'recipients';
  if (looking && intended.some(isUnderWay)) return lookedAtAgain(delivery, { now, configuration });
  const failed = failedAtHome(intended, now);
  const round: Delivery = { ...delivery, rounds: (delivery.rounds ?? 0) + 1 };
  if (!looking && failed.length > 0) {
    for (const one of failed) await again(one, doors);
    return lookedAtAgain(round, { now, configuration });
  }
  if (looking && intended.length > 0 && !intended.some(({ state }) => state === 'failed'))
    return dropped(delivery, now, 'no longer needed: the recipients have the message');
  const report = looking ? delivery : round;
  if (message.envelope.origin !== 'report' && !isHome(delivery.transport))
    return dying(report, { now, configuration });
  return oneMoreAttempt(report, now);
}

/** Deliveries of the message that a report is about; of other mail from `<>` there are none. */
async function intendedOf(
  { message, envelope }: MessageRecord,
  { spool }: DeadMailDoors,
): Promise<Delivery[]> {
  const original = /^(.+)-r\d+$/.exec(message)?.[1];
  if (envelope.origin !== 'report' || original === undefined) return [];
  return spool.deliveries(original);
}

async function again(failed: Delivery, { put, clock }: DeadMailDoors): Promise<void> {
  const next = oneMoreAttempt(failed, clock(), true);
  await put({ ...next, version: failed.version + 1 }, failed.version);
}
