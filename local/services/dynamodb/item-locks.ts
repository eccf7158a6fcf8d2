/**
 * Locks by item: writes to one item follow each other, writes to others run beside them. Several locks are
 * taken in the order of their names, so that two transactions never wait for each other.
 */
export class ItemLocks {
  readonly #last = new Map<string, Promise<void>>();

  async hold<T>(names: readonly string[], work: () => Promise<T>): Promise<T> {
    const releases: (() => void)[] = [];
    try {
      for (const name of [...new Set(names)].sort()) releases.push(await this.#take(name));
      return await work();
    } finally {
      for (const release of releases) release();
    }
  }

  async #take(name: string): Promise<() => void> {
    const before = this.#last.get(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#last.set(name, promise);
    await before;
    return () => {
      if (this.#last.get(name) === promise) this.#last.delete(name);
      resolve();
    };
  }
}
