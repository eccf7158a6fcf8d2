/** The listener in a thread of its own. When it dies it is started again on the same ports, as ECS would. */
import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Ports } from './options.ts';
import { portSentence } from './port-sentence.ts';
import type { FromListener, ListenerData } from './listener-messages.ts';
import { Refusal } from './sentence.ts';
import type { FromThread } from './thread-messages.ts';
import type { Writable } from 'node:stream';

export interface ListenerOptions {
  readonly data: ListenerData;
  readonly environment: Readonly<Record<string, string>>;
  readonly output: Writable;
  readonly onMessage: (message: FromThread) => void;
  readonly onFault: (what: string, cause: unknown) => void;
}

const listenerThread = new URL('listener-thread.ts', import.meta.url);
const pauseBeforeRestartMs = 500;

export class ListenerWorker {
  readonly #options: ListenerOptions;
  #ports: Ports;
  #thread: Worker | undefined;
  #listening = false;
  #stopping = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#ports = options.data.ports;
  }

  /** Loads the listener, which listens when it is told to. */
  warm(): void {
    this.#thread ??= this.#startThread();
  }

  /** Resolves with the ports once they answer; rejects with a sentence when one cannot be had. */
  async start(): Promise<Ports> {
    this.#ports = await this.#listen();
    return this.#ports;
  }

  /** Lets running sessions finish. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const thread = this.#thread;
    if (thread === undefined) return;
    if (this.#listening) {
      const ended = new Promise((resolve) => thread.once('exit', resolve));
      tell(thread, 'stop');
      await Promise.race([ended, pause(graceMs, undefined, { ref: false })]);
    }
    await thread.terminate();
  }

  #startThread(): Worker {
    const { data, environment, output, onFault } = this.#options;
    const thread = new Worker(listenerThread, {
      name: 'listener',
      workerData: { ...data, ports: this.#ports },
      env: { ...environment },
      stdout: true,
      stderr: true,
    });
    thread.stdout.on('data', (chunk: Buffer) => output.write(chunk));
    thread.stderr.on('data', (chunk: Buffer) => output.write(chunk));
    thread.on('error', (error: Error) => onFault('The listener ended with an error.', error));
    thread.once('exit', () => this.#exited(thread));
    return thread;
  }

  #listen(): Promise<Ports> {
    const thread = (this.#thread ??= this.#startThread());
    tell(thread, 'start');
    return new Promise((resolve, reject) => {
      thread.on('message', (message: FromListener) => this.#hear(message, resolve, reject));
      thread.once('error', reject);
      thread.once('exit', () => reject(new Error('The listener ended before it listened.')));
    });
  }

  #hear(message: FromListener, resolve: (ports: Ports) => void, reject: (error: Error) => void): void {
    if (message.kind === 'listening') {
      this.#listening = true;
      resolve(message.ports);
    } else if (message.kind === 'refused') reject(new Refusal(portSentence(message, this.#ports)));
    else this.#options.onMessage(message);
  }

  #exited(thread: Worker): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    const died = this.#listening && !this.#stopping;
    this.#listening = false;
    if (died) void this.#restart();
  }

  /** Until it listens again: a port may be taken for a moment. */
  async #restart(): Promise<void> {
    while (!this.#stopping) {
      await pause(pauseBeforeRestartMs);
      try {
        await this.#listen();
        return;
      } catch (error) {
        this.#options.onFault('The listener did not start again.', error);
        await this.#thread?.terminate();
      }
    }
  }
}

function tell(thread: Worker, kind: 'start' | 'stop'): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
  thread.postMessage({ kind });
}
