/** What route-mail tells of a plan it wrote: that the message was routed, and whatever of it routing itself settled. */
import type { MailLog } from '../../aws/mail-log.ts';
import type { Plan } from '../../mail/spool/doors.ts';

export type RoutedLog = Pick<MailLog, 'routed' | 'failed' | 'held' | 'dead'>;

export function tellRouted(log: RoutedLog, { message: record, deliveries }: Plan): void {
  const { message, phase } = record;
  if (phase === 'routed') log.routed({ message, deliveries: deliveries.length });
  for (const { state, part, nextHop, recipients, reason = '' } of deliveries) {
    const failed = recipients.filter(({ outcome }) => outcome === 'failed');
    if (failed.length > 0)
      log.failed({ message, part, nextHop, reason: failed[0]?.reply ?? '', recipients: failed.length });
    if (state === 'held') log.held({ message, part, reason });
    if (state === 'dead') log.dead({ message, part, reason });
  }
}
