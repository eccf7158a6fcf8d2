/**
 * A load of our own, for machines without Postfix: as many sessions as asked, one message after the other, replies
 * waited for. Ends with 1 at the first reply that is no success.
 *
 *     node bench/client.ts PORT SIZE MESSAGES SESSIONS KEPT
 */
import { connect, type Socket } from 'node:net';
import { messageOf } from './message.ts';
import { recipient, sender } from './load.ts';

const [port, size, messages, sessions, kept] = process.argv.slice(2).map(Number) as [
  number,
  number,
  number,
  number,
  number,
];
const body = `${messageOf(size)}.\r\n`;
let left = messages;

class Session {
  readonly #socket: Socket;
  #octets = '';
  #waiting: ((reply: string) => void) | undefined;

  constructor() {
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.setEncoding('latin1').on('data', (text: string) => this.#take(text));
    this.#socket.on('close', () => this.#waiting?.('421 closed'));
  }

  async say(words: string, expected: string): Promise<void> {
    if (words !== '') this.#socket.write(words);
    const reply = await new Promise<string>((resolve) => {
      this.#waiting = resolve;
      this.#take('');
    });
    if (reply.startsWith(expected)) return;
    console.error(`After ${JSON.stringify(words.slice(0, 60))}: ${reply}`);
    process.exit(1);
  }

  end(): void {
    this.#socket.end();
  }

  #take(text: string): void {
    this.#octets += text;
    const whole = /^(?:\d{3}-.*\r\n)*\d{3}(?: .*)?\r\n/.exec(this.#octets)?.[0];
    if (whole === undefined || this.#waiting === undefined) return;
    this.#octets = this.#octets.slice(whole.length);
    const resolve = this.#waiting;
    this.#waiting = undefined;
    resolve(whole);
  }
}

async function run(): Promise<void> {
  let session: Session | undefined;
  while (left-- > 0) {
    if (session === undefined) {
      session = new Session();
      await session.say('', '220');
      await session.say('EHLO load.bench.invalid\r\n', '250');
    }
    await session.say(`MAIL FROM:<${sender}>\r\n`, '250');
    await session.say(`RCPT TO:<${recipient}>\r\n`, '250');
    await session.say('DATA\r\n', '354');
    await session.say(body, '250');
    if (kept === 1) continue;
    await session.say('QUIT\r\n', '221');
    session.end();
    session = undefined;
  }
  await session?.say('QUIT\r\n', '221');
  session?.end();
}

await Promise.all(Array.from({ length: sessions }, run));
