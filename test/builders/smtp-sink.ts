/**
 * A mail server on loopback that remembers everything and answers as it is told. By default it takes all mail.
 *
 *     await using sink = await smtpSink({ script: { 'RCPT bob@there.example': ['450 4.2.1 later'] } });
 *     … send to sink.port … ; const [message] = await sink.received(1);
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** Lines of a reply (`\n` between them), or what the server does instead: `hang up`, `say nothing`. */
export type Answer = string;

export interface SinkOptions {
  readonly host?: string;
  readonly port?: number;
  readonly extensions?: readonly string[];
  /** Offers STARTTLS; with `atOnce` TLS begins with the connection. */
  readonly tls?: {
    readonly key: string;
    readonly cert: string;
    readonly atOnce?: boolean;
    readonly asksForCertificate?: boolean;
    /** Knows no more than TLS 1.1. */
    readonly old?: boolean;
  };
  readonly login?: { readonly username: string; readonly password: string };
  /** SASL mechanisms that are offered with a login. */
  readonly mechanisms?: string;
  /**
   * Answers by command: `greeting`, `EHLO`, `MAIL`, `RCPT`, `RCPT bob@there.example`, `DATA`, `body` (as soon as a
   * byte of it has come), `.`, `QUIT`… A list is used up one by one, then the default holds.
   */
  readonly script?: Readonly<Record<string, Answer | readonly Answer[]>>;
}

export interface SunkMessage {
  readonly connection: number;
  readonly helo: string;
  readonly tls: boolean;
  readonly user?: string;
  /** Name on the client's certificate, where one was asked for and shown. */
  readonly shown?: string;
  readonly from: string;
  readonly parameters: readonly string[];
  readonly recipients: readonly { readonly address: string; readonly parameters: readonly string[] }[];
  /** Without the dots of the transfer. */
  readonly body: Buffer;
  /** As they came, the final dot included. */
  readonly wire: Buffer;
}

const defaultExtensions = ['PIPELINING', 'SIZE 52428800', '8BITMIME', 'SMTPUTF8', 'DSN'];

export async function smtpSink(options: SinkOptions = {}): Promise<SmtpSink> {
  const sink = new SmtpSink(options);
  await sink.listen();
  return sink;
}

export class SmtpSink {
  readonly messages: SunkMessage[] = [];
  /** What clients said, line by line, `connection: line`; credentials as they were. */
  readonly commands: string[] = [];
  readonly options: SinkOptions;
  connections = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #used = new Map<string, number>();
  #waiters: (() => void)[] = [];

  constructor(options: SinkOptions) {
    this.options = options;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  get open(): number {
    return this.#sockets.size;
  }

  async listen(): Promise<void> {
    this.#server.listen(this.options.port ?? 0, this.options.host ?? '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Resolves when this many messages have come; all of them. */
  async received(count: number): Promise<SunkMessage[]> {
    while (this.messages.length < count) await this.#change();
    return this.messages;
  }

  /** Resolves when the address got a message. */
  async receivedFor(address: string): Promise<void> {
    const has = (): boolean =>
      this.messages.some(({ recipients }) => recipients.some((one) => one.address === address));
    while (!has()) await this.#change();
  }

  /** The script's answer to a command, the next of its list; undefined: the default. */
  scripted(...names: string[]): Answer | undefined {
    for (const name of names) {
      const answers = this.options.script?.[name];
      if (typeof answers === 'string') return answers;
      const n = this.#used.get(name) ?? 0;
      const answer = answers?.[n];
      if (answer === undefined) continue;
      this.#used.set(name, n + 1);
      return answer;
    }
    return undefined;
  }

  heard(line: string): void {
    this.commands.push(line);
    this.#changed();
  }

  take(message: SunkMessage): void {
    this.messages.push(message);
    this.#changed();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #welcome(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    new Conversation(this, socket, this.connections).begin();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push(resolve);
    });
  }

  #changed(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}

interface Draft {
  from: string;
  parameters: string[];
  recipients: { address: string; parameters: string[] }[];
}

const lineEnd = Buffer.from('\r\n');

class Conversation {
  readonly #sink: SmtpSink;
  readonly #number: number;
  #socket: Socket;
  #rest = Buffer.alloc(0);
  #body: Buffer[] = [];
  #mode: 'commands' | 'body' | 'password' = 'commands';
  #helo = '';
  #tls = false;
  #user: string | undefined;
  #named = '';
  #draft: Draft | undefined;

  constructor(sink: SmtpSink, socket: Socket, number: number) {
    this.#sink = sink;
    this.#socket = socket;
    this.#number = number;
  }

  begin(): void {
    if (this.#sink.options.tls?.atOnce === true) this.#secure();
    else this.#listen();
    this.#answer(this.#sink.scripted('greeting') ?? '220 sink.example ESMTP');
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#read();
    });
  }

  #secure(): void {
    const { tls } = this.#sink.options;
    if (tls === undefined) return void this.#socket.destroy();
    const { key, cert, asksForCertificate: requestCert = false, old = false } = tls;
    this.#socket.removeAllListeners('data');
    this.#rest = Buffer.alloc(0);
    const secureContext = createSecureContext({
      key,
      cert,
      ...(old && { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }),
    });
    this.#socket = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext,
      requestCert,
      rejectUnauthorized: false,
    });
    this.#socket.on('error', () => undefined);
    this.#tls = true;
    this.#listen();
  }

  #read(): void {
    for (;;) {
      if (this.#mode === 'body') {
        if (!this.#readBody()) return;
        continue;
      }
      const end = this.#rest.indexOf('\r\n');
      if (end === -1) return;
      const line = this.#rest.subarray(0, end).toString('utf8');
      this.#rest = this.#rest.subarray(end + 2);
      this.#sink.heard(`${this.#number}: ${line}`);
      if (this.#mode === 'password') this.#password(line);
      else this.#command(line);
    }
  }

  /** Looks at the bytes that have come since the last time only: bodies may be large. */
  #readBody(): boolean {
    const early = this.#rest.length > 0 ? this.#sink.scripted('body') : undefined;
    if (early !== undefined) this.#answer(early);
    const chunk = this.#rest;
    const tail = Buffer.concat([
      this.#body.length === 0 ? lineEnd : Buffer.concat(this.#body.slice(-5)).subarray(-4),
      chunk,
    ]);
    const before = tail.length - chunk.length;
    const found = tail.indexOf('\r\n.\r\n');
    const taken = found === -1 ? chunk : chunk.subarray(0, found + 5 - before);
    if (taken.length > 0) this.#body.push(taken);
    this.#rest = chunk.subarray(taken.length);
    if (found === -1) return false;
    const wire = Buffer.concat(this.#body);
    this.#body = [];
    this.#mode = 'commands';
    this.#finish(wire);
    return true;
  }

  #finish(wire: Buffer): void {
    const draft = this.#draft!;
    this.#draft = undefined;
    const answer = this.#sink.scripted('.') ?? '250 2.0.0 Ok: queued as SINK';
    if (answer.startsWith('2'))
      this.#sink.take({
        ...draft,
        connection: this.#number,
        helo: this.#helo,
        tls: this.#tls,
        ...(this.#user === undefined ? {} : { user: this.#user }),
        ...this.#certificate(),
        body: Buffer.from(wire.subarray(0, -3).toString('latin1').replaceAll(/^\./gm, ''), 'latin1'),
        wire,
      });
    this.#sink.heard(`${this.#number}: .`);
    this.#answer(answer);
  }

  #certificate(): Pick<SunkMessage, 'shown'> {
    if (!(this.#socket instanceof TLSSocket)) return {};
    const name = this.#socket.getPeerX509Certificate()?.subject;
    return name === undefined ? {} : { shown: name.replace(/^CN=/, '') };
  }

  #command(line: string): void {
    const verb = line.split(/[ :]/, 1)[0]!.toUpperCase();
    const address = /<(.*)>/.exec(line)?.[1] ?? '';
    const scripted = this.#sink.scripted(`${verb} ${address}`, verb);
    if (scripted !== undefined && !/^[23]/.test(scripted)) return this.#answer(scripted);
    const answer = this.#act(verb, line, address);
    if (verb === 'DATA' && (scripted ?? answer).startsWith('354')) this.#mode = 'body';
    this.#answer(scripted ?? answer);
    if (verb === 'STARTTLS' && (scripted ?? answer).startsWith('220')) this.#secure();
    if (verb === 'QUIT') this.#socket.end();
  }

  #act(verb: string, line: string, address: string): Answer {
    const parameters = line
      .replace(/^[^>]*>/, '')
      .split(' ')
      .filter(Boolean);
    if (verb === 'EHLO' || verb === 'HELO') return this.#hello(verb, line);
    if (verb === 'STARTTLS') return '220 2.0.0 go ahead';
    if (verb === 'AUTH') return this.#auth(line);
    if (verb === 'MAIL') this.#draft = { from: address, parameters, recipients: [] };
    if (verb === 'RCPT') this.#draft?.recipients.push({ address, parameters });
    if (verb === 'RSET') this.#draft = undefined;
    if (verb === 'QUIT') return '221 2.0.0 bye';
    if (verb !== 'DATA') return '250 2.0.0 Ok';
    return this.#draft?.recipients.length ? '354 go ahead' : '503 5.5.1 no valid recipients';
  }

  #hello(verb: string, line: string): Answer {
    this.#helo = line.slice(5);
    if (verb === 'HELO') return '250 sink.example';
    const { tls, login, mechanisms = 'PLAIN LOGIN', extensions = defaultExtensions } = this.#sink.options;
    const offered = [
      ...extensions,
      ...(tls !== undefined && !this.#tls ? ['STARTTLS'] : []),
      ...(login === undefined ? [] : [`AUTH ${mechanisms}`]),
    ];
    return ['sink.example', ...offered]
      .map((word, n) => `250${n === offered.length ? ' ' : '-'}${word}`)
      .join('\n');
  }

  #auth(line: string): Answer {
    const [, mechanism, initial] = line.split(' ');
    if (mechanism === 'LOGIN') {
      this.#mode = 'password';
      this.#named = '';
      return `334 ${Buffer.from('Username:').toString('base64')}`;
    }
    const [, username, password] = decode(initial ?? '').split('\0');
    return this.#login(username ?? '', password ?? '');
  }

  #password(line: string): void {
    if (this.#named === '') {
      this.#named = decode(line);
      return this.#answer(`334 ${Buffer.from('Password:').toString('base64')}`);
    }
    this.#mode = 'commands';
    this.#answer(this.#login(this.#named, decode(line)));
  }

  #login(username: string, password: string): Answer {
    const { login } = this.#sink.options;
    if (username !== login?.username || password !== login.password)
      return '535 5.7.8 wrong name or password';
    this.#user = username;
    return '235 2.7.0 welcome';
  }

  #answer(answer: Answer): void {
    if (answer === 'hang up') this.#socket.destroy();
    else if (answer !== 'say nothing') this.#socket.write(`${answer.replaceAll('\n', '\r\n')}\r\n`);
  }
}

function decode(base64: string): string {
  return Buffer.from(base64, 'base64').toString('utf8');
}
