/** STARTTLS (RFC 3207). What the peer sent ahead in clear is dropped with the parser that holds it. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import {
  badSequence503,
  notImplemented502,
  startTls220,
  syntaxError501,
} from '../mail/reply/session-replies.ts';
import { say, type Answer } from './answer.ts';
import type { Dialogue, Tls } from './dialogue.ts';
import { offersTls } from './hello.ts';

export function startTls(dialogue: Dialogue, argument: string): Answer {
  const settings = dialogue.house.latest;
  if (argument !== '') return say(syntaxError501('STARTTLS takes no argument'));
  if (dialogue.tls !== undefined) return say(badSequence503);
  if (settings === undefined || !offersTls(dialogue, settings)) return say(notImplemented502);
  return { reply: startTls220, then: 'start-tls' };
}

export function tlsOf(socket: Socket): Tls | undefined {
  if (!(socket instanceof TLSSocket)) return undefined;
  return { version: socket.getProtocol() ?? 'unknown', cipher: socket.getCipher().standardName };
}
