/**
 * What routing itself held or let fail, released by a person: routed once more for those who wait (spool.md, transition
 * 8); and, of a message with very many recipients that waited before routing, each record of them by itself. The new
 * deliveries are decided once and stand in S3 before the released record names them; then each is written if absent, and
 * the record gives up those it waited for. A crash at any step is carried on from there.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { routeMessage, routeReleased } from '../../mail/router/route-message.ts';
import type { Plan } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { Delivery, MessageRecord } from '../../mail/spool/records.ts';
import { closed, endState, rested, rests, unleased } from '../../mail/spool/standing.ts';
import { routedAgain } from '../../mail/spool/steer.ts';
import { envelopeFor, ownWait } from '../../mail/spool/waiting.ts';
import { contextOf, type RouteDoors } from './doors.ts';

interface Released {
  readonly record: MessageRecord;
  readonly delivery: Delivery;
  /** All of the message. */
  readonly deliveries: readonly Delivery[];
}

/** The deliveries that take its place; none where routing is off, or somebody else is at it. */
export async function reroute(released: Released, doors: RouteDoors): Promise<readonly Delivery[]> {
  const { delivery } = released;
  const { server } = await doors.settings.current();
  if (!server.smtpRouting) return [];
  if (delivery.again === undefined && !(await decide(released, doors))) return [];
  const claimed = await claim(delivery, doors);
  if (claimed?.again === undefined) return [];
  const plan = (await doors.objects.getJson(claimed.again)) as Plan;
  await doors.spool.follow(plan);
  await doors.spool.settle(claimed, replaced(claimed, doors.clock()));
  return plan.deliveries;
}

/** Routes before it claims: what cannot be looked up now leaves the record as it was. */
async function decide(released: Released, doors: RouteDoors): Promise<boolean> {
  const { record, delivery } = released;
  const plan = await planOf(released, doors);
  if (plan.deliveries.some(rests)) await doors.keepMessage(record.message);
  const again = `plans/${record.message}/${randomUUID()}`;
  await doors.objects.putJson(again, { ...plan, again: true } satisfies Plan);
  const claimed = await claim(delivery, doors);
  if (claimed === undefined) return false;
  // Changed since it was read: what was decided here is for a record that is no more.
  const mine = claimed.version === delivery.version + 1;
  const open: Delivery = { ...claimed, state: 'pending', claims: 0, ...(mine ? { again } : {}) };
  const given = await doors.spool.settle(claimed, rested(open, later(doors.clock(), 2 * minute)));
  return given !== undefined && mine;
}

async function planOf(released: Released, doors: RouteDoors): Promise<Plan> {
  const { record, delivery } = released;
  const { rounds, unrouted, reason } = delivery;
  const first = firstNumber(released);
  const waiting = delivery.recipients.filter(({ outcome }) => outcome === 'waiting');
  if (unrouted === true) {
    if (reason === ownWait) await doors.restoreMessage(record.message);
    const whole = envelopeFor(record, waiting);
    const plan = await routeMessage({ ...(await contextOf(whole, doors, reason !== ownWait)), first });
    return { ...plan, message: { ...plan.message, phase: 'routed' } };
  }
  const found = await contextOf(record.envelope, doors, true);
  return routeReleased(waiting, rounds === undefined ? found : { ...found, rounds }, first);
}

function claim({ message, part }: Delivery, { spool, clock }: RouteDoors): Promise<Delivery | undefined> {
  return spool.claim({ message, part }, later(clock(), 2 * minute));
}

/**
 * Each record has a range of its own for what takes its place, so that two of them never write one number. Of what was
 * released before it is drawn: the numbers stay whole, however often that happens.
 */
const range = 1_000_000;
const ranges = Math.floor(Number.MAX_SAFE_INTEGER / range);

function firstNumber({ delivery, deliveries }: Released): number {
  const own = numberOf(delivery) + 1;
  const start = (own < range ? own : randomInt(range, ranges)) * range;
  const used = deliveries.map(numberOf).filter((n) => n >= start && n < start + range);
  return Math.max(start, ...used.map((n) => n + 1));
}

function numberOf({ part }: Delivery): number {
  return Number(part.slice('d#'.length));
}

/** Those it waited for wait in other records now. */
function replaced(claimed: Delivery, now: Date): Delivery {
  const { again: _, reason: __, unrouted: ___, ...record } = unleased(claimed);
  const recipients = record.recipients.filter(({ outcome }) => outcome !== 'waiting');
  const at = now.toISOString();
  const event = { at, stage: 'steer' as const, outcome: routedAgain };
  const next: Delivery = {
    ...record,
    recipients,
    state: endState(recipients),
    events: [...record.events, event].slice(-20),
  };
  return closed(next, now);
}
