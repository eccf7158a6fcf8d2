/**
 * Mail servers on loopback, each at an address of its own and all at one port, well or not: what a gateway meets that
 * sends to many domains. They note for which recipient a message was taken, and how often.
 */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { nameOf } from './names.ts';

export const ills = ['refuses', 'says 421', 'says 554', 'says 450', 'never greets', 'slow', 'drops'] as const;
export type Manner = 'well' | (typeof ills)[number];

const slowMilliseconds = 4_000;
const ehlo = '250-host.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n';
const end = '\r\n.\r\n';

/** When each recipient's message was taken, in order. */
export type Taken = Map<string, number[]>;

export class Host {
  readonly address: string;
  readonly domain: string;
  manner: Manner;
  /** Connections that came. */
  connections = 0;
  readonly #taken: Taken;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;

  constructor(n: number, manner: Manner, taken: Taken) {
    this.address = `127.1.${n >> 8}.${n & 255}`;
    this.domain = nameOf(this.address);
    this.manner = manner;
    this.#taken = taken;
  }

  /** Answers at the port, 0 for any; one that refuses does not listen. Gives the port. */
  async open(port: number): Promise<number> {
    if (this.manner === 'refuses') return port;
    this.#server = createServer({ noDelay: true }, (socket) => this.#converse(socket));
    this.#server.listen({ port, host: this.address, backlog: 1024 });
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  close(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.destroy();
  }

  /** As after a restart: well, its connections gone. */
  async mend(port: number): Promise<void> {
    this.close();
    this.manner = 'well';
    await this.open(port);
  }

  #converse(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => undefined);
    if (this.manner === 'never greets') return;
    if (this.manner === 'says 421') return void socket.end('421 4.3.2 Not now\r\n');
    if (this.manner === 'says 554') return void socket.end('554 5.3.2 No mail here\r\n');
    const say = this.#sayer(socket);
    say('220 host.example ESMTP\r\n');
    let input = '';
    let inData = false;
    let recipient = '';
    socket.on('data', (chunk: Buffer) => {
      input += chunk.toString('latin1');
      for (let at = nextEnd(); at !== -1 && !socket.destroyed; at = nextEnd()) {
        if (inData && this.manner === 'drops') socket.destroy();
        else hear(at);
      }
    });
    const nextEnd = (): number => input.indexOf(inData ? end : '\r\n');
    const hear = (at: number): void => {
      const line = input.slice(0, at);
      input = input.slice(at + (inData ? end.length : 2));
      const taken = inData ? recipient : undefined;
      recipient = /^RCPT TO:<([^>]*)>/i.exec(line)?.[1] ?? recipient;
      const reply = inData ? '250 2.0.0 Taken\r\n' : this.#answer(line, recipient);
      inData = reply.startsWith('354');
      // An empty message ends with the line end that the DATA line brought.
      if (inData) input = `\r\n${input}`;
      say(reply, taken);
      if (reply.startsWith('221')) socket.end();
    };
  }

  #answer(line: string, recipient: string): string {
    const verb = line.slice(0, 4).toUpperCase();
    if (verb === 'EHLO') return ehlo;
    if (verb === 'QUIT') return '221 2.0.0 Bye\r\n';
    if (this.manner === 'says 450' && (verb === 'RCPT' || verb === 'DATA'))
      return `450 4.2.1 Not now for ${recipient}\r\n`;
    return verb === 'DATA' ? '354 Go on\r\n' : '250 2.0.0 Yes\r\n';
  }

  /** A message whose reply is not out when the host is mended has not been taken: it comes again, and rightly. */
  #take(recipient: string | undefined): void {
    if (recipient === undefined) return;
    const times = this.#taken.get(recipient) ?? [];
    times.push(performance.now());
    this.#taken.set(recipient, times);
  }

  /** One reply after the other, each late where the host is slow; the one to a message says for whom it was. */
  #sayer(socket: Socket): (reply: string, taken?: string) => void {
    const say = (reply: string, taken: string | undefined): void => {
      if (socket.destroyed) return;
      socket.write(reply);
      this.#take(taken);
    };
    if (this.manner !== 'slow') return say;
    let free = 0;
    return (reply, taken) => {
      free = Math.max(free, performance.now()) + slowMilliseconds;
      setTimeout(() => say(reply, taken), free - performance.now());
    };
  }
}
