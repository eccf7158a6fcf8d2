/**
 * Servers under measurement: each is a process with all it forks. CPU time is exact: it is read from /proc, children
 * that have ended and were waited for included. Memory is resident memory, summed over the processes.
 * Linux only.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, closeSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

export const peersFolder: string = join(import.meta.dirname, '.peers');

export interface ServerCommand {
  readonly name: string;
  readonly argv: readonly string[];
  readonly port: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly stop?: readonly string[];
}

/** Linux gives times in clock ticks, a hundred a second on every architecture Node runs on. */
const ticksPerSecond = 100;
const startPatience = 30_000;

export class Running {
  readonly name: string;
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #stop: readonly string[] | undefined;

  constructor(command: ServerCommand, child: ChildProcess) {
    this.name = command.name;
    this.port = command.port;
    this.#child = child;
    this.#stop = command.stop;
  }

  get pid(): number {
    return this.#child.pid!;
  }

  cpuSeconds(): number {
    return cpuSecondsOf(this.pid);
  }

  /** MiB: now, or the most since `forgetPeak`. */
  memory(which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
    return family(this.pid).reduce((sum, { pid }) => sum + kibOf(pid, which), 0) / 1024;
  }

  forgetPeak(): void {
    for (const { pid } of family(this.pid)) writeFileSync(`/proc/${pid}/clear_refs`, '5');
  }

  async stop(): Promise<void> {
    const ended = this.#child.exitCode === null ? once(this.#child, 'exit') : undefined;
    if (this.#stop === undefined) this.#child.kill('SIGTERM');
    else await once(spawn(this.#stop[0]!, this.#stop.slice(1), { stdio: 'ignore' }), 'exit');
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(patience);
  }
}

/** Of the process and all it forked. */
export function cpuSecondsOf(pid: number): number {
  return family(pid).reduce((sum, one) => sum + one.ticks, 0) / ticksPerSecond;
}

/** Starts a server and waits until it answers on its port. */
export async function start(command: ServerCommand): Promise<Running> {
  mkdirSync(peersFolder, { recursive: true });
  const log = openSync(join(peersFolder, `${command.name}.log`), 'w');
  const [program, ...args] = command.argv;
  const env = { ...process.env, ...command.env };
  const child = spawn(program!, args, { stdio: ['ignore', log, log], env });
  closeSync(log);
  const running = new Running(command, child);
  const deadline = performance.now() + startPatience;
  while (!(await answers(command.port))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(
        `${command.name} does not answer on port ${command.port}; see .peers/${command.name}.log.`,
      );
    await pause(50);
  }
  return running;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (yes: boolean) => (): void => {
      resolve(yes);
      socket.end('QUIT\r\n');
      socket.destroySoon();
    };
    socket.once('connect', finish(true)).once('error', finish(false));
  });
}

interface Member {
  readonly pid: number;
  readonly parent: number;
  readonly ticks: number;
}

/** The process and everything below it. */
function family(root: number): Member[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? memberOf(Number(name)) : []));
  const inside = new Set([root]);
  for (let before = 0; before !== inside.size;) {
    before = inside.size;
    for (const { pid, parent } of all) if (inside.has(parent)) inside.add(pid);
  }
  return all.filter(({ pid }) => inside.has(pid));
}

/** utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5). */
function memberOf(pid: number): Member[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return [{ pid, parent: Number(fields[1]), ticks }];
  } catch {
    return [];
  }
}

function kibOf(pid: number, which: string): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(new RegExp(`^${which}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
