/**
 * The sweep: reads what is due, at once where the index is small, else in each of the 64 shards; moves every item in the
 * index and wakes the queue it needs.
 * Each next hop and each report is woken once per sweep; what waits for a closed hop is deferred with what was heard from
 * it until it opens, and so is what no worker here can carry. An item that fails is told of and left: it is due again,
 * and no other waits for it.
 */
import type { Due, DueKey } from '../../aws/due.ts';
import type { Hops, HopWork, WorkQueue } from '../../mail/spool/doors.ts';
import { wakeShards } from '../../mail/spool/keys.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { sweepItem, type Sweep, type Wake } from '../../mail/spool/sweep.ts';
import { HopWatch, isCalled, type Closure } from './hop-watch.ts';
import { notDeployed, settleUntried, type UntriedDoors } from './untried.ts';

export interface SweepDoors extends UntriedDoors {
  readonly due: Due;
  readonly hops: Pick<Hops, 'state'>;
  readonly queue: WorkQueue;
  /** Keeps the body of what a wish left behind makes `held`. */
  readonly keepMessage: (id: string) => Promise<void>;
  /** Whether a queue is deployed whose workers can carry this. */
  readonly reaches: (work: HopWork) => boolean;
  /** Spreads the wakes of a closed hop, and says which shard comes first: a number from 0 to 1. */
  readonly jitter: () => number;
  readonly remainingMilliseconds: () => number;
  readonly onFault: (cause: unknown, item: DueKey) => void;
}

interface Run extends SweepDoors {
  readonly woken: Map<string, Promise<void>>;
  readonly watch: HopWatch;
}

const shardsAtOnce = 8;
const mostPerRead = 100;
const reserve = 10_000;

/** Returns how many items were moved. */
export async function sweep(doors: SweepDoors): Promise<number> {
  const run: Run = { ...doors, woken: new Map(), watch: new HopWatch(doors) };
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
  const swept = sweepItem(item, run.clock());
  const hop = swept.wakes.find((one) => one.queue === 'hop')?.work;
  if (hop === undefined) return moveOn(run, key, swept);
  // Only a delivery wakes a next hop.
  return sweepOutbound(run, key, { delivery: item as Delivery, hop, swept });
}

interface Outbound {
  readonly delivery: Delivery;
  readonly hop: HopWork;
  readonly swept: Sweep;
}

async function sweepOutbound(run: Run, key: DueKey, { delivery, hop, swept }: Outbound): Promise<boolean> {
  if (!run.reaches(hop)) return settleUntried(key, notDeployed, run);
  const standing = await run.watch.standing(hop);
  if (standing.hop === 'open') return moveOn(run, key, swept);
  const wakes = swept.wakes.filter(({ queue }) => queue !== 'hop');
  if (standing.hop === 'probed' || 'next' in swept.move)
    return moveOn(run, key, { move: movedTo(swept.move, standing.until), wakes });
  if (isCalled(delivery, standing, run.clock())) return settleUntried(key, standing, run);
  return moveOn(run, key, { move: { next: putOff(delivery, standing) }, wakes });
}

async function moveOn(run: Run, key: DueKey, { move, wakes }: Sweep): Promise<boolean> {
  if (!(await moved(run, key, move))) return false;
  for (const wake of wakes) await wakeOnce(run, wake);
  return true;
}

async function moved(run: Run, key: DueKey, move: Sweep['move']): Promise<boolean> {
  if (!('next' in move)) return run.due.move(key, move.wakeAt);
  if (move.next.state === 'held') await run.keepMessage(move.next.message);
  return run.due.replace(key, move.next);
}

function movedTo(move: Sweep['move'], wakeAt: string): Sweep['move'] {
  return 'next' in move ? { next: { ...move.next, wakeAt } } : { wakeAt };
}

/** Untried and still due: it leaves as soon as the hop answers. */
function putOff(delivery: Delivery, { until, reply }: Closure): Delivery {
  return { ...delivery, state: 'deferred', lastReply: reply, wakeAt: until, version: delivery.version + 1 };
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
