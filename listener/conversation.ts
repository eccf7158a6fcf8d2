/**
 * smtp-server's connection with our parts in it: our parser, our dialogue, our replies. What stays its own is the
 * socket: STARTTLS, closing, time-outs. Commands are answered in order, one at a time; a chunk of them gets its
 * replies in one write (RFC 2920 section 3.2).
 */
import type { Socket } from 'node:net';
import { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { SMTPStream } from 'smtp-server/lib/smtp-stream.js';
import { inServer } from '../mail/policy/ruling.ts';
import type { Reply } from '../mail/reply/reply.ts';
import { notGreeted421, stopping421, timedOut421, tooManyErrors421 } from '../mail/reply/session-replies.ts';
import { talkedFirst554 } from '../mail/reply/session-replies.ts';
import { admit } from './admission.ts';
import { wireText, type Answer, type Intake } from './answer.ts';
import { Dialogue, type DialogueStart } from './dialogue.ts';
import { randomId } from './house.ts';
import { InputParser } from './input-parser.ts';
import type { SmtpPort } from './smtp-port.ts';
import { tlsOf } from './start-tls.ts';

/** documents.md: after a refusal in place of the greeting, 503 until QUIT, 5 s at most. */
const patienceWithRefused = 5_000;
/** Replies gathered before they are written, in characters: a peer that does not read them waits. */
const mostUnsaid = 16 * 1024;
/** Sessions with replies for the end of this turn of the event loop; one that has said them by then says nothing. */
const unsaid: Conversation[] = [];

/** Bounds of the Server document that end a session here. */
type Limit = 'greetingDelaySeconds' | 'errorLimit';

export class Conversation extends SMTPConnection {
  readonly dialogue: Dialogue;
  readonly #port: SmtpPort;
  #errors = 0;
  /** Replies of this turn of the event loop, which leave together. */
  #unsaid = '';
  /** A command or the end of data is being worked on. */
  #busy = false;
  #ending = false;

  constructor(port: SmtpPort, socket: Socket, start: Omit<DialogueStart, 'id' | 'tls'>) {
    super(port, socket, { remoteAddress: start.party.address, id: randomId() });
    this.#port = port;
    const tls = tlsOf(socket);
    this.dialogue = new Dialogue({ ...start, id: this.id, ...(tls && { tls }) });
  }

  override init(): void {
    this._socket.on('close', (hadError) => this._onCloseEvent(hadError));
    this._socket.on('error', (error) => this._onError(error));
    this._armTimeout();
    void this.#greet().catch((cause: unknown) => this.#cannotGreet(cause));
  }

  override _createParser(): SMTPStream {
    const parser = new InputParser({
      command: (line, done) => this.#work(() => this.dialogue.command(line), done),
      tooLong: (done) => this.#work(() => Promise.resolve(this.dialogue.tooLong()), done),
    });
    // The peer has sent its last; what it asked for is answered by now.
    parser.on('finish', () => this.close());
    // smtp-server pipes into it and closes it, and asks nothing else of it.
    return parser as unknown as SMTPStream;
  }

  get #parser(): InputParser | undefined {
    return this._parser === false ? undefined : (this._parser as unknown as InputParser);
  }

  /** Replies that smtp-server makes itself. */
  override send(code: number, text?: string | string[] | null): void {
    this.answer({ code, text: [text ?? ''].flat().join('\n') });
  }

  answer(reply: Reply): void {
    // Nothing is written between the reply to STARTTLS and the end of the handshake.
    if (!this._upgrading && this._socket.writable) this.#sayLater(wireText(reply));
    if (reply.code === 421) this.close();
  }

  override close(): void {
    this.#ending = true;
    this.#sayNow();
    super.close();
  }

  override _onTimeout(): void {
    if (this._closing) this._socket.destroy();
    else if (this.#busy) this._armTimeout();
    else this.answer(timedOut421);
  }

  override _onClose(): void {
    this.dialogue.closed();
    super._onClose();
  }

  /** The listener stops: now where nothing is under way, else when the message that is coming in has its reply. */
  retire(): void {
    if (!this.#busy && !this.#inData && !this._upgrading) this.#endNow();
  }

  get #inData(): boolean {
    return this.#parser?.inData ?? false;
  }

  async #greet(): Promise<void> {
    this.#busy = true;
    const seconds = this.#limit('greetingDelaySeconds') ?? 0;
    if (seconds > 0 && (await this.#talksFirst(seconds * 1000))) {
      this.#refuse('connect', talkedFirst554, 'greetingDelaySeconds');
      this.#carryOut({ reply: talkedFirst554, then: 'refuse-all' });
    } else this.#carryOut(await admit(this.dialogue));
    this.#busy = false;
    this._ready = true;
    // It was admitted when the stop began, which ends idle sessions only once.
    if (this.dialogue.house.stopping) this.#endNow();
    if (!this.#ending && this._parser !== false) this._socket.pipe(this._parser);
  }

  /** Nothing reads the socket before the greeting, so that what came early is still there. */
  async #talksFirst(patience: number): Promise<boolean> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, patience);
      this._socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
    });
    return this._socket.readableLength > 0;
  }

  #work(perform: () => Promise<Answer>, done: () => void): void {
    if (this._upgrading || this.#ending) return done();
    this.#busy = true;
    void this.#finish(perform, done);
  }

  /** Answers; `done` when the peer may send on: a peer that does not read its replies waits. */
  async #finish(perform: () => Promise<Answer>, done: () => void): Promise<void> {
    try {
      const answer = await perform();
      this.#busy = false;
      this.#count(answer);
    } catch (cause) {
      this.#busy = false;
      this.#failed(cause);
    }
    if (this.dialogue.house.stopping && !this.#inData) this.#endNow();
    this._whenWritable(done);
  }

  /** Refused commands are counted, DATA by its last reply; with the last one that is tolerated the session ends. */
  #count(answer: Answer): void {
    this.#carryOut(answer);
    if (answer.reply.code < 500 || this.dialogue.turnedAway) return;
    this.#errors += 1;
    if (this.#errors < (this.#limit('errorLimit') ?? Infinity) || this.#ending) return;
    this.#refuse('session', tooManyErrors421, 'errorLimit');
    this.answer(tooManyErrors421);
  }

  #limit(field: Limit): number | undefined {
    return this.dialogue.house.latest?.server[field];
  }

  #refuse(stage: string, answer: Reply, field: Limit): void {
    const { latest } = this.dialogue.house;
    const because = latest && inServer(latest, field, `${latest.server[field]}`);
    this.dialogue.refusal(stage, answer, { reason: 'protocol', ...(because && { because }) });
  }

  #carryOut({ reply, then, data }: Answer): void {
    this.answer(reply);
    if (data !== undefined) this.#takeIn(data);
    if (then === 'close') this.close();
    if (then === 'start-tls') this.#startTls();
    if (then === 'refuse-all') this.#turnAway();
  }

  #takeIn(data: Intake): void {
    this.#parser?.startData({
      write: (octets) => {
        const refusal = data.hopeless();
        if (refusal === undefined) return data.write(octets);
        this.answer(refusal);
        this.close();
        return undefined;
      },
      end: (unclean, done) => {
        this.#busy = true;
        void this.#finish(() => data.end(unclean), done);
      },
    });
  }

  #startTls(): void {
    this.#sayNow();
    const raw = this._socket;
    const deadline = setTimeout(() => raw.destroy(), this.#port.handshakePatience).unref();
    this.upgrade(
      () => undefined,
      () => {
        clearTimeout(deadline);
        const tls = tlsOf(this._socket);
        if (tls !== undefined) this.dialogue.secured(tls);
      },
    );
    raw.once('close', () => clearTimeout(deadline));
  }

  #turnAway(): void {
    this.dialogue.turnedAway = true;
    setTimeout(() => this._socket.destroy(), patienceWithRefused).unref();
  }

  #endNow(): void {
    if (!this.#ending) this.answer(stopping421(this.dialogue.house.hostName));
  }

  #cannotGreet(cause: unknown): void {
    this.dialogue.unexpected(cause);
    this.answer(notGreeted421(this.dialogue.house.hostName));
  }

  #failed(cause: unknown): void {
    this.answer(this.dialogue.unexpected(cause));
    this.close();
  }

  /** At the end of this turn of the event loop, after whatever other sockets brought: one write, few wake-ups. */
  #sayLater(words: string): void {
    if (this.#unsaid === '' && unsaid.push(this) === 1) setImmediate(() => Conversation.#sayAll());
    this.#unsaid += words;
    if (this.#unsaid.length >= mostUnsaid) this.#sayNow();
  }

  static #sayAll(): void {
    for (const conversation of unsaid.splice(0)) conversation.#sayNow();
  }

  #sayNow(): void {
    const words = this.#unsaid;
    if (words === '') return;
    this.#unsaid = '';
    if (!this._upgrading && this._socket.writable) this._socket.write(words);
  }
}
