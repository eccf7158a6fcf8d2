/**
 * One SMTP port: smtp-server with our way to a session. A connection is accepted where the documents have the port
 * open, says who it speaks for where it is a load balancer (PROXY header), shakes hands where TLS comes first, and
 * becomes a conversation. The port opens and closes as documents change, and keeps its number.
 */
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { SMTPServer } from 'smtp-server';
import type { SMTPConnection } from 'smtp-server/lib/smtp-connection.js';
import type { ListenerPort } from '../mail/envelope/envelope.ts';
import { plainAddress } from '../mail/policy/peer.ts';
import { isTrustedAddress, needsProxyHeader } from './admission.ts';
import { Conversation } from './conversation.ts';
import type { House } from './house.ts';
import { readProxyHeader, type NamedPeer, type ProxyHeader } from './proxy-header.ts';
import type { KeyAndCertificate } from './self-signed.ts';

export interface SmtpPortOptions {
  readonly house: House;
  readonly name: ListenerPort;
  readonly host: string;
  /** 0: any free one; the port keeps it. */
  readonly port: number;
  readonly certificate: KeyAndCertificate;
  /** RFC 5321 section 4.5.3.2.7: five minutes. */
  readonly idleSeconds: number;
}

/** In all, before a session begins: the PROXY header and the TLS handshake, in seconds; the handshake of STARTTLS too. */
const longestPrelude = 30;

export class SmtpPort extends SMTPServer {
  readonly #own: SmtpPortOptions;
  #number: number;

  constructor(own: SmtpPortOptions) {
    super({
      secure: own.name === 'smtps',
      ...own.certificate,
      // Nobody sees it; without one smtp-server asks the system for each connection.
      name: 'postern',
      minVersion: 'TLSv1.2',
      logger: false,
      socketTimeout: own.idleSeconds * 1000,
      // Who has sent everything and closed its half still gets its replies.
      allowHalfOpen: true,
    });
    this.#own = own;
    this.#number = own.port;
    this.server.removeAllListeners('connection');
    this.server.on('connection', (socket: Socket) => void this.#welcome(socket));
    // A connection that breaks is its peer's affair.
    this.on('error', () => undefined);
  }

  get number(): number {
    return this.#number;
  }

  get isOpen(): boolean {
    return this.server.listening;
  }

  async open(): Promise<void> {
    if (this.isOpen) return;
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ port: this.#number, host: this.#own.host }, () => {
        this.server.off('error', reject);
        resolve();
      });
    });
    this.#number = (this.server.address() as AddressInfo).port;
  }

  /** No new connections; sessions end when they have nothing under way. */
  shut(): void {
    if (this.isOpen) this.server.close();
    for (const socket of this._pendingSockets.values()) socket.destroy();
    this.retire();
  }

  /** Sessions end when they have nothing under way; tells, when asked, whether one of them is left. */
  retire(): () => boolean {
    const running = [...this.connections];
    for (const connection of running) if (connection instanceof Conversation) connection.retire();
    return () => running.some((connection) => this.connections.has(connection));
  }

  /** In milliseconds. */
  get handshakePatience(): number {
    return Math.min(longestPrelude, this.#own.idleSeconds) * 1000;
  }

  /** Every socket is gone, those that only wait for their peer's FIN too. */
  async closed(): Promise<void> {
    while ((await this.#openSockets()) > 0) await pause(20);
  }

  destroyAll(): void {
    for (const connection of this.connections) connection._socket.destroy();
  }

  #openSockets(): Promise<number> {
    return new Promise((resolve) => this.server.getConnections((_error, count) => resolve(count ?? 0)));
  }

  override connect(socket: Socket, named?: { remoteAddress?: string | undefined } | null): void {
    const { house, name } = this.#own;
    const address = named?.remoteAddress ?? plainAddress(socket.remoteAddress ?? '');
    const conversation: SMTPConnection = new Conversation(this, socket, {
      house,
      port: name,
      party: { address },
    });
    this.connections.add(conversation);
    conversation.on('error', () => undefined);
    conversation.init();
  }

  async #welcome(socket: Socket): Promise<void> {
    const release = this._acceptSocket(socket, true);
    if (release === false) return;
    socket.on('error', ignore);
    const deadline = setTimeout(() => this.#giveUp(socket), this.handshakePatience);
    try {
      const ready = await this.#usher(socket);
      release();
      if (ready === undefined || ready.socket.destroyed) return;
      this.connect(ready.socket, ready.named);
    } catch {
      release();
      socket.destroy();
    } finally {
      clearTimeout(deadline);
    }
  }

  #giveUp(socket: Socket): void {
    this._pendingSockets.get(socket)?.destroy();
    socket.destroy();
  }

  async #usher(socket: Socket): Promise<{ socket: Socket; named?: { remoteAddress: string } } | undefined> {
    const settings = await this.#own.house.knownSettings();
    const { server } = settings ?? {};
    if (server !== undefined && !(server.smtpListener && server.ports[this.#own.name].enabled)) {
      socket.destroy();
      return undefined;
    }
    const address = plainAddress(socket.remoteAddress ?? '');
    const proxied = settings !== undefined && needsProxyHeader(address, settings);
    const peer = proxied ? await proxyHeader(socket) : undefined;
    const named = peer && { named: { remoteAddress: peer.address } };
    if (this.#own.name !== 'smtps') return { socket, ...named };
    const from = peer?.address ?? address;
    if (settings !== undefined && isTrustedAddress(from, settings))
      return { socket: await this.#shakeHands(socket), ...named };
    return { socket: await this.#shakeHandsInTurn(socket, from), ...named };
  }

  /** A handshake is work for us, and counts as the session it leads to. */
  async #shakeHandsInTurn(socket: Socket, peer: string): Promise<Socket> {
    const { house } = this.#own;
    const most = house.latest?.server.maximumSessionsPerHost ?? Infinity;
    try {
      if (house.enter(peer) > most) throw new Error(`${peer} has too many sessions.`);
      return await this.#shakeHands(socket);
    } finally {
      house.leave(peer);
    }
  }

  #shakeHands(socket: Socket): Promise<Socket> {
    return new Promise((resolve, reject) => {
      this._upgrade(socket, (error, secured) => {
        if (secured === undefined) reject(error ?? new Error('The TLS handshake failed.'));
        else resolve(secured);
      });
    });
  }
}

/** Until there is a session, a connection that breaks concerns nobody. */
function ignore(): void {}

/** Reads the header off the socket; what follows it goes back. Rejects where there is none. */
function proxyHeader(socket: Socket): Promise<NamedPeer | undefined> {
  return new Promise((resolve, reject) => {
    let octets: Buffer = Buffer.alloc(0);
    const settle = (read: ProxyHeader): void => {
      socket.off('readable', onReadable).off('close', onGone).off('end', onGone);
      if (read.outcome !== 'header') return reject(new Error('The load balancer sent no PROXY header.'));
      const rest = octets.subarray(read.length);
      if (rest.length > 0) socket.unshift(rest);
      resolve(read.peer);
    };
    const onGone = (): void => settle({ outcome: 'none' });
    const onReadable = (): void => {
      for (
        let chunk = socket.read() as Buffer | null;
        chunk !== null;
        chunk = socket.read() as Buffer | null
      ) {
        octets = Buffer.concat([octets, chunk]);
        const read = readProxyHeader(octets);
        if (read.outcome !== 'more') return settle(read);
      }
    };
    socket.on('readable', onReadable).on('close', onGone).on('end', onGone);
  });
}
