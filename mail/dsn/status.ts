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
  const digit = digits[action];
  const said = /^(?:[245]\d\d[ -])?([245]\.\d{1,3}\.\d{1,3})\b/.exec(recipient.reply ?? '')?.[1];
  if (said?.startsWith(digit) === true) return said;
  if (digit === '2') return '2.0.0';
  const found = findings.find(([words]) => recipient.reply?.includes(words) === true)?.[1];
  if (found !== undefined) return digit + found;
  return action === 'delayed' ? '4.0.0' : ofFailure[recipient.failure ?? 'transfer'];
}

const digits: Record<Action, '2' | '4' | '5'> = {
  failed: '5',
  delayed: '4',
  delivered: '2',
  relayed: '2',
  expanded: '2',
};

/** Subject and detail (RFC 3463) of what our own words say. */
const findings: readonly (readonly [string, string])[] = [
  ['not unique', '.1.4'],
  ['loop', '.4.6'],
  ['over its quota', '.2.2'],
  ['has low priority', '.4.5'],
];

/** `smtp; 550 5.1.1 No such user` for a remote host's words, `X-Notes; …` for ours, which say nothing of a success. */
export function diagnosticOf(recipient: Recipient): string | undefined {
  if (recipient.reply === undefined || recipient.reply === '') return undefined;
  if (digits[recipient.owes ?? 'failed'] === '2' && recipient.replyBy !== 'smtp') return undefined;
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
