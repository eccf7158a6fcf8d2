/** What a verb gives back: a reply, and what happens to the connection after it. */
import type { Reply } from '../mail/reply/reply.ts';

/** Takes the octets of one message; answers at its real end. */
export interface Intake {
  /** A promise where the sender has to wait until the octets have a place. */
  write(octets: Buffer): Promise<void> | undefined;
  end(unclean: boolean): Promise<Answer>;
  /** The reply to a sender whose message was refused long ago and does not end. */
  hopeless(): Reply | undefined;
}

export interface Answer {
  readonly reply: Reply;
  readonly then?: 'close' | 'start-tls' | 'refuse-all';
  /** After 354: where the message goes. */
  readonly data?: Intake;
}

export function say(reply: Reply): Answer {
  return { reply };
}

/** The octets of a reply, one line each; the enhanced code stands on every line (RFC 2034 section 4). */
export function wireText({ code, enhanced, text }: Reply): string {
  const words = enhanced === undefined ? '' : `${enhanced} `;
  if (!text.includes('\n')) return `${code} ${words}${text}\r\n`;
  const lines = text.split('\n');
  return lines.map((line, n) => `${code}${n < lines.length - 1 ? '-' : ' '}${words}${line}\r\n`).join('');
}
