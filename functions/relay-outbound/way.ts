/**
 * Lets a worker that others need leave an attempt at a slow host, as long as the host cannot have the message: its
 * connection is closed, and the message waits untried. From the final dot on the attempt is seen through.
 */
export class Way {
  #leave: (() => void) | undefined;
  #drop: (() => void) | undefined;
  #given = false;

  /** Nothing more may be begun: the worker has left. */
  get given(): boolean {
    return this.#given;
  }

  /** Whoever holds a connection is told to close it when the worker leaves. */
  holds(drop: () => void): void {
    this.#drop = drop;
  }

  /** The final dot is about to be sent. */
  commit(): void {
    this.#leave = undefined;
  }

  /** What `send` comes to; `gave way` as soon as the worker leaves, whatever `send` still waits for then. */
  async attempt<T>(send: () => Promise<T>): Promise<T | 'gave way'> {
    const { promise, resolve } = Promise.withResolvers<'gave way'>();
    this.#leave = () => resolve('gave way');
    try {
      return await Promise.race([send(), promise]);
    } finally {
      this.#leave = undefined;
    }
  }

  giveWay(): void {
    const leave = this.#leave;
    if (leave === undefined) return;
    this.#given = true;
    this.#drop?.();
    leave();
  }
}
