/** Why policy refused something: one of the few words of aws/metric-names.ts, by the rule that ended the stage. */
import type { RefusalReason } from '../aws/metric-names.ts';
import { directoryUnavailable451, dnsUnavailable451 } from '../mail/reply/message-replies.ts';
import type { Verdict } from '../mail/policy/verdict.ts';

/** Rules as mail/policy names them. */
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
