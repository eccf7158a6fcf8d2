/**
 * A message's whole story from its records, for `postern trace`: accepted, routed, what became of each recipient, and
 * reports, with what decided. Records keep only their newest events; of everybody else the recipient itself tells.
 */
import type { EnvelopeRecipient } from '../envelope/envelope.ts';
import type { Delivery, Event, MessageRecord, Recipient, ReportRecord } from './records.ts';

export interface Story {
  readonly messageId: string;
  readonly from: string;
  readonly recipients: readonly string[];
  /** Only with `tracking.subjects`. */
  readonly subject?: string;
  readonly events: readonly Event[];
}

export interface StoryRecords {
  readonly message: MessageRecord;
  readonly deliveries: readonly Delivery[];
  readonly reports: readonly ReportRecord[];
  /** Those of the session, where record `m` leaves them out. */
  readonly recipients?: readonly EnvelopeRecipient[];
}

export function storyOf({ message, deliveries, reports, recipients }: StoryRecords): Story {
  const { envelope, tracking } = message;
  const accepted = acceptedEvents(message, recipients ?? envelope.recipients);
  const events = [...accepted, ...deliveries.flatMap(eventsOf)];
  const reported = reports.map((report) => reportedEvent(report, envelope.from));
  return {
    messageId: message.message,
    from: envelope.from,
    recipients: recipientsOf(message, deliveries),
    ...(tracking?.subject === undefined ? {} : { subject: tracking.subject }),
    events: [...events, ...reported].sort((a, b) => a.at.localeCompare(b.at)),
  };
}

/** A very large envelope leaves them to the deliveries. */
export function recipientsOf({ envelope }: MessageRecord, deliveries: readonly Delivery[]): string[] {
  if (envelope.recipients.length > 0) return envelope.recipients.map(({ address }) => address);
  const originals = deliveries.flatMap(({ recipients }) => recipients.map(({ original }) => original));
  return [...new Set(originals)];
}

/** One for each RCPT TO; where those are known no more, one for all. */
function acceptedEvents(
  { acceptedAt: at, envelope }: MessageRecord,
  recipients: readonly EnvelopeRecipient[],
): Event[] {
  const event = (because = envelope.accepted): Event => ({
    at,
    stage: 'accept',
    outcome: 'accepted',
    ...(because && { because }),
  });
  if (recipients.length === 0) return [event()];
  return recipients.map(({ address: recipient, accepted }) => ({ ...event(accepted), recipient }));
}

function reportedEvent({ date: at, kind, reportId }: ReportRecord, recipient: string): Event {
  return { at, stage: 'report', outcome: `${kind}, as message ${reportId}`, recipient };
}

function eventsOf(delivery: Delivery): Event[] {
  const { events, recipients } = delivery;
  const told = new Set(events.map((event) => `${stepOf(event.stage)} ${event.recipient ?? ''}`));
  const routed = recipients.filter(({ address }) => !told.has(`route ${address}`));
  const ended = recipients.filter(
    ({ address, outcome }) => outcome !== 'waiting' && !told.has(`end ${address}`),
  );
  return [
    ...routed.map((one) => routedEvent(one, delivery)),
    ...events,
    ...ended
      .filter(({ outcome }) => !isSettledByRouting(outcome, delivery))
      .map((one) => endEvent(one, delivery)),
  ];
}

function stepOf(stage: Event['stage']): 'route' | 'end' {
  return stage === 'route' ? 'route' : 'end';
}

function isSettledByRouting(outcome: Recipient['outcome'], { transport }: Delivery): boolean {
  return transport === 'route' && outcome !== 'waiting';
}

function routedEvent({ address, outcome, because }: Recipient, delivery: Delivery): Event {
  const to = delivery.mailFile ?? delivery.nextHop;
  return {
    at: delivery.acceptedAt,
    stage: 'route',
    outcome: delivery.transport === 'route' ? outcome : `to ${to}`,
    recipient: address,
    ...(because && { because }),
  };
}

function endEvent(
  { address, outcome, because: routed, ended: because = routed, reply, at }: Recipient,
  delivery: Delivery,
): Event {
  return {
    at: at ?? delivery.acceptedAt,
    stage: delivery.transport === 'mailbox' ? 'deliver' : 'relay',
    outcome,
    recipient: address,
    ...(because && { because }),
    ...(reply === undefined ? {} : { reply }),
  };
}
