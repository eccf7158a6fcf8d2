/**
 * Today's counters, made of the metrics in the components' log lines (CloudWatch's embedded metric format) and kept
 * in `<data>/stats.json` for `postern stats`. A counter is a metric of unit Count; its name begins in lower case.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { counterOf } from '../aws/counted.ts';
import { replaceFile } from './report-file.ts';
import type { LineReader } from './log-files.ts';

export interface Stats {
  /** The day of the counters, in UTC. */
  readonly date: string;
  readonly counters: Readonly<Record<string, number>>;
}

export interface StatsKeeper {
  readonly read: LineReader;
  /** Writes what is new. */
  save(): void;
}

interface Metric {
  readonly Name: string;
  readonly Unit?: string;
}

export function keepStats(data: string, now: () => Date = () => new Date()): StatsKeeper {
  const file = join(data, 'stats.json');
  let { date, counters } = load(file, dayOf(now()));
  let changed = false;
  const count = (name: string, value: number): void => {
    if (date !== dayOf(now())) [date, counters] = [dayOf(now()), {}];
    counters[name] = (counters[name] ?? 0) + value;
    changed = true;
  };
  return {
    read(line) {
      for (const [name, value] of countersIn(line)) count(name, value);
    },
    save() {
      if (!changed) return;
      changed = false;
      replaceFile(file, JSON.stringify({ date, counters }));
    },
  };
}

const dayOf = (date: Date): string => date.toISOString().slice(0, 10);

/** Figures, not state: a file that cannot be read is begun anew. */
function load(file: string, today: string): { date: string; counters: Record<string, number> } {
  try {
    const { date, counters } = JSON.parse(readFileSync(file, 'utf8')) as Stats;
    if (date === today) return { date, counters: { ...counters } };
  } catch {
    // There is none yet.
  }
  return { date: today, counters: {} };
}

export function countersIn(line: string): [string, number][] {
  if (!line.includes('"_aws"')) return [];
  try {
    const entry = JSON.parse(line) as Record<string, unknown>;
    const groups =
      (entry['_aws'] as { CloudWatchMetrics?: { Metrics?: Metric[] }[] }).CloudWatchMetrics ?? [];
    const metrics = groups.flatMap((group) => group.Metrics ?? []);
    return metrics
      .filter(({ Unit }) => Unit === 'Count')
      .map(({ Name }) => [counterOf(Name), sum(entry[Name])]);
  } catch {
    return [];
  }
}

const sum = (value: unknown): number =>
  (Array.isArray(value) ? value : [value]).reduce<number>((total, each) => total + Number(each ?? 0), 0);
