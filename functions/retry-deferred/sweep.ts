/**
 * The sweep: reads what is due, at once where the index is small, else in each of the 64 shards; moves every item in the
 * index and wakes the queue it needs.
 * Each next hop and each report is woken once per sweep; a closed hop is left until it opens again; what no worker here
 * can carry is put off with the reason. An item that fails is told of and left: it is due again, and no other waits for it.
 */
import type { Due, DueKey } from '../../aws/due.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Clock, Hops, HopWork, Spool, WorkQueue } from '../../mail/spool/doors.ts';
import { hopName, wakeShards } from '../../mail/spool/keys.ts';
import { sweepItem, type Sweep, type Wake } from '../../mail/spool/sweep.ts';
import { putOffUnreachable } from './unreachable.ts';

export interface SweepDoors {
  readonly due: Due;
  readonly hops: Pick<Hops, 'state'>;
  readonly queue: WorkQueue;
  readonly spool: Pick<Spool, 'claim' | 'settle'>;
  readonly settings: SettingsSource;
  /** Keeps the body of what a wish left behind makes `held`. */
  readonly keepMessage: (id: string) => Promise<void>;
  /** Whether a queue is deployed whose workers can carry this. */
  readonly reaches: (work: HopWork) => boolean;
  readonly clock: Clock;
  /** Spreads the wakes of a closed hop, and says which shard comes first: a number from 0 to 1. */
  readonly jitter: () => number;
  readonly remainingMilliseconds: () => number;
  readonly onFault: (cause: unknown, item: DueKey) => void;
}

interface Run extends SweepDoors {
  readonly woken: Map<string, Promise<void>>;
  readonly closed: Map<string, Promise<string | undefined>>;
}

const shardsAtOnce = 8;
const mostPerRead = 100;
const reserve = 10_000;
/** Never longer than the closure has left: a retry interval of seconds is one of seconds. */
const mostJitter = 60_000;

/** Returns how many items were moved. */
export async function sweep(doors: SweepDoors): Promise<number> {
  const run: Run = { ...doors, woken: new Map(), closed: new Map() };
  if (run.remainingMilliseconds() <= reserve) return 0;
  const few = await run.due.few(run.clock().toISOString());
  return few === undefined ? sweepShards(run) : sweepAll(run, few);
}

async function sweepShards(run: Run): Promise<number> {
  const first = Math.floor(run.jitter() * wakeShards.length) % wakeShards.length;
  // Where there is more than one sweep can do, every shard comes first in its turn.
  const shards = [...wakeShards.slice(first), ...wakeShards.slice(0, first)];
  let moved = 0;
  for (let at = 0; at < shards.length; at += shardsAtOnce) {
    const some = shards.slice(at, at + shardsAtOnce).map((shard) => sweepShard(run, shard));
    moved += (await Promise.all(some)).reduce((sum, count) => sum + count, 0);
  }
  return moved;
}

/** Page by page: the index may show for a moment what has moved already, and what fails stays where it is. */
async function sweepShard(run: Run, shard: string): Promise<number> {
  let moved = 0;
  let last: DueKey | undefined;
  do {
    if (run.remainingMilliseconds() <= reserve) return moved;
    const keys = await run.due.read(shard, run.clock().toISOString(), mostPerRead, last);
    moved += await sweepAll(run, keys);
    last = keys.length < mostPerRead ? undefined : keys.at(-1);
  } while (last !== undefined);
  return moved;
}

async function sweepAll(run: Run, keys: readonly DueKey[]): Promise<number> {
  const results = await Promise.all(keys.map((key) => sweepSafely(run, key)));
  return results.filter(Boolean).length;
}

async function sweepSafely(run: Run, key: DueKey): Promise<boolean> {
  try {
    return await sweepOne(run, key);
  } catch (cause) {
    run.onFault(cause, key);
    return false;
  }
}

async function sweepOne(run: Run, key: DueKey): Promise<boolean> {
  const item = await run.due.item(key);
  if (item === undefined || item.wakeAt !== key.wakeAt) return false;
  const { move, wakes } = sweepItem(item, run.clock());
  const hop = wakes.find((one) => one.queue === 'hop')?.work;
  if (hop !== undefined && !run.reaches(hop)) return putOffUnreachable(key, run);
  const closedUntil = hop && (await closureOf(run, hop));
  if (!(await moveOn(run, key, closedUntil === undefined ? move : movedTo(move, closedUntil)))) return false;
  for (const wake of wakes) if (closedUntil === undefined || wake.queue !== 'hop') await wakeOnce(run, wake);
  return true;
}

async function moveOn(run: Run, key: DueKey, move: Sweep['move']): Promise<boolean> {
  if (!('next' in move)) return run.due.move(key, move.wakeAt);
  if (move.next.state === 'held') await run.keepMessage(move.next.message);
  return run.due.replace(key, move.next);
}

function movedTo(move: Sweep['move'], wakeAt: string): Sweep['move'] {
  return 'next' in move ? { next: { ...move.next, wakeAt } } : { wakeAt };
}

/** When the hop opens again, with jitter; undefined: it is open. */
async function closureOf(run: Run, hop: HopWork): Promise<string | undefined> {
  const until = Date.parse((await closedUntil(run, hop)) ?? '');
  const left = until - run.clock().getTime();
  if (!(left > 0)) return undefined;
  return new Date(until + run.jitter() * Math.min(left, mostJitter)).toISOString();
}

function closedUntil(run: Run, work: HopWork): Promise<string | undefined> {
  const name = hopName(work.transport, work.nextHop);
  const known = run.closed.get(name) ?? run.hops.state(work).then((state) => state?.closedUntil);
  run.closed.set(name, known);
  return known;
}

/** Whoever asks while the wake is under way waits for it, so that all of them hear when it fails. */
function wakeOnce(run: Run, wake: Wake): Promise<void> {
  const name = JSON.stringify(wake);
  const known = run.woken.get(name) ?? send(run.queue, wake);
  run.woken.set(name, known);
  return known;
}

async function send(queue: WorkQueue, wake: Wake): Promise<void> {
  if (wake.queue === 'route') await queue.route({ id: wake.id });
  else if (wake.queue === 'deliver') await queue.deliver([{ message: wake.message, part: wake.part }]);
  else if (wake.queue === 'hop') await queue.hop(wake.work);
  else await queue.report({ message: wake.message });
}
