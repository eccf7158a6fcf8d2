/**
 * A TCP load balancer as small as it can be: new connections go round its targets; one that is taken out gets no new
 * ones, and keeps those it has.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export class Balancer {
  /** Connections that a target refused or cut before it had said a word. */
  readonly failures: string[] = [];
  readonly #targets: number[] = [];
  readonly #open = new Map<number, Set<Socket>>();
  readonly #server = createServer((client) => this.#pass(client));
  #next = 0;
  #drained: () => void = () => undefined;

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  register(port: number): void {
    this.#targets.push(port);
    this.#open.set(port, new Set());
  }

  deregister(port: number): void {
    this.#targets.splice(this.#targets.indexOf(port), 1);
  }

  /** Resolves when the target has no connection left. */
  async drained(port: number): Promise<void> {
    while ((this.#open.get(port)?.size ?? 0) > 0)
      await new Promise<void>((resolve) => (this.#drained = resolve));
  }

  async close(): Promise<void> {
    const closed = once(this.#server.close(), 'close');
    for (const sockets of this.#open.values()) for (const socket of sockets) socket.destroy();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #pass(client: Socket): void {
    const port = this.#targets[this.#next++ % this.#targets.length] ?? 0;
    const target = connect(port, '127.0.0.1');
    const open = this.#open.get(port);
    open?.add(client);
    target.on('error', (error) => this.#failed(client, target, error));
    target.on('close', () => {
      if (target.bytesRead === 0 && !client.destroyed) this.failures.push(`${port} said nothing`);
      client.destroySoon();
    });
    client.on('error', () => target.destroy());
    client.on('close', () => {
      open?.delete(client);
      target.destroySoon();
      this.#drained();
    });
    client.pipe(target).pipe(client);
  }

  #failed(client: Socket, target: Socket, error: Error): void {
    if (target.bytesRead === 0) this.failures.push(error.message);
    client.destroy();
  }
}
