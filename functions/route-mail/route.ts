/**
 * One `route` message carried out (spool.md, transitions 2 and 2'): plan once, then tell the queues. A redelivery
 * finds the plan and follows it; every step can be repeated.
 */
import { randomUUID } from 'node:crypto';
import { fitsOneTransaction } from '../../aws/spool-plan.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { routeMessage } from '../../mail/router/route-message.ts';
import { trackingOf } from '../../mail/router/tracking.ts';
import { ownWait, waitingBeforeRouting, type Waiting } from '../../mail/spool/waiting.ts';
import type { Plan, RouteWork } from '../../mail/spool/doors.ts';
import { leavesOutRecipients } from '../../mail/spool/message-record.ts';
import { hopName, routePart } from '../../mail/spool/keys.ts';
import type { Delivery, Event, MessageRecord } from '../../mail/spool/records.ts';
import { isOutbound, owesAnything, rests } from '../../mail/spool/standing.ts';
import { contextOf, type RouteDoors } from './doors.ts';
import { reroute } from './reroute.ts';

/** Resolves when the message needs this work no more; throws when it must come again. */
export async function route(work: RouteWork, doors: RouteDoors): Promise<void> {
  const record = await doors.spool.message(work.id);
  if (record === undefined) return planAndFollow(await envelopeOf(work, doors), doors);
  if (record.phase === 'planned') return followStored(record, doors);
  if (comesAgain(work) && record.phase !== 'stuck') await traceAgain(record, doors);
  return record.phase === 'routed' ? routedBefore(record, doors) : planReleased(record, doors);
}

/** The listener's own message, not the sweep's: whoever had it may have died before the message was traced. */
function comesAgain({ envelope, envelopeKey }: RouteWork): boolean {
  return (envelope ?? envelopeKey) !== undefined;
}

async function traceAgain(record: MessageRecord, { trace, spool }: RouteDoors): Promise<void> {
  await trace(record, await spool.deliveries(record.message));
}

async function envelopeOf(work: RouteWork, { objects }: RouteDoors): Promise<Envelope> {
  if (work.envelope !== undefined) return work.envelope;
  if (work.envelopeKey === undefined) throw new Error(`The route message of ${work.id} carries no envelope.`);
  return (await objects.getJson(work.envelopeKey)) as Envelope;
}

/** What waited goes with its plan; what was released is not asked again why it was held. */
interface Before {
  readonly waited: boolean;
  readonly released: boolean;
  /** Its story so far, who released it among it. */
  readonly events?: readonly Event[];
}

const keptEvents = 20;

const isNew: Before = { waited: false, released: false };

async function planAndFollow(envelope: Envelope, doors: RouteDoors, before = isNew): Promise<void> {
  const plan = await routeMessage(await contextOf(envelope, doors, before.released));
  const [first, ...others] = plan.deliveries;
  const events = [...(before.events ?? []), ...(first?.events ?? [])].slice(-keptEvents);
  const deliveries = first === undefined ? [] : [{ ...first, events }, ...others];
  await write({ ...plan, deliveries, waited: before.waited }, doors);
}

async function write(plan: Plan, doors: RouteDoors): Promise<void> {
  if (plan.deliveries.some(rests)) await doors.keepMessage(plan.message.message);
  const stored = await storePlan(plan, doors);
  if (!(await doors.spool.plan(stored))) return route({ id: plan.message.message }, doors);
  doors.onRouted(stored);
  await doors.trace(stored.message, stored.deliveries);
  await announce(stored.deliveries, doors);
}

/**
 * More than one transaction takes: the plan stands in S3 first, and `m` names it. Each try stores its own, so that two at
 * once, between whom documents may have changed, never follow one with half of the other.
 */
async function storePlan(plan: Plan, { objects }: RouteDoors): Promise<Plan> {
  if (fitsOneTransaction(plan)) return plan;
  const planKey = `plans/${plan.message.message}/${randomUUID()}`;
  const stored: Plan = { ...plan, message: { ...plan.message, planKey } };
  await objects.putJson(planKey, stored);
  return stored;
}

async function followStored(record: MessageRecord, doors: RouteDoors): Promise<void> {
  const plan = (await doors.objects.getJson(record.planKey ?? `plans/${record.message}`)) as Plan;
  await doors.spool.follow(plan);
  await doors.trace(record, plan.deliveries);
  await announce(await doors.spool.deliveries(record.message), doors);
}

/** Every record is there: the queues are told again, and what a person released of routing itself is routed again. */
async function routedBefore(record: MessageRecord, doors: RouteDoors): Promise<void> {
  const deliveries = await doors.spool.deliveries(record.message);
  await announce(deliveries, doors);
  for (const delivery of deliveries)
    if (delivery.transport === 'route' && delivery.state === 'pending')
      await announce(await reroute({ record, delivery, deliveries }, doors), doors);
}

/** Waiting before routing: planned when it was released, or when routing is switched on again. */
async function planReleased(record: MessageRecord, doors: RouteDoors): Promise<void> {
  if (leavesOutRecipients(record)) return routedBefore(record, doors);
  const waiting = (await doors.spool.deliveries(record.message)).find(({ part }) => part === routePart);
  if (waiting === undefined || waiting.state !== 'pending') return;
  const settings = await doors.settings.current();
  if (!settings.server.smtpRouting) return;
  const released = waiting.reason !== ownWait;
  // Who releases by hand has restored it.
  if (!released) await doors.restoreMessage(record.message);
  await planAndFollow(record.envelope, doors, { waited: true, released, events: waiting.events });
}

/** Tells the queues what is pending and due; they may hear it twice. The sweep wakes what leaves later. */
async function announce(deliveries: readonly Delivery[], { queue, clock }: RouteDoors): Promise<void> {
  const now = clock().toISOString();
  const pending = deliveries.filter(({ state, dueAt }) => state === 'pending' && dueAt <= now);
  await queue.deliver(pending.filter(({ transport }) => transport === 'mailbox'));
  const hops = new Map(pending.filter(isOutbound).map((d) => [hopName(d.transport, d.nextHop), d]));
  await Promise.all([...hops.values()].map(({ transport, nextHop }) => queue.hop({ transport, nextHop })));
  const owing = deliveries.find(owesAnything);
  if (owing !== undefined) await queue.report({ message: owing.message });
}

/** After many tries: the message is kept as stuck, for a person to look at. False: it has a plan, which is followed. */
export async function giveUp(work: RouteWork, doors: RouteDoors, reason: string): Promise<boolean> {
  const record = await doors.spool.message(work.id);
  const hasPlan = record?.phase === 'routed' || record?.phase === 'planned';
  if (hasPlan || (record !== undefined && leavesOutRecipients(record))) {
    await route(work, doors);
    return record.phase === 'stuck';
  }
  const envelope = record?.envelope ?? (await envelopeOf(work, doors));
  const now = doors.clock();
  const waits: Waiting = { phase: 'stuck', state: 'held', reason, now, timeoutHours: 24 };
  const plan = waitingBeforeRouting(envelope, waits);
  // Where nobody can tell what may be traced, it is found by its id alone.
  const settings = await doors.settings.current().catch(() => undefined);
  const tracking = settings && trackingOf(envelope, settings);
  const message = { ...plan.message, ...(tracking && { tracking }) };
  await doors.keepMessage(envelope.id);
  const stored = await storePlan({ ...plan, message, waited: record !== undefined }, doors);
  const isStuck = await doors.spool.plan(stored);
  if (settings !== undefined) await doors.trace(stored.message, stored.deliveries);
  return isStuck || record?.phase === 'stuck';
}
