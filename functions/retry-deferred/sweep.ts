/**
 * The sweep: reads what is due in each of the 64 shards, moves every item in the index and wakes the queue it needs.
 * Each next hop and each report is woken once per sweep; a closed hop is left until it opens again.
 */
import type { Due, DueKey } from '../../aws/due.ts';
import type { Clock, Hops, HopWork, WorkQueue } from '../../mail/spool/doors.ts';
import { hopName, wakeShards } from '../../mail/spool/keys.ts';
import { sweepItem, type Sweep, type Wake } from '../../mail/spool/sweep.ts';

export interface SweepDoors {
  readonly due: Due;
  readonly hops: Pick<Hops, 'state'>;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  /** Spreads the wakes of a closed hop: a number from 0 to 1. */
  readonly jitter: () => number;
  readonly remainingMilliseconds: () => number;
}

interface Run extends SweepDoors {
  readonly woken: Set<string>;
  readonly closed: Map<string, Promise<string | undefined>>;
}

const shardsAtOnce = 8;
const mostPerRead = 100;
const reserve = 10_000;
const jitterMilliseconds = 60_000;

/** Returns how many items were moved. */
export async function sweep(doors: SweepDoors): Promise<number> {
  const run: Run = { ...doors, woken: new Set(), closed: new Map() };
  let moved = 0;
  for (let at = 0; at < wakeShards.length; at += shardsAtOnce) {
    const some = wakeShards.slice(at, at + shardsAtOnce).map((shard) => sweepShard(run, shard));
    moved += (await Promise.all(some)).reduce((sum, count) => sum + count, 0);
  }
  return moved;
}

async function sweepShard(run: Run, shard: string): Promise<number> {
  let moved = 0;
  while (run.remainingMilliseconds() > reserve) {
    const keys = await run.due.read(shard, run.clock().toISOString(), mostPerRead);
    const results = await Promise.all(keys.map((key) => sweepOne(run, key)));
    moved += results.filter(Boolean).length;
    if (keys.length < mostPerRead || !results.some(Boolean)) return moved;
  }
  return moved;
}

async function sweepOne(run: Run, key: DueKey): Promise<boolean> {
  const item = await run.due.item(key);
  if (item === undefined || item.wakeAt !== key.wakeAt) return false;
  const decided = sweepItem(item, run.clock());
  const closedUntil = await closureOf(run, decided.wakes);
  const moved = await moveOn(run, key, closedUntil === undefined ? decided.move : { wakeAt: closedUntil });
  if (!moved) return false;
  for (const wake of decided.wakes)
    if (closedUntil === undefined || wake.queue !== 'hop') await wakeOnce(run, wake);
  return true;
}

function moveOn(run: Run, key: DueKey, move: Sweep['move']): Promise<boolean> {
  return 'next' in move ? run.due.replace(key, move.next) : run.due.move(key, move.wakeAt);
}

/** When the hop among the wakes opens again, with jitter; undefined: it is open, or there is none. */
async function closureOf(run: Run, wakes: readonly Wake[]): Promise<string | undefined> {
  const wake = wakes.find((one) => one.queue === 'hop');
  if (wake?.queue !== 'hop') return undefined;
  const until = await closedUntil(run, wake.work);
  if (until === undefined || until <= run.clock().toISOString()) return undefined;
  return new Date(Date.parse(until) + run.jitter() * jitterMilliseconds).toISOString();
}

function closedUntil(run: Run, work: HopWork): Promise<string | undefined> {
  const name = hopName(work.transport, work.nextHop);
  const known = run.closed.get(name) ?? run.hops.state(work).then((state) => state?.closedUntil);
  run.closed.set(name, known);
  return known;
}

async function wakeOnce(run: Run, wake: Wake): Promise<void> {
  const name = JSON.stringify(wake);
  if (run.woken.has(name)) return;
  run.woken.add(name);
  if (wake.queue === 'route') await run.queue.route({ id: wake.id });
  else if (wake.queue === 'deliver') await run.queue.deliver([{ message: wake.message, part: wake.part }]);
  else if (wake.queue === 'hop') await run.queue.hop(wake.work);
  else await run.queue.report({ message: wake.message });
}
