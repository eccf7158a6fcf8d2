/**
 * What waits before routing (spool.md): held by a rule, not to have been accepted, routing switched off, or stuck.
 * Record `m` with its envelope and one record `d#0000` of transport `route` that says why; the body is kept.
 */
import type { Envelope } from '../envelope/envelope.ts';
import { hour, later, minute, restOf, routePart, wakeOf } from './keys.ts';
import type { Plan } from './doors.ts';
import type { Delivery, MessageRecord } from './records.ts';

export interface Waiting {
  readonly phase: 'unrouted' | 'stuck';
  readonly state: 'pending' | 'held';
  readonly reason: string;
  readonly now: Date;
  readonly timeoutHours: number;
}

export function waitingBeforeRouting(envelope: Envelope, waiting: Waiting): Plan {
  return { message: record(envelope, waiting.phase), deliveries: [delivery(envelope, waiting)] };
}

function record(envelope: Envelope, phase: MessageRecord['phase']): MessageRecord {
  return {
    message: envelope.id,
    part: 'm',
    phase,
    envelope,
    reports: 0,
    acceptedAt: envelope.acceptedAt,
    version: 1,
  };
}

function delivery(envelope: Envelope, { state, reason, now, timeoutHours }: Waiting): Delivery {
  const { id, from, envid, ret, smtpUtf8, eightBitMime, requireTls, bodyKey, size, acceptedAt, edits } =
    envelope;
  return {
    message: id,
    part: routePart,
    transport: 'route',
    nextHop: 'local',
    state,
    recipients: envelope.recipients.map((r) => ({ ...r, original: r.address, outcome: 'waiting' })),
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
    events: [{ at: now.toISOString(), stage: 'route', outcome: state, reply: reason }],
    wake: state === 'held' ? restOf(id) : wakeOf(id),
    wakeAt: later(now, state === 'held' ? 0 : minute),
  };
}
