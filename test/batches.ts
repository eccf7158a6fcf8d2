/**
 * Runs batches of test files in processes of their own, some side by side, and sees to it that each ends: one that says
 * nothing for too long, or has run all its tests and yet stays, is a failure, and is ended with all that it started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Told } from './batch.ts';

export interface Batch {
  readonly name: string;
  /** Relative to the root. */
  readonly files: readonly string[];
}

export interface BatchOutcome {
  readonly batch: Batch;
  readonly ms: number;
  readonly passed: readonly Extract<Told, { type: 'passed' }>[];
  readonly failures: readonly Failure[];
}

interface Failure {
  readonly name: string;
  readonly failure: string;
}

export interface Patience {
  /** Longer than batch.ts gives a test. */
  readonly silenceMs: number;
  /** From the last test to the end of the process. */
  readonly leaveMs: number;
}

/** One more than the cores of a small machine: whole gateways wait as much as they work. */
const sideBySide = 3;
const program = fileURLToPath(new URL('batch.ts', import.meta.url));
const start = 'its start';
/** Processes that must not outlive this one. */
const running = new Set<ChildProcess>();

/** Yields what comes of each batch, as it ends. */
export async function* runBatches(
  batches: readonly Batch[],
  root: string,
  patience: Patience = { silenceMs: 240_000, leaveMs: 60_000 },
): AsyncGenerator<BatchOutcome> {
  const waiting = [...batches];
  const under = new Map<Batch, Promise<BatchOutcome>>();
  const begin = (): void => {
    const batch = waiting.shift();
    if (batch !== undefined) under.set(batch, runBatch(batch, root, patience));
  };
  for (let index = 0; index < sideBySide; index += 1) begin();
  while (under.size > 0) {
    const ended = await Promise.race(under.values());
    under.delete(ended.batch);
    begin();
    yield ended;
  }
}

async function runBatch(batch: Batch, root: string, patience: Patience): Promise<BatchOutcome> {
  const began = Date.now();
  const child = spawn(process.execPath, [program, ...batch.files.map((file) => join(root, file))], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  running.add(child);
  const heard = listen(child, patience);
  // What it told last may come after its end.
  const allHeard = once(child, 'disconnect');
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  await allHeard;
  end(child);
  const complaint = heard.complaint(code ?? signal);
  const failures =
    complaint === undefined ? heard.failures : [...heard.failures, { name: batch.name, failure: complaint }];
  return { batch, ms: Date.now() - began, passed: heard.passed, failures };
}

interface Heard {
  readonly passed: Extract<Told, { type: 'passed' }>[];
  readonly failures: Failure[];
  /** What is wrong with how the process ended. */
  complaint(end: number | string | null): string | undefined;
}

/** Collects what a batch tells, and ends it once it has been silent for too long. */
function listen(child: ChildProcess, { silenceMs, leaveMs }: Patience): Heard {
  const heard = { passed: [] as Heard['passed'], failures: [] as Failure[] };
  const open: string[] = [];
  let [last, output, ended, late] = [start, '', false, false];
  const wait = (ms: number) => setTimeout(() => ((late = true), end(child)), ms);
  let watch = wait(silenceMs);
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-20_000)));
  child.on('message', (told: Told) => {
    if (told.type === 'begun') open.push((last = told.name));
    if (told.type === 'over' && open.includes(told.name)) open.splice(open.lastIndexOf(told.name), 1);
    if (told.type === 'passed') heard.passed.push(told);
    if (told.type === 'failed') heard.failures.push(told);
    if (told.type === 'end') ended = true;
    clearTimeout(watch);
    watch = wait(open.length === 0 && last !== start ? leaveMs : silenceMs);
  });
  child.on('exit', () => clearTimeout(watch));
  return {
    ...heard,
    complaint(code) {
      if (late && open.length > 0) return `${open.at(-1)} is silent for ${silenceMs / 1000} s.\n${output}`;
      if (late && last === start)
        return `Nothing is heard for ${silenceMs / 1000} s after ${start}.\n${output}`;
      if (late)
        return `${last} has ended, and something that was opened is still open, or the next test never gives way.\n${output}`;
      if (ended && (code === 0 || heard.failures.length > 0)) return undefined;
      return `It ended with ${code} after ${last}.\n${output}`;
    },
  };
}

/** A batch leads a process group: what it started ends with it. */
function end(child: ChildProcess): void {
  running.delete(child);
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    for (const child of running) end(child);
    process.kill(process.pid, signal);
  });
