/**
 * One SMTP session as a state machine without a socket: a command line in, an answer out (RFC 5321 section 4.1).
 * Knows who the peer is, whether it has said hello, logged in and begun a transaction; the verbs are in files of
 * their own. What a verb throws is temporary: 451, and the cause goes to the log.
 */
import { isUtf8 } from 'node:buffer';
import type { RefusalReason } from '../aws/metric-names.ts';
import { DirectoryUnavailable } from '../mail/directory/directory.ts';
import type { Settings } from '../mail/directory/settings.ts';
import type { ListenerPort } from '../mail/envelope/envelope.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { peerOf, settledPeer, type Peer } from '../mail/policy/peer.ts';
import type { Connection } from '../mail/policy/stages.ts';
import type { Because, Verdict } from '../mail/policy/verdict.ts';
import { DnsUnavailable } from '../mail/relay/doors.ts';
import { directoryUnavailable451, dnsUnavailable451, localError451 } from '../mail/reply/message-replies.ts';
import { line as replyLine, reply, type Reply } from '../mail/reply/reply.ts';
import { badSequence503, lineTooLong500, quit221, unknownCommand500 } from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { House } from './house.ts';
import { reasonOf } from './refusal-reason.ts';
import type { Transaction } from './transaction.ts';
import { verbs } from './verbs.ts';

export interface Tls {
  readonly version: string;
  readonly cipher: string;
}

export interface Hello {
  readonly name: string;
  readonly esmtp: boolean;
}

/** Whom the session is with: the socket's peer, or the one that a proxy named. */
export interface Party {
  readonly address: string;
  /** What a trusted proxy said: a confirmed host name, or null for none. Absent: look it up. */
  readonly name?: string | null;
  /** The proxy could not look it up. */
  readonly nameFailed?: true;
}

export interface DialogueStart {
  readonly house: House;
  readonly id: string;
  readonly port: ListenerPort;
  readonly party: Party;
  readonly tls?: Tls;
}

/** A web page can make a browser send what it likes to any port, but only in HTTP. */
const isHttp = /^(?:OPTIONS|GET|HEAD|POST|PUT|DELETE|TRACE|CONNECT|PRI) \S+ HTTP\/\d/i;
const badCharacters500: Reply = reply(
  500,
  '5.2',
  'Syntax error: a command line holds UTF-8 text without controls',
);

export class Dialogue {
  readonly house: House;
  readonly id: string;
  readonly port: ListenerPort;
  /** The peer that connected, or that a PROXY header named; XCLIENT changes `party`, not this. */
  readonly connected: Party;
  party: Party;
  peer: Peer;
  tls: Tls | undefined;
  hello: Hello | undefined;
  auth: string | undefined;
  transaction: Transaction | undefined;
  /** What the connection rules said; undefined: they have not run for this party. */
  connection: Connection | undefined;
  /** The next line belongs to an exchange that a verb began. */
  continuation: ((line: string) => Promise<Answer>) | undefined;
  turnedAway = false;
  counted: string | undefined;
  #gone = false;

  constructor(start: DialogueStart) {
    this.house = start.house;
    this.id = start.id;
    this.port = start.port;
    this.connected = start.party;
    this.party = start.party;
    this.tls = start.tls;
    this.peer = this.#peerOf(start.party);
  }

  async command(line: Buffer): Promise<Answer> {
    if (!isClean(line)) return this.#unreadable(badCharacters500);
    const text = line.toString('utf8');
    try {
      return await this.#perform(text);
    } catch (cause) {
      return say(this.unexpected(cause));
    }
  }

  tooLong(): Answer {
    return this.#unreadable(lineTooLong500);
  }

  /** It may have been meant for a challenge: that exchange is over (RFC 4954 section 4). */
  #unreadable(refusal: Reply): Answer {
    this.continuation = undefined;
    return say(this.turnedAway ? badSequence503 : refusal);
  }

  #perform(text: string): Promise<Answer> | Answer {
    const space = text.search(/\s/);
    const verb = (space === -1 ? text : text.slice(0, space)).toUpperCase();
    const argument = space === -1 ? '' : text.slice(space).trim();
    if (this.turnedAway) return verb === 'QUIT' ? this.quit() : say(badSequence503);
    const { continuation } = this;
    const perform = verbs.get(verb);
    if (perform !== undefined && continuation === undefined) return perform(this, argument);
    if (isHttp.test(text)) return { reply: unknownCommand500, then: 'close' };
    this.continuation = undefined;
    return continuation === undefined ? say(unknownCommand500) : continuation(text);
  }

  /** What is not understood is temporary; what could not be asked has a reply of its own. */
  unexpected(cause: unknown): Reply {
    if (cause instanceof DirectoryUnavailable) return directoryUnavailable451;
    if (cause instanceof DnsUnavailable) return dnsUnavailable451;
    this.house.doors.log.fault('A command could not be carried out', cause, { session: this.id });
    return localError451;
  }

  context(settings: Settings): PolicyContext {
    const { resolver, doors } = this.house;
    return {
      settings,
      directory: doors.directory,
      resolver,
      session: { port: this.port, peer: this.peer, auth: this.auth },
    };
  }

  quit(): Answer {
    return { reply: quit221(this.house.hostName), then: 'close' };
  }

  /** Forgets what the peer said so far (RFC 3207 section 4.2; XCLIENT). */
  forget(): void {
    this.hello = undefined;
    this.auth = undefined;
    this.transaction = undefined;
    this.continuation = undefined;
  }

  secured(tls: Tls): void {
    this.forget();
    this.tls = tls;
  }

  /** From here on the session is with somebody else. */
  handOver(party: Party): void {
    this.leave();
    this.forget();
    this.party = party;
    this.connection = undefined;
    this.peer = this.#peerOf(party);
  }

  /** Counts this session; its number among those of the party. One that is already gone is not counted. */
  enter(): number {
    this.leave();
    if (this.#gone) return 0;
    this.counted = this.party.address;
    return this.house.enter(this.counted);
  }

  leave(): void {
    if (this.counted !== undefined) this.house.leave(this.counted);
    this.counted = undefined;
  }

  closed(): void {
    this.#gone = true;
    this.leave();
    this.transaction?.abandon();
    this.transaction = undefined;
  }

  /** Keeps what the connection rules said, and tells the log, once, whom lists name. */
  took(connection: Connection): void {
    if (connection === this.connection) return;
    this.connection = connection;
    const { log } = this.house.doors;
    for (const { list, action, entry } of connection.hits)
      if (action === 'unusable')
        log.fault('A DNS list is unusable', new Error(`No sensible answer from ${entry}.`));
      else log.listed({ session: this.id, peer: this.party.address, list, action, entry });
  }

  /** Tells the log of a refusal that policy, a limit or the armour gave. */
  refusal(stage: string, answer: Reply, why: { reason: RefusalReason; because?: Because }): void {
    const { because } = why;
    const fields = { session: this.id, peer: this.party.address, stage, reason: why.reason };
    this.house.doors.log.refused({ ...fields, reply: replyLine(answer), ...(because && { because }) });
  }

  /** Tells the log why policy did not accept. */
  refused(verdict: Exclude<Verdict, { outcome: 'accept' }>, stage: string): void {
    const { because } = verdict;
    this.refusal(stage, verdict.reply, { reason: reasonOf(verdict), ...(because && { because }) });
  }

  #peerOf({ address, name, nameFailed }: Party): Peer {
    if (!nameFailed) return peerOf(address, this.house.resolver, name);
    const hostName = (): Promise<never> =>
      Promise.reject(new DnsUnavailable(`The proxy could not look up the name of ${address}.`));
    return { ...settledPeer(address), hostName };
  }
}

/** Controls have no place in commands: they would reach logs, replies and header fields. */
function isClean(line: Buffer): boolean {
  for (let at = 0; at < line.length; at++) {
    const octet = line[at]!;
    if ((octet < 0x20 && octet !== 0x09) || octet === 0x7f) return false;
  }
  return isUtf8(line);
}
