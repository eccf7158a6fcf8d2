/**
 * Builds the Received field of an accepted message (RFC 5321 section 4.4, with-words of RFC 3848 and RFC 6531).
 * Says no release of ours; what the peer said of itself cannot forge a clause.
 */
import { fieldWord, foldField, hostWord } from './field-text.ts';

export interface ReceivedFacts {
  /** What the peer said in HELO or EHLO; `esmtp`: it said EHLO. */
  readonly helo: string;
  readonly esmtp: boolean;
  readonly peer: string;
  /** The forward-confirmed host name. */
  readonly hostName?: string | undefined;
  readonly tls?: { readonly version: string; readonly cipher: string } | undefined;
  readonly authenticated: boolean;
  readonly smtpUtf8: boolean;
  /** Our own host name and the message's id. */
  readonly by: string;
  readonly id: string;
  /** The recipient, only where there is exactly one: others must not learn of each other. */
  readonly recipient?: string | undefined;
  readonly date: Date;
}

export function received(facts: ReceivedFacts): string {
  const tls = facts.tls && [`(${fieldWord(facts.tls.version)}`, `${fieldWord(facts.tls.cipher)})`];
  const to = facts.recipient === undefined ? [] : ['for', `<${pathText(facts.recipient)}>`];
  const from = ['from', hostWord(facts.helo), ...peerWords(facts), 'by', facts.by];
  const words = [...from, 'with', withWord(facts), ...(tls ?? []), 'id', facts.id, ...to];
  return foldField('Received', [...words.slice(0, -1), `${words.at(-1)};`, mailDate(facts.date)]);
}

/** RFC 3848 and RFC 6531 section 4.3: UTF8SMTP replaces ESMTP; S: TLS, A: authenticated. */
export function withWord(facts: Pick<ReceivedFacts, 'esmtp' | 'smtpUtf8' | 'tls' | 'authenticated'>): string {
  if (!facts.esmtp && !facts.smtpUtf8 && !facts.tls && !facts.authenticated) return 'SMTP';
  const base = facts.smtpUtf8 ? 'UTF8SMTP' : 'ESMTP';
  return `${base}${facts.tls ? 'S' : ''}${facts.authenticated ? 'A' : ''}`;
}

/** RFC 5322 section 3.3, in UTC. */
export function mailDate(date: Date): string {
  return date.toUTCString().replace('GMT', '+0000');
}

function peerWords(facts: ReceivedFacts): string[] {
  const literal = facts.peer.includes(':') ? `[IPv6:${facts.peer}]` : `[${facts.peer}]`;
  return facts.hostName === undefined ? [`(${literal})`] : [`(${hostWord(facts.hostName)}`, `${literal})`];
}

function pathText(address: string): string {
  return /^[!-;=?-~]*$/.test(address) ? address : address.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}<>]/gu, '?');
}
