/** Status and diagnostic words of one recipient in a report (RFC 3463, RFC 3464 section 2.3). */
import type { FailureClass, Owed, Recipient } from '../spool/records.ts';

export type Action = Owed;

const ofFailure: Record<FailureClass, string> = {
  transfer: '5.0.0',
  delivery: '5.2.0',
  expiration: '5.4.7',
  domain: '5.1.2',
  user: '5.1.1',
  size: '5.3.4',
  restriction: '5.7.1',
  delay: '4.0.0',
};

/** What the remote host said where it fits the action, else what our own finding means. */
export function statusOf(recipient: Recipient): string {
  const action = recipient.owes ?? 'failed';
  if (action === 'delivered' || action === 'relayed' || action === 'expanded') return '2.0.0';
  const said = /^(?:[45]\d\d[ -])?([45]\.\d{1,3}\.\d{1,3})\b/.exec(recipient.reply ?? '')?.[1];
  const digit = action === 'delayed' ? '4' : '5';
  if (said?.startsWith(digit) === true) return said;
  if (action === 'delayed') return '4.0.0';
  if (recipient.reply?.includes('not unique') === true) return '5.1.4';
  if (recipient.reply?.includes('loop') === true) return '5.4.6';
  return ofFailure[recipient.failure ?? 'transfer'];
}

/** `smtp; 550 5.1.1 No such user` for a remote host's words, `X-Notes; …` for ours. */
export function diagnosticOf(recipient: Recipient): string | undefined {
  if (recipient.reply === undefined || recipient.reply === '') return undefined;
  return `${recipient.replyBy ?? 'X-Notes'}; ${oneLine(recipient.reply).slice(0, longestLine)}`;
}

/** A line of a message takes 998 octets (RFC 5322 section 2.1.1), and a reply may be one long word. */
const longestLine = 900;

export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ').trim();
}

/** The sentence for the reader: why, without codes where it is ours. */
export function reasonOf(recipient: Recipient): string {
  if (recipient.reply !== undefined && recipient.reply !== '') return oneLine(recipient.reply);
  return defaults[recipient.failure ?? 'transfer'];
}

const defaults: Record<FailureClass, string> = {
  transfer: 'The message could not be transferred',
  delivery: 'The message could not be delivered',
  expiration: 'The message could not be delivered before its time ran out',
  domain: 'No route found to the domain',
  user: 'User not listed in Domino Directory',
  size: 'The message is too large',
  restriction: 'Message rejected for policy reasons',
  delay: 'The message is still waiting',
};
