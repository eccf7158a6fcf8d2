/**
 * What became of recipients in an attempt: the other host's reply, or a sentence of our own, as results for the spool.
 * 2xx is relayed, 5xx failed, everything else waits: what we do not understand is temporary.
 */
import type { FailureClass } from '../spool/records.ts';
import type { RecipientResult, SendRecipient } from './doors.ts';
import { isPermanent, isPositive, replyText, type RemoteReply } from './replies.ts';

type Recipients = readonly Pick<SendRecipient, 'address'>[];

export interface Said {
  readonly reply: string;
  readonly replyBy: RecipientResult['replyBy'];
  readonly remote?: string;
}

/** Our own sentence, about a host or none. */
export function ourWords(reply: string, remote?: string): Said {
  return { reply, replyBy: 'X-Notes', ...(remote === undefined ? {} : { remote }) };
}

export function theirWords(reply: RemoteReply, remote: string): Said {
  return { reply: replyText(reply), replyBy: 'smtp', remote };
}

export function waiting(recipients: Recipients, said: Said): RecipientResult[] {
  return recipients.map(({ address }) => ({ address, outcome: 'waiting', ...said }));
}

export function failed(
  recipients: Recipients,
  said: Said,
  failure: FailureClass = 'transfer',
): RecipientResult[] {
  return recipients.map(({ address }) => ({ address, outcome: 'failed', ...said, failure }));
}

export type Command = 'MAIL' | 'RCPT' | 'DATA' | 'end of data';

/** What a refusal of a command means for these recipients. */
export function refused(
  recipients: Recipients,
  reply: RemoteReply,
  at: { readonly remote: string; readonly command: Command },
): RecipientResult[] {
  const said = theirWords(reply, at.remote);
  // RFC 5321 section 4.5.3.1.10: 552 to RCPT says "too many recipients", which is temporary.
  const crowded = at.command === 'RCPT' && reply.code === 552;
  if (!isPermanent(reply) || crowded) return waiting(recipients, said);
  return failed(recipients, said, classOf(reply, at.command));
}

/** The reply to the final dot, for everybody whom RCPT accepted. */
export function answered(
  recipients: Recipients,
  reply: RemoteReply,
  at: { readonly remote: string; readonly dsn: boolean },
): RecipientResult[] {
  if (!isPositive(reply)) return refused(recipients, reply, { remote: at.remote, command: 'end of data' });
  const said = theirWords(reply, at.remote);
  return recipients.map(({ address }) => ({ address, outcome: 'relayed', ...said, dsn: at.dsn }));
}

/** RFC 3463: x.1.1 and x.1.2 name the address, x.3.4 and 552 the size. */
function classOf(reply: RemoteReply, command: Command): FailureClass {
  const text = replyText(reply);
  if (/^\d{3} 5\.3\.4\b/.test(text) || (reply.code === 552 && command !== 'RCPT')) return 'size';
  if (command === 'RCPT' && /^\d{3} 5\.1\.1\b/.test(text)) return 'user';
  if (/^\d{3} 5\.1\.2\b/.test(text)) return 'domain';
  return 'transfer';
}
