/** Tells of an outbound delivery that was settled: what became of those who waited, as it was written. */
import type { Delivery, Outcome } from '../mail/spool/records.ts';
import type { MailLog } from './mail-log.ts';

export type SettledLog = Pick<MailLog, 'relayed' | 'deferred' | 'failed' | 'held' | 'dead'>;

interface Settlement {
  readonly claimed: Delivery;
  readonly settled: Delivery;
  readonly now: Date;
}

/** By the host's word, by the deadline, or by an administrator's wish. */
export function tellSettled(log: SettledLog, { claimed, settled, now }: Settlement): void {
  const { message, part, nextHop, dueAt } = settled;
  const fresh = settled.recipients.filter((_, n) => claimed.recipients[n]?.outcome === 'waiting');
  const of = (outcome: Outcome) => fresh.filter((recipient) => recipient.outcome === outcome);
  const [relayed, failed] = [of('relayed').length, of('failed').length];
  const reason = (outcome: Outcome): string => of(outcome)[0]?.reply ?? '';
  const milliseconds = now.getTime() - Date.parse(settled.acceptedAt);
  if (relayed > 0) log.relayed({ message, part, nextHop, recipients: relayed, milliseconds });
  if (failed > 0) log.failed({ message, part, nextHop, reason: reason('failed'), recipients: failed });
  if (settled.state === 'deferred')
    log.deferred({ message, part, nextHop, reason: reason('waiting'), dueAt });
  if (settled.state === 'held') log.held({ message, part, reason: settled.reason ?? '' });
  if (settled.state === 'dead') log.dead({ message, part, reason: settled.reason ?? '' });
}
