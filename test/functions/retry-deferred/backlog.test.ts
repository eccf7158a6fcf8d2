/**
 * Very many deliveries that are due at once: each is moved once, each hop woken once, in runs of bounded work.
 * The gate takes 20,000; `POSTERN_BACKLOG=100000 node --test` with this file takes as many as it is told.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Due, DueKey, SpoolItem } from '../../../aws/due.ts';
import { sweep, type SweepDoors } from '../../../functions/retry-deferred/sweep.ts';
import { hopName, later, minute, wakeShards } from '../../../mail/spool/keys.ts';
import type { HopWork, WorkQueue } from '../../../mail/spool/doors.ts';
import type { Delivery } from '../../../mail/spool/records.ts';
import { rested } from '../../../mail/spool/standing.ts';
import { outboundSettings, settledLog } from '../../builders/outbound.ts';
import { delivery, now, outbound } from '../../builders/spool.ts';

const many = Number(process.env['POSTERN_BACKLOG'] ?? 20_000);
const hops = 1_000;
const due = later(now, -minute);
const perRead = 100;

test('each is moved once and each hop woken once, though the index shows for the whole run what has moved', async () => {
  const spool = new Backlog(outbounds(many));
  assert.equal(await spool.sweep(), many);
  assert.deepEqual(spool.counts(), { records: many, moves: many, hops, wakes: hops });
  assert.ok(spool.reads.length <= wakeShards.length + many / perRead, `${spool.reads.length} reads`);
  // As it stood: a sweep that began before the index had caught up.
  assert.equal(await spool.sweep(), 0);
  assert.deepEqual(spool.counts(), { records: many, moves: many, hops, wakes: hops });
});

test('the work is spread: no shard has much more of it than another', () => {
  const sizes = [...new Backlog(outbounds(many)).index.values()].map(({ length }) => length);
  const mean = many / wakeShards.length;
  assert.equal(sizes.length, wakeShards.length);
  assert.ok(Math.max(...sizes) < mean * 1.5 && Math.min(...sizes) > mean / 2, sizes.join(' '));
});

test('two sweeps at once wake each delivery once', async () => {
  const mailboxes = 5_000;
  const items = Array.from({ length: mailboxes }, (_, n) => delivery({ message: `m${n}`, wakeAt: due }));
  const spool = new Backlog(items);
  const moved = await Promise.all([spool.sweep(), spool.sweep()]);
  assert.equal(moved[0] + moved[1], mailboxes);
  assert.equal(spool.delivered.length, mailboxes);
  assert.equal(new Set(spool.delivered).size, mailboxes);
});

test('a run ends with its time, wherever it stands, and the next runs carry on', async () => {
  const items = 12_000;
  const spool = new Backlog(outbounds(items));
  const readsPerRun = 40;
  let runs = 0;
  for (let moved = 1; moved > 0; runs += 1) {
    const before = spool.reads.length;
    const left = (): number => (spool.reads.length - before < readsPerRun ? 55_000 : 5_000);
    moved = await spool.sweep({ jitter: () => (runs * 0.37) % 1, remainingMilliseconds: left });
    assert.ok(spool.reads.length - before < readsPerRun + 8, 'no more than the reads that were under way');
    spool.catchUp();
  }
  assert.deepEqual([spool.counts().moves, spool.mostMoves()], [items, 1]);
  assert.ok(runs >= items / perRead / readsPerRun && runs < 10, `${runs} runs`);
});

test('hundreds that cannot be woken hold up nobody behind them', async () => {
  const broken = Array.from({ length: 15_000 }, (_, n) => waitingFor(`broken${n}`, 'broken.example'));
  const spool = new Backlog([...broken, ...outbounds(1_000, due)]);
  let faults = 0;
  const hop = ({ nextHop }: HopWork): Promise<undefined> => {
    if (nextHop === 'broken.example') return Promise.reject(new Error('throttled'));
    return Promise.resolve(undefined);
  };
  const moved = await spool.sweep({ hops: { state: hop }, onFault: () => void (faults += 1) });
  assert.deepEqual([moved, faults], [1_000, 15_000]);
});

function outbounds(count: number, at = due): Delivery[] {
  return Array.from({ length: count }, (_, n) => waitingFor(`m${n}`, `h${n % hops}.example`, at));
}

function waitingFor(message: string, nextHop: string, at = later(now, -2 * minute)): Delivery {
  return rested(outbound({ message, nextHop, state: 'deferred', dueAt: at }), at);
}

/** The table, and an index of it that lags behind until it is told to catch up. */
class Backlog implements Due {
  readonly records: ReadonlyMap<string, Delivery>;
  readonly moves = new Map<string, number>();
  readonly woken: string[] = [];
  readonly delivered: string[] = [];
  readonly reads: string[] = [];
  index: Map<string, DueKey[]> = new Map();

  constructor(items: readonly Delivery[]) {
    this.records = new Map(items.map((item) => [item.message, item]));
    this.catchUp();
  }

  catchUp(): void {
    const entries = [...this.records.values()].map(({ message, part, wake = '', wakeAt = '' }) => ({
      wake,
      message,
      part,
      wakeAt,
    }));
    entries.sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1));
    this.index = Map.groupBy(entries, ({ wake }) => wake);
  }

  few(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  read(shard: string, until: string, limit: number, after?: DueKey): Promise<DueKey[]> {
    this.reads.push(shard);
    const from = after === undefined ? '' : placeOf(after);
    const found = (this.index.get(shard) ?? []).filter((key) => key.wakeAt <= until && placeOf(key) > from);
    return Promise.resolve(found.slice(0, limit));
  }

  item({ message }: DueKey): Promise<SpoolItem | undefined> {
    const record = this.records.get(message);
    return Promise.resolve(record && { ...record });
  }

  move({ message, wakeAt: seen }: DueKey, wakeAt: string): Promise<boolean> {
    const record = this.records.get(message);
    if (record?.wakeAt !== seen) return Promise.resolve(false);
    record.wakeAt = wakeAt;
    this.moves.set(message, (this.moves.get(message) ?? 0) + 1);
    return Promise.resolve(true);
  }

  replace(): Promise<boolean> {
    return Promise.reject(new Error('Nothing here is abandoned.'));
  }

  counts() {
    const moves = [...this.moves.values()].reduce((sum, count) => sum + count, 0);
    return { records: this.moves.size, moves, hops: new Set(this.woken).size, wakes: this.woken.length };
  }

  mostMoves(): number {
    return [...this.moves.values()].reduce((most, count) => Math.max(most, count), 0);
  }

  sweep(change: Partial<SweepDoors> = {}): Promise<number> {
    const refused = (): Promise<never> => Promise.reject(new Error('not by the sweep'));
    const queue: WorkQueue = {
      route: refused,
      report: refused,
      tlsReport: refused,
      deliver: (work) => Promise.resolve(void this.delivered.push(...work.map(({ message }) => message))),
      hop: (work) => Promise.resolve(void this.woken.push(hopName(work.transport, work.nextHop))),
    };
    return sweep({
      due: this,
      hops: { state: () => Promise.resolve(undefined) },
      queue,
      spool: { claim: refused, settle: refused },
      settings: { current: () => Promise.resolve(outboundSettings()) },
      keepMessage: refused,
      log: settledLog([]),
      reaches: () => true,
      clock: () => now,
      jitter: () => 0.5,
      remainingMilliseconds: () => 55_000,
      onFault: (cause) => {
        throw cause;
      },
      ...change,
    });
  }
}

function placeOf({ wakeAt, message, part }: DueKey): string {
  return `${wakeAt} ${message} ${part}`;
}
