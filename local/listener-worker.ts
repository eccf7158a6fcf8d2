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
  #stopping = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#ports = options.data.ports;
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
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port, not a window
    thread.postMessage({ kind: 'stop' });
    await Promise.race([ended, pause(graceMs, undefined, { ref: false })]);
    await thread.terminate();
  }

  #listen(): Promise<Ports> {
    const { data, environment, output } = this.#options;
    const thread = new Worker(listenerThread, {
      name: 'listener',
      workerData: { ...data, ports: this.#ports },
      env: { ...environment },
      stdout: true,
      stderr: true,
    });
    this.#thread = thread;
    thread.stdout.on('data', (chunk: Buffer) => output.write(chunk));
    thread.stderr.on('data', (chunk: Buffer) => output.write(chunk));
    return new Promise((resolve, reject) => {
      thread.on('message', (message: FromListener) => this.#hear(message, resolve, reject));
      thread.once('error', (error: Error) => {
        this.#options.onFault('The listener ended with an error.', error);
        reject(error);
      });
      thread.once('exit', () => this.#exited(thread));
    });
  }

  #hear(message: FromListener, resolve: (ports: Ports) => void, reject: (error: Error) => void): void {
    if (message.kind === 'listening') resolve(message.ports);
    else if (message.kind === 'refused') reject(new Refusal(portSentence(message, this.#ports)));
    else this.#options.onMessage(message);
  }

  #exited(thread: Worker): void {
    if (this.#thread !== thread) return;
    this.#thread = undefined;
    if (!this.#stopping && this.#ports !== this.#options.data.ports) void this.#restart();
  }

  async #restart(): Promise<void> {
    await pause(pauseBeforeRestartMs);
    if (this.#stopping) return;
    await this.#listen().catch((error: unknown) =>
      this.#options.onFault('The listener did not start again.', error),
    );
  }
}
