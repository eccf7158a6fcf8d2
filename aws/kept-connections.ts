/**
 * HTTP/1.1 to one service over connections that are kept, one request at a time on each and a bounded number of them:
 * node:http's client and its agent cost three times as much (docs/measured.md). An exchange that is not plainly a
 * success rejects, takes its connection along and sends away those that wait for one; what became of its request
 * nobody knows. No redirects, no repeats, no proxies. TLS holds the certificate against the host's name, as
 * everywhere in Node.
 */
import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { readAnswer, type HttpAnswer } from './http-answer.ts';

export interface Host {
  readonly protocol: 'http:' | 'https:';
  readonly hostname: string;
  readonly port: number;
  /** In place of those that Node trusts; tests set it. */
  readonly ca?: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly path: string;
  /** `host` and `content-length` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface Bounds {
  readonly most: number;
  /** Without an octet from the service: for an answer, and for a connection without a request. */
  readonly patience: number;
}

const usual: Bounds = { most: 256, patience: 10_000 };
const none = Buffer.alloc(0);

interface Call {
  readonly head: string;
  readonly body: Uint8Array;
  readonly resolve: (body: Buffer) => void;
  readonly reject: (cause: unknown) => void;
}

export class KeptConnections {
  readonly #host: Host;
  readonly #bounds: Bounds;
  readonly #idle: Connection[] = [];
  #waiting: Call[] = [];
  #open = 0;
  /** Of TLS: spares the next connection half its handshake. */
  #session: Buffer | undefined;

  constructor(host: Host, bounds: Bounds = usual) {
    this.#host = host;
    this.#bounds = bounds;
  }

  /** The body of a 200. */
  exchange(request: HttpRequest): Promise<Buffer> {
    const head = headOf(request);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ head, body: request.body, resolve, reject });
      this.#proceed();
    });
  }

  #proceed(): void {
    while (this.#waiting.length > 0) {
      const connection = this.#idle.pop() ?? this.#another();
      if (connection === undefined) return;
      connection.carry(this.#waiting.shift()!);
    }
  }

  #another(): Connection | undefined {
    if (this.#open >= this.#bounds.most) return undefined;
    this.#open += 1;
    const connection = new Connection(this.#socket(), this.#bounds.patience, {
      free: () => {
        this.#idle.push(connection);
        this.#proceed();
      },
      gone: (cause) => this.#lost(connection, cause),
    });
    return connection;
  }

  #lost(connection: Connection, cause: Error | undefined): void {
    this.#open -= 1;
    const at = this.#idle.indexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    if (cause === undefined) return this.#proceed();
    for (const { reject } of this.#waiting.splice(0)) reject(cause);
  }

  #socket(): Socket {
    const { protocol, hostname: host, port, ca } = this.#host;
    if (protocol === 'http:') return connect({ host, port, noDelay: true });
    const servername = isIP(host) === 0 ? host : '';
    const session = this.#session && { session: this.#session };
    const trust = ca !== undefined && { ca };
    const options = { host, port, servername, ALPNProtocols: ['http/1.1'], ...trust, ...session };
    return connectTls(options)
      .setNoDelay(true)
      .on('session', (given: Buffer) => (this.#session = given));
  }
}

interface Owner {
  free(): void;
  /** Undefined: the service closed it after its answer, as it said. */
  gone(cause: Error | undefined): void;
}

class Connection {
  readonly #socket: Socket;
  readonly #owner: Owner;
  #call: Call | undefined;
  #octets: Buffer = none;
  #isGone = false;

  constructor(socket: Socket, patience: number, owner: Owner) {
    this.#socket = socket;
    this.#owner = owner;
    const closed = (): void => this.#fail(new Error('The service closed the connection.'));
    socket
      .setTimeout(patience)
      .on('timeout', () => this.#fail(new Error('The service gave no answer in time.')))
      .on('error', (cause) => this.#fail(cause))
      .on('end', closed)
      .on('close', closed)
      .on('data', (octets: Buffer) => this.#take(octets));
  }

  carry(call: Call): void {
    this.#call = call;
    this.#socket.ref();
    this.#socket.cork();
    this.#socket.write(call.head, 'latin1');
    this.#socket.write(call.body);
    this.#socket.uncork();
  }

  #take(octets: Buffer): void {
    try {
      if (this.#call === undefined) throw new Error('The service answered what it was not asked.');
      this.#octets = this.#octets.length === 0 ? octets : Buffer.concat([this.#octets, octets]);
      const answer = readAnswer(this.#octets);
      if (answer !== undefined) this.#answered(this.#call, answer);
    } catch (cause) {
      this.#fail(cause as Error);
    }
  }

  #answered(call: Call, { body, closes }: HttpAnswer): void {
    this.#call = undefined;
    this.#octets = none;
    call.resolve(body);
    if (closes) return this.#leave(undefined);
    // A connection without a request keeps no process alive.
    this.#socket.unref();
    this.#owner.free();
  }

  #fail(cause: Error): void {
    this.#call?.reject(cause);
    this.#leave(cause);
  }

  #leave(cause: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#call = undefined;
    this.#socket.destroy();
    this.#owner.gone(cause);
  }
}

const printable = /^[\x20-\x7e]*$/;

function headOf({ method, path, headers }: HttpRequest): string {
  let head = `${method} ${path} HTTP/1.1\r\n`;
  for (const [name, value] of Object.entries(headers)) {
    if (!printable.test(value)) throw new Error(`The header ${name} holds what no header may hold.`);
    head += `${name}: ${value}\r\n`;
  }
  return `${head}\r\n`;
}
