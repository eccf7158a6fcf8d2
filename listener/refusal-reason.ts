/**
 * Why something was refused, in few words: the `reason` of the log line and the name of its metric (`Refused.<reason>`).
 * The list is closed and short, since each word is a time series of its own; the line's `because` has the details.
 */
import { directoryUnavailable451, dnsUnavailable451 } from '../mail/reply/message-replies.ts';
import type { Verdict } from '../mail/policy/verdict.ts';

export const refusalReasons = [
  'connection',
  'blacklist',
  'sessions',
  'auth',
  'sender',
  'recipient',
  'unknown-user',
  'relay',
  'size',
  'hops',
  'protocol',
  'storage',
  'spf',
  'dmarc',
  'rules',
  'unreadable',
] as const;

export type RefusalReason = (typeof refusalReasons)[number];

/** By the rule that ended the stage, as mail/policy names it. */
const byRule: Readonly<Record<string, RefusalReason>> = {
  'connection denied': 'connection',
  'connection allowed': 'connection',
  'host name': 'connection',
  'private blacklist': 'blacklist',
  'DNS blacklist': 'blacklist',
  authentication: 'auth',
  'authenticated sender': 'sender',
  'sender lists': 'sender',
  'sender domain': 'sender',
  'authenticated authors': 'sender',
  'number of recipients': 'recipient',
  'recipient lists': 'recipient',
  recipient: 'unknown-user',
  address: 'protocol',
  'relay lists': 'relay',
  size: 'size',
  'hop count': 'hops',
  SPF: 'spf',
  DMARC: 'dmarc',
  'mail rule': 'rules',
  'message content': 'protocol',
};

/** What could not be read is one reason, whichever rule asked: it is our trouble, not the peer's. */
export function reasonOf({ reply, steps }: Exclude<Verdict, { outcome: 'accept' }>): RefusalReason {
  if (reply === dnsUnavailable451 || reply === directoryUnavailable451) return 'unreadable';
  return byRule[steps.at(-1)?.rule ?? ''] ?? 'protocol';
}
