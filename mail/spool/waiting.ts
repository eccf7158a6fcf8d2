/**
 * What waits before routing (spool.md): held by a rule, not to have been accepted, routing switched off, or stuck.
 * Record `m` with its envelope and one record `d#0000` of transport `route` that says why; the body is kept. Recipients
 * that are too many for one record have several, each of which is released and routed by itself.
 */
import type { Envelope, EnvelopeRecipient } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import type { Plan } from './doors.ts';
import { deliveryPart, hour, later, restOf, wakeOf } from './keys.ts';
import {
  inRecords,
  leavesOutRecipients,
  messageRecord,
  octetsOf,
  withoutRecipients,
} from './message-record.ts';
import type { Delivery, Event, MessageRecord, Recipient } from './records.ts';

export interface Waiting {
  readonly phase: 'unrouted' | 'stuck';
  readonly state: 'pending' | 'held';
  readonly reason: string;
  readonly now: Date;
  readonly timeoutHours: number;
  /** What decided that it waits. */
  readonly because?: Because;
  /** Number of the first record, where these recipients are a part of the message's and have waited before. */
  readonly first?: number;
}

/** The reason of what waits for `smtpRouting` of the Server document, and for no person. */
export const ownWait = 'smtpRouting';
/** A published document is in force within ten seconds: what waits for it is looked at with every sweep. */
export const ownWaitAgain = 10_000;

/** What an administrator's deletion adds to each of a thousand recipients still fits the item. */
const mostInOne = 1000;
const largestOne = 200_000;

export function waitingBeforeRouting(envelope: Envelope, waiting: Waiting): Plan {
  const { phase, first } = waiting;
  const whole = delivery(envelope, envelope.recipients, waiting);
  const message = messageRecord(envelope, phase);
  const isOne = whole.recipients.length <= mostInOne && octetsOf(whole) <= largestOne;
  if (first === undefined && isOne && !leavesOutRecipients(message)) return { message, deliveries: [whole] };
  const parts = inRecords(envelope.recipients, weight).map((some, n): Delivery => {
    const one = delivery(envelope, some, waiting);
    return { ...one, part: deliveryPart(n + (first ?? 0)), unrouted: true };
  });
  return { message: messageRecord(withoutRecipients(envelope), phase), deliveries: parts };
}

/** The message as it was, for those of one such record. */
export function envelopeFor({ envelope }: MessageRecord, recipients: readonly Recipient[]): Envelope {
  return { ...envelope, recipients: recipients.map(asAccepted) };
}

function asAccepted({ original, notify, orcpt }: Recipient): EnvelopeRecipient {
  return {
    address: original,
    ...(notify === undefined ? {} : { notify }),
    ...(orcpt === undefined ? {} : { orcpt }),
  };
}

function weight({ address, notify = '', orcpt = '' }: EnvelopeRecipient): number {
  return 2 * address.length + notify.length + orcpt.length;
}

function delivery(
  envelope: Envelope,
  recipients: readonly EnvelopeRecipient[],
  { state, reason, now, timeoutHours, because, first = 0 }: Waiting,
): Delivery {
  const { id, from, envid, ret, smtpUtf8, eightBitMime, requireTls, bodyKey, size, acceptedAt, edits } =
    envelope;
  return {
    message: id,
    part: deliveryPart(first),
    transport: 'route',
    nextHop: 'local',
    state,
    recipients: recipients.map((one) => asWaiting(one, because)),
    from,
    ...(envid === undefined ? {} : { envid }),
    ...(ret === undefined ? {} : { ret }),
    smtpUtf8,
    eightBitMime,
    requireTls,
    bodyKey,
    size,
    edits,
    acceptedAt,
    attempts: 0,
    claims: 0,
    dueAt: now.toISOString(),
    expireAt: later(now, timeoutHours * hour),
    version: 1,
    reason,
    events: [waitingEvent({ state, reason, now, because })],
    wake: state === 'held' ? restOf(id) : wakeOf(id),
    wakeAt: later(now, state === 'held' ? 0 : ownWaitAgain),
  };
}

/** Why it was accepted stands in the envelope. */
function asWaiting(recipient: EnvelopeRecipient, because: Because | undefined): Recipient {
  const { accepted: _, ...asked } = recipient;
  return { ...asked, original: recipient.address, outcome: 'waiting', ...(because && { because }) };
}

function waitingEvent({ state, reason, now, because }: Omit<Waiting, 'phase' | 'timeoutHours'>): Event {
  const at = now.toISOString();
  return { at, stage: 'route', outcome: state, reply: reason, ...(because && { because }) };
}
