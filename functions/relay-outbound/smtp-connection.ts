/**
 * One TCP connection to another mail server: bytes out, replies in, and the turn to TLS. It knows no dialogue.
 *
 * Every wait has an end: the time given (RFC 5321 section 4.5.3.2), cut short by what is left of the invocation. A
 * connection that is lost, refused or too slow is one error, `ConnectionLost`, whose sentence can be shown to people.
 */
import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Target } from '../../mail/relay/hosts.ts';
import { isLoopback } from '../../mail/relay/networks.ts';
import { ReplyReader, type RemoteReply } from '../../mail/relay/replies.ts';
import { factsOf, type TlsFacts } from './tls-facts.ts';
import type { Way } from './way.ts';

/** Milliseconds, after RFC 5321 section 4.5.3.2; connecting and the handshake as mail servers commonly have them. */
export const standardTimeouts = {
  connect: 30_000,
  handshake: 60_000,
  greeting: 300_000,
  command: 300_000,
  data: 120_000,
  block: 180_000,
  finalDot: 600_000,
  quit: 5_000,
} as const;
export type Timeouts = Readonly<Record<keyof typeof standardTimeouts, number>>;

export interface ConnectionLimits {
  readonly timeouts: Timeouts;
  /** Milliseconds left before everything must be closed. */
  readonly remaining: () => number;
  readonly way?: Way;
}

/** NAT gateways forget a silent connection after 350 s. */
const keepAliveDelay = 60_000;

/** Far more than commands are ever on their way; a host that talks on does not fill our memory. */
const mostUnread = 1_000;

export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/** Trust and identity for TLS; the rest is the target's. */
export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'key' | 'cert'>;

type Waiter = { readonly resolve: (reply: RemoteReply) => void; readonly reject: (error: Error) => void };

export class SmtpConnection {
  readonly target: Target;
  /** Milliseconds left before everything must be closed. */
  readonly #remaining: () => number;
  readonly #reader = new ReplyReader();
  readonly #replies: RemoteReply[] = [];
  #socket: Socket;
  #waiter: Waiter | undefined;
  #lost: ConnectionLost | undefined;

  private constructor(target: Target, socket: Socket, remaining: () => number) {
    this.target = target;
    this.#socket = socket;
    this.#remaining = remaining;
    this.#listen();
  }

  /** A connection to the target; throws ConnectionLost. */
  static async open(target: Target, { timeouts, remaining, way }: ConnectionLimits): Promise<SmtpConnection> {
    if (way?.given === true) throw new ConnectionLost('this side has left');
    const socket = connectTcp({
      host: target.address,
      port: target.port,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveDelay,
      noDelay: true,
    });
    const connection = new SmtpConnection(target, socket, remaining);
    way?.holds(() => connection.destroy());
    await connection.#until(once(socket, 'connect'), timeouts.connect, 'no connection');
    return connection;
  }

  get isOpen(): boolean {
    return this.#lost === undefined && this.#socket.writable;
  }

  /** The other side is this machine. */
  get isHere(): boolean {
    const { address } = this.target;
    return isLoopback(address) || this.#socket.localAddress === this.#socket.remoteAddress;
  }

  /** A reply has come that nobody asked for yet. */
  get hasReply(): boolean {
    return this.#replies.length > 0;
  }

  write(data: string | Buffer): void {
    if (this.isOpen) this.#socket.write(data);
  }

  async command(line: string, timeout: number): Promise<RemoteReply> {
    this.write(`${line}\r\n`);
    return this.reply(timeout);
  }

  /** The next reply, in order; one that came before the connection was lost still counts. */
  async reply(timeout: number): Promise<RemoteReply> {
    const first = this.#replies.shift();
    if (first !== undefined) return first;
    if (this.#lost !== undefined) throw this.#lost;
    const { promise, resolve, reject } = Promise.withResolvers<RemoteReply>();
    const time = this.#within(timeout);
    const timer = setTimeout(() => this.#abandon(`no reply within ${seconds(time)} s`), time);
    this.#waiter = { resolve, reject };
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends bytes of the body; resolves when the peer takes more. */
  async send(chunk: Buffer, timeout: number): Promise<void> {
    if (this.#lost !== undefined) throw this.#lost;
    if (!this.#socket.write(chunk)) await this.#until(once(this.#socket, 'drain'), timeout, 'no progress');
  }

  /** Turns to TLS. The certificate is looked at, not insisted on: whoever needs it verified reads the facts. */
  async secure(options: TlsOptions, { handshake }: Timeouts): Promise<TlsFacts> {
    const { host, literal } = this.target;
    this.#socket.removeAllListeners('data').removeAllListeners('close');
    this.#reader.reset();
    this.#replies.length = 0;
    const identity = literal ? { checkServerIdentity: () => undefined } : { servername: host };
    const tls = begin({ ...options, ...identity, socket: this.#socket, rejectUnauthorized: false });
    this.#socket = tls;
    this.#listen();
    await this.#until(once(tls, 'secureConnect'), handshake, 'no TLS handshake');
    return factsOf(tls, host);
  }

  destroy(): void {
    this.#abandon('this side closed it');
  }

  #abandon(why: string): void {
    this.#lose(why);
    this.#socket.destroy();
  }

  #within(timeout: number): number {
    return Math.max(0, Math.min(timeout, this.#remaining()));
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('error', (error) => this.#lose(wordsOf(error), error));
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => this.#lose('the other side closed it'));
  }

  #take(chunk: Buffer): void {
    try {
      this.#replies.push(...this.#reader.read(chunk));
      if (this.#replies.length > mostUnread) throw new Error('it sends replies without end');
    } catch (error) {
      this.#lose((error as Error).message, error);
      this.#socket.destroy();
    }
    const first = this.#waiter && this.#replies.shift();
    if (first === undefined) return;
    this.#waiter?.resolve(first);
    this.#waiter = undefined;
  }

  #lose(why: string, cause?: unknown): void {
    this.#lost ??= new ConnectionLost(why, { cause });
    this.#waiter?.reject(this.#lost);
    this.#waiter = undefined;
  }

  /** The first of: what is waited for, the loss of the connection, the end of the time given. */
  async #until<T>(event: Promise<T>, timeout: number, what: string): Promise<T> {
    const time = this.#within(timeout);
    const socket = this.#socket;
    const { promise: ended, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new ConnectionLost(`${what} within ${seconds(time)} s`)), time);
    const onClose = (): void => reject(this.#lost ?? new ConnectionLost('the other side closed it'));
    socket.once('close', onClose);
    try {
      return await Promise.race([event, ended]);
    } catch (error) {
      const lost =
        error instanceof ConnectionLost ? error : new ConnectionLost(wordsOf(error), { cause: error });
      this.#lost ??= lost;
      socket.destroy();
      throw lost;
    } finally {
      clearTimeout(timer);
      socket.removeListener('close', onClose);
      event.catch(() => undefined);
    }
  }
}

/** OpenSSL's message has a thread, a code, and a file of its source about the reason. */
function wordsOf(error: unknown): string {
  const { message, reason } = error as Error & { readonly reason?: string };
  return reason ?? message;
}

/** A key or certificate that cannot be read throws here. */
function begin(options: ConnectionOptions): TLSSocket {
  try {
    return connectTls(options);
  } catch (cause) {
    throw new ConnectionLost(`TLS cannot begin with the key and certificate given: ${wordsOf(cause)}`, {
      cause,
    });
  }
}

function seconds(milliseconds: number): string {
  return String(Math.round(milliseconds / 100) / 10);
}
