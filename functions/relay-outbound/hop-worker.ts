/**
 * Drains one next hop (spool.md, outbound workers): takes a slot, claims what is due, sends it over one session,
 * settles each, frees the slot before the invocation ends.
 *
 * No slot: others are at it. Not enough time left: the work is put into the queue again. A hop that cannot be spoken
 * to, or breaks off one session after another, is closed until its next probe; the first deliveries have paid for the
 * finding, the rest wait undisturbed: a few are marked here, the others by the sweep. What fails here unexpectedly is
 * thrown and comes again by the queue.
 */
import type { Settings, SettingsSource } from '../../mail/directory/settings.ts';
import type { Clock, Hops, HopWork, Slot, Spool, WorkQueue } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import type { DeliveryKey } from '../../mail/spool/records.ts';
import type { MailLog } from '../../aws/mail-log.ts';
import type { Carrier } from './carrier.ts';
import { CurrentCarrier } from './current-carrier.ts';
import { closeHop, opensAt, sendClaimed, shelve, type Sent, type Setback } from './deliveries.ts';
import { SlowPlace, troubleOf, type SlowLimits, type Trouble } from './slow-hops.ts';

export interface HopDoors {
  readonly spool: Pick<Spool, 'claim' | 'settle' | 'putOff'>;
  readonly hops: Hops;
  readonly queue: Pick<WorkQueue, 'hop' | 'report'>;
  readonly settings: SettingsSource;
  readonly carrierFor: (work: HopWork, settings: Settings, remaining: () => number) => Carrier;
  readonly clock: Clock;
  readonly log: Pick<MailLog, 'relayed' | 'deferred' | 'failed' | 'held' | 'dead' | 'fault'>;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly limits: WorkerLimits;
}

/** Milliseconds. */
export interface WorkerLimits extends SlowLimits {
  /** Left for settling and closing when every socket has been destroyed. */
  readonly closing: number;
  /** Not begun with less: a delivery, the final dot's reply included, must fit. */
  readonly beginning: number;
  /** Index `hop` may be a moment behind the plan that woke us: one more look after this. */
  readonly indexDelay: number;
}

export interface Run extends HopDoors {
  readonly work: HopWork;
  readonly carrier: CurrentCarrier;
  /** Until every socket must be closed. */
  readonly remaining: () => number;
  readonly leaseUntil: string;
  readonly seen: Set<string>;
  readonly slow: SlowPlace;
}

type End = 'drained' | 'no slot' | 'out of time' | 'down' | 'slow';

const leaseReserve = minute;
const pageSize = 100;
const widest = 5_000;
/** Marked at once after a failed probe, for people to see; the sweep, which is in no hurry, sees to the rest. */
const mostShelved = 10;
/** Messages in a row that a hop may break off: one may be the message's fault, this many are the hop's. */
const mostBroken = 3;
/** Messages in a row of which a hop takes nobody: then it goes on with a place among the slow ones, or gives way to others. */
const mostFruitless = 10;
/** Further workers called when a hop answers again and many wait for it. */
const helpers = 3;
const much = 25;

export async function drainHop(work: HopWork, doors: HopDoors, timeLeft: () => number): Promise<void> {
  const set = await doors.settings.current();
  const state = await doors.hops.state(work);
  if (state?.closedUntil !== undefined && state.closedUntil > doors.clock().toISOString()) return;
  const remaining = (): number => timeLeft() - doors.limits.closing;
  const leaseUntil = later(doors.clock(), timeLeft() + leaseReserve);
  let trouble = troubleOf(state, doors.clock());
  const slow = new SlowPlace(work, doors, { until: leaseUntil, known: trouble.slow });
  const carrierFor = (current: Settings): Carrier => doors.carrierFor(work, current, remaining);
  const carrier = new CurrentCarrier({ settings: doors.settings, carrierFor }, set);
  const run: Run = { ...doors, work, carrier, remaining, leaseUntil, seen: new Set(), slow };
  let keys = await firstLook(run);
  let end: End = 'drained';
  // A pointer that found no slot relied on us: what came while the slot was being freed is ours.
  for (; end === 'drained' && keys.length > 0; keys = await unseen(run)) {
    end = await drainWithSlot(run, keys, trouble);
    trouble = { failing: false, slow: false, alone: trouble.alone };
  }
  if (end === 'out of time') await doors.queue.hop(work);
}

/** The index may be behind the plan that woke us; no slot is taken for nothing. */
async function firstLook(run: Run): Promise<DeliveryKey[]> {
  const keys = await unseen(run);
  if (keys.length > 0 || run.limits.indexDelay === 0) return keys;
  await run.pause(run.limits.indexDelay);
  return unseen(run);
}

async function drainWithSlot(run: Run, keys: readonly DeliveryKey[], trouble: Trouble): Promise<End> {
  const limit = trouble.alone ? 1 : run.carrier.set.configuration.transfer.concurrentPerHost;
  const slot = await run.hops.takeSlot(run.work, limit, run.leaseUntil);
  if (slot === undefined) return 'no slot';
  const end = await drainInSlot(run, slot, { keys, trouble });
  if (end === 'slow') await run.slow.postpone();
  return end;
}

interface Start {
  readonly keys: readonly DeliveryKey[];
  readonly trouble: Trouble;
}

async function drainInSlot(run: Run, slot: Slot, start: Start): Promise<End> {
  try {
    if (start.trouble.slow && !(await run.slow.take())) return 'slow';
    return await drain(run, start);
  } finally {
    await leave(run, slot);
  }
}

async function leave(run: Run, slot: Slot): Promise<void> {
  try {
    await run.carrier.close();
  } finally {
    await Promise.all([run.slow.free(), run.hops.freeSlot(slot)]);
  }
}

/** How the hop has done in this run. */
interface Course {
  failing: boolean;
  broken: number;
  fruitless: number;
}

async function drain(run: Run, start: Start): Promise<End> {
  const course: Course = { failing: start.trouble.failing, broken: 0, fruitless: 0 };
  for (let keys = start.keys; keys.length > 0; keys = await unseen(run))
    for (const key of keys) {
      if (run.remaining() < run.limits.beginning) return 'out of time';
      const attempt = await sendOne(run, key);
      if (attempt === undefined) continue;
      if (attempt.result.gaveWay === true) return 'slow';
      const end = await afterAttempt(run, course, { sent: attempt.result, keys });
      if (end !== undefined) return end;
      if (!attempt.stay) return 'slow';
    }
  return 'drained';
}

async function afterAttempt(
  run: Run,
  course: Course,
  { sent: { setback, fruitless }, keys }: { readonly sent: Sent; readonly keys: readonly DeliveryKey[] },
): Promise<End | undefined> {
  course.broken = setback?.kind === 'broke' ? course.broken + 1 : 0;
  if (setback !== undefined) return afterSetback(run, setback, { keys, broken: course.broken });
  if (course.failing) await reopen(run, keys.length);
  course.failing = false;
  course.fruitless = fruitless === true ? (course.fruitless + 1) % mostFruitless : 0;
  return fruitless === true && course.fruitless === 0 && !(await run.slow.take()) ? 'slow' : undefined;
}

async function afterSetback(
  run: Run,
  setback: Setback,
  { keys, broken }: { readonly keys: readonly DeliveryKey[]; readonly broken: number },
): Promise<End | undefined> {
  if (setback.kind === 'known') return 'down';
  if (setback.kind === 'broke' && broken < mostBroken) return undefined;
  if (setback.kind === 'broke') await closeHop(run, setback);
  return shelveSome(run, keys, setback);
}

async function sendOne(run: Run, key: DeliveryKey): Promise<{ result: Sent; stay: boolean } | undefined> {
  run.seen.add(nameOf(key));
  const carrier = await run.carrier.take();
  const claimed = await run.spool.claim(key, run.leaseUntil);
  if (claimed === undefined) return undefined;
  const attempt = { size: claimed.size, giveWay: () => carrier.giveWay?.() };
  return run.slow.during(attempt, () => sendClaimed(run, carrier, claimed));
}

/** Due and not yet looked at in this run; shuffled, so that workers of one hop seldom reach for the same. */
async function unseen(run: Run): Promise<DeliveryKey[]> {
  const now = run.clock().toISOString();
  for (let limit = pageSize; ; limit *= 4) {
    const due = await run.hops.due(run.work, now, limit);
    const fresh = due.filter((key) => !run.seen.has(nameOf(key)));
    // What was looked at may stand in the index a moment longer, in front of the rest.
    if (fresh.length > 0 || due.length < limit || limit > widest) return shuffled(fresh, run.random);
  }
}

function shuffled(keys: readonly DeliveryKey[], random: () => number): DeliveryKey[] {
  return keys
    .map((key) => ({ key, draw: random() }))
    .sort((a, b) => a.draw - b.draw)
    .map(({ key }) => key);
}

function nameOf({ message, part }: DeliveryKey): string {
  return `${message} ${part}`;
}

/** The hop is closed. */
async function shelveSome(run: Run, keys: readonly DeliveryKey[], { reply, at }: Setback): Promise<End> {
  const until = opensAt(run, at);
  for (const key of keys.filter((one) => !run.seen.has(nameOf(one))).slice(0, mostShelved)) {
    if (run.remaining() <= 0) break;
    await shelve(run, key, { reply, until });
  }
  return 'down';
}

/** The hop answers again: what waits for it goes now, by more hands where it is much. */
async function reopen(run: Run, waiting: number): Promise<void> {
  await run.hops.open(run.work);
  if (waiting < much) return;
  for (let n = 0; n < helpers; n++) await run.queue.hop(run.work);
}
