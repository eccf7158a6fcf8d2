/**
 * One function in a thread of its own, started by its first invocation. A time-out ends the thread, as Lambda
 * would, and fails what ran in it; a thread that dies is replaced at the next invocation.
 */
import type { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { FromThread, Invocation, ThreadData } from './thread-messages.ts';

export interface LambdaOptions {
  readonly thread: ThreadData;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly output: Writable;
  readonly onMessage: (message: FromThread) => void;
}

interface Pending {
  readonly event: unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Runs once the thread has the invocation. */
  timer?: NodeJS.Timeout;
}

/** To load the function. Lambda gives it a time of its own, too. */
const loadingMs = 60_000;
const lambdaThread = new URL('lambda-thread.ts', import.meta.url);

export class LambdaWorker {
  readonly #options: LambdaOptions;
  readonly #pending = new Map<number, Pending>();
  #thread: Worker | undefined;
  /** Undefined: the thread has loaded its function. */
  #loading: NodeJS.Timeout | undefined;
  #lastId = 0;
  #idle: (() => void) | undefined;

  constructor(options: LambdaOptions) {
    this.#options = options;
  }

  /** Starts the thread before it is needed. */
  warm(): void {
    this.#thread ??= this.#startThread();
  }

  invoke(event: unknown): Promise<unknown> {
    this.warm();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      const pending = { event, resolve, reject };
      this.#pending.set(id, pending);
      if (this.#loading === undefined) this.#begin(id, pending);
    });
  }

  #begin(id: number, pending: Pending): void {
    const { timeoutSeconds } = this.#options;
    const ms = timeoutSeconds * 1000;
    pending.timer = setTimeout(() => this.#timeOut(timeoutSeconds), ms);
    const invocation: Invocation = { id, event: pending.event, deadline: Date.now() + ms };
    this.#thread?.postMessage(invocation);
  }

  /** Lets running invocations end for `graceMs`, then ends the thread; they then fail. */
  async stop(graceMs: number): Promise<void> {
    if (this.#pending.size > 0) await this.#untilIdle(graceMs);
    const thread = this.#thread;
    this.#thread = undefined;
    clearTimeout(this.#loading);
    await thread?.terminate();
    this.#failAll(new Error(`${this.#options.thread.component} was stopped.`));
  }

  async #untilIdle(graceMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, graceMs);
    this.#idle = resolve;
    await promise;
    clearTimeout(timer);
  }

  #startThread(): Worker {
    const { thread: workerData, environment, output } = this.#options;
    this.#loading = setTimeout(() => this.#timeOut(loadingMs / 1000), loadingMs);
    const thread = new Worker(lambdaThread, {
      name: workerData.component,
      workerData,
      env: { ...environment },
      stdout: true,
      stderr: true,
    });
    thread.stdout.on('data', (chunk: Buffer) => output.write(chunk));
    thread.stderr.on('data', (chunk: Buffer) => output.write(chunk));
    thread.on('message', (message: FromThread) => this.#hear(thread, message));
    thread.on('error', (error: Error) => this.#ended(thread, error));
    thread.on('exit', () => this.#ended(thread, new Error(`${workerData.component} ended of itself.`)));
    return thread;
  }

  #hear(thread: Worker, message: FromThread): void {
    if (message.kind === 'ready' && thread === this.#thread) this.#loaded();
    if (message.kind === 'done') this.#take(message.id)?.resolve(message.result);
    else if (message.kind === 'failed')
      this.#take(message.id)?.reject(
        Object.assign(new Error(message.error.message), { name: message.error.name }),
      );
    else this.#options.onMessage(message);
  }

  #loaded(): void {
    clearTimeout(this.#loading);
    this.#loading = undefined;
    for (const [id, pending] of this.#pending) this.#begin(id, pending);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    clearTimeout(pending?.timer);
    if (this.#pending.size === 0) this.#idle?.();
    return pending;
  }

  #timeOut(afterSeconds: number): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#ended(thread, new Error(`Task timed out after ${afterSeconds.toFixed(2)} seconds`));
    void thread.terminate();
  }

  /** Only the thread in use matters: one that timed out was replaced already. */
  #ended(thread: Worker, error: Error): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    clearTimeout(this.#loading);
    this.#options.output.write(
      `${JSON.stringify({ level: 'ERROR', message: error.message, stack: error.stack })}\n`,
    );
    this.#failAll(error);
  }

  #failAll(error: Error): void {
    for (const id of this.#pending.keys()) this.#take(id)?.reject(error);
  }
}
