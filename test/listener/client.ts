/** A plain SMTP client for tests: sends what it is told, reads replies line by line, fails after ten seconds of silence. */
import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

const silence = 10_000;

/** Resolves when the socket is closed, be it by a reset. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once('close', () => resolve()));
}

export class Client {
  socket: Socket;
  #text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.socket = socket;
    this.#listen();
  }

  #listen(): void {
    this.socket.setNoDelay(true);
    this.socket.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString('utf8');
      this.#wake();
    });
    this.socket.on('error', () => undefined);
    for (const event of ['end', 'close'] as const)
      this.socket.on(event, () => {
        this.#ended = true;
        this.#wake();
      });
  }

  /** The next line without its CRLF; undefined: the server closed. */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#text.indexOf('\r\n');
      if (end !== -1) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        return line;
      }
      if (this.#ended) return undefined;
      await this.#more();
    }
  }

  /** A whole reply, its lines joined with a line feed. */
  async reply(): Promise<string | undefined> {
    const lines: string[] = [];
    for (;;) {
      const line = await this.line();
      if (line === undefined) return lines.length === 0 ? undefined : lines.join('\n');
      lines.push(line);
      if (line[3] !== '-') return lines.join('\n');
    }
  }

  send(text: string | Buffer): void {
    this.socket.write(text);
  }

  /** Sends a line and reads its reply. */
  async ask(line: string): Promise<string> {
    this.send(`${line}\r\n`);
    return (await this.reply()) ?? 'closed';
  }

  /** Several lines, each answered in turn; the replies. */
  async askAll(...lines: string[]): Promise<string[]> {
    const replies: string[] = [];
    for (const line of lines) replies.push(await this.ask(line));
    return replies;
  }

  async deliver(message: string | Buffer): Promise<string> {
    await this.ask('DATA');
    this.send(message);
    return this.ask(message.at(-1) === '\n' || message.at(-1) === 10 ? '.' : '\r\n.');
  }

  /** Takes the connection to TLS; what was buffered in clear is forgotten. */
  async secure(): Promise<void> {
    this.socket.removeAllListeners();
    this.#text = '';
    this.socket = connectTls({ socket: this.socket, rejectUnauthorized: false });
    await once(this.socket, 'secureConnect');
    this.#listen();
  }

  /** All that comes until the server closes. */
  async rest(): Promise<string[]> {
    const lines: string[] = [];
    for (let line = await this.line(); line !== undefined; line = await this.line()) lines.push(line);
    return lines;
  }

  close(): void {
    this.socket.destroy();
  }

  async #more(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new Error(`The server says nothing. Unread: ${this.#text}`)), silence);
    });
    clearTimeout(timer);
  }
}

export async function connect(port: number): Promise<Client> {
  const socket = connectPlain(port, '127.0.0.1');
  await once(socket, 'connect');
  return new Client(socket);
}

/** TLS from the first octet. */
export async function connectSecurely(port: number): Promise<Client> {
  const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  return new Client(socket);
}

/** Greeted, and past EHLO. */
export async function greeted(port: number): Promise<Client> {
  const client = await connect(port);
  await client.reply();
  await client.ask('EHLO client.example');
  return client;
}

/** Up to the reply of DATA. */
export async function inData(port: number, to = 'alice@acme.example'): Promise<Client> {
  const client = await greeted(port);
  await client.askAll('MAIL FROM:<sender@there.example>', `RCPT TO:<${to}>`, 'DATA');
  return client;
}
