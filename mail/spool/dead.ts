/**
 * Dead mail: failed mail from `<>`, a report above all, that nobody can be told of. It rests until a person acts; with
 * `undeliverable.processDeadMail` it is tried again by itself, in rounds: first those who should have had the original and
 * are at home here, then the report. After `undeliverable.deadMailAttempts` rounds, or on day 12, it is dropped.
 */
import type { Configuration } from '../document/forms.ts';
import { hour, later, minute, wakeOf } from './keys.ts';
import type { Delivery, Recipient } from './records.ts';
import { atRest, closed, rested } from './standing.ts';

export interface DeadContext {
  readonly now: Date;
  readonly configuration: Configuration;
}

const longestWait = 4 * hour;
const lastDay = 12 * 24 * hour;
const keptEvents = 20;

/** What has failed and can be told to nobody: dead, waiting for its next round, or dropped. */
export function dying(delivery: Delivery, { now, configuration }: DeadContext): Delivery {
  const { undeliverable, transfer } = configuration;
  const resting = atRest({ ...delivery, state: 'dead' }, 'no sender', now);
  if (!undeliverable.processDeadMail) return resting;
  const { rounds = 0 } = delivery;
  const wait = Math.min(transfer.initialRetryMinutes * minute * (rounds + 1), longestWait);
  const dueAt = later(now, wait);
  if (rounds >= undeliverable.deadMailAttempts || dueAt > lastRoundOf(delivery))
    return dropped(delivery, now, `dropped after ${rounds} rounds`);
  return { ...resting, dueAt, wake: wakeOf(delivery.message), wakeAt: dueAt };
}

function lastRoundOf({ acceptedAt, roundsFrom = acceptedAt }: Delivery): string {
  return later(new Date(roundsFrom), lastDay);
}

/** Its next round has come. */
export function isDueDead({ state, wake, dueAt }: Delivery, now: Date): boolean {
  return state === 'dead' && wake?.startsWith('w#') === true && dueAt <= now.toISOString();
}

/** The end of dead mail: its recipients stay failed, and nobody is told. */
export function dropped(delivery: Delivery, now: Date, outcome: string): Delivery {
  const event = { at: now.toISOString(), stage: 'deliver' as const, outcome };
  const events = [...delivery.events, event].slice(-keptEvents);
  return closed({ ...delivery, state: 'failed', reason: outcome, events }, now);
}

/** One more attempt, and no more: its time is up. `quietly`: the sender of these was told, as far as that was possible. */
export function oneMoreAttempt(delivery: Delivery, now: Date, quietly = false): Delivery {
  const at = now.toISOString();
  const { reason: _, delayAt: __, expiresAt: ___, ...record } = delivery;
  const recipients = record.recipients.map((one) => waitingOnce(one, quietly));
  return rested(
    { ...record, state: 'pending', recipients, attempts: 0, claims: 0, dueAt: at, expireAt: at },
    at,
  );
}

function waitingOnce(recipient: Recipient, quietly: boolean): Recipient {
  if (recipient.outcome !== 'failed') return recipient;
  const { owes: _, failure: __, ...rest } = recipient;
  return { ...rest, outcome: 'waiting', ...(quietly ? { told: true } : {}) };
}

/** Of the original's deliveries: those at home here that failed and were reported, while their body is there. */
export function failedAtHome(deliveries: readonly Delivery[], now: Date): Delivery[] {
  return deliveries.filter(
    ({ transport, state, recipients, acceptedAt }) =>
      isHome(transport) &&
      state === 'failed' &&
      recipients.some(wasReported) &&
      now.toISOString() < later(new Date(acceptedAt), bodiesKept),
  );
}

/** Bodies in the spool expire after 30 days, and rounds take their time. */
const bodiesKept = 28 * 24 * hour;

/** Routed again quietly, they carry NOTIFY=NEVER. */
function wasReported({ outcome, told, notify }: Recipient): boolean {
  return outcome === 'failed' && (told === true || notify === 'NEVER');
}

export function isHome(transport: Delivery['transport']): boolean {
  return transport === 'mailbox' || transport === 'route';
}

export function isUnderWay({ state }: Delivery): boolean {
  return state === 'pending' || state === 'sending' || state === 'deferred';
}

/** The dead delivery looks again after this whether those of the original have it. */
export function lookedAtAgain(delivery: Delivery, { now, configuration }: DeadContext): Delivery {
  const dueAt = later(now, Math.min(minute, configuration.transfer.initialRetryMinutes * minute));
  return { ...delivery, reason: 'recipients', dueAt, wakeAt: dueAt };
}
