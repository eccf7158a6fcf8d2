/**
 * What a delivery becomes by an event of SES: who was relayed and has bounced has failed after all, and the sender is
 * owed a report; the rest is noted for the trace. The one way out of a final outcome (spool.md).
 */
import type { Delivery, Event, Recipient } from '../spool/records.ts';
import { later } from '../spool/keys.ts';
import { settled, type SettleContext } from '../spool/settle.ts';
import { atRest, owesAnything, reportWake, rested, unowed, withOwed } from '../spool/standing.ts';
import type { SesEvent, SesRecipient } from './ses-event.ts';

const keptEvents = 20;
/** Octets of a reply, and of all replies of a record, as settle.ts has them. */
const longestReply = 1024;
const allReplies = 32 * 1024;

/** Undefined: the record says so already, or it is about nobody in it. A record in work is not to be given here. */
export function afterSesEvent(
  delivery: Delivery,
  event: SesEvent,
  context: SettleContext,
): Delivery | undefined {
  const at = context.now.toISOString();
  const told = event.recipients.filter(({ address }) =>
    delivery.recipients.some((one) => same(one.address, address)),
  );
  const fresh = told.filter((one) => !isNoted(delivery.events, event, one));
  if (fresh.length === 0) return undefined;
  const { expiresAt: _, ...open } = delivery;
  const octets = Math.min(longestReply, Math.floor(allReplies / delivery.recipients.length));
  const next: Delivery = {
    ...open,
    version: delivery.version + 1,
    recipients: delivery.recipients.map((recipient) => afterWord(recipient, fresh, { at, octets })),
    events: [...delivery.events, ...fresh.map((one) => noteOf(event, one, at))].slice(-keptEvents),
  };
  const failed = next.recipients.some((one, n) => one.outcome !== delivery.recipients[n]!.outcome);
  return failed ? standing(next, context) : { ...delivery, version: next.version, events: next.events };
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** SNS delivers at least once. */
function isNoted(events: readonly Event[], event: SesEvent, { address, reply }: SesRecipient): boolean {
  return events.some(
    (one) => one.outcome === event.kind && same(one.recipient ?? '', address) && one.reply === cut(reply),
  );
}

function noteOf({ kind }: SesEvent, { address, reply }: SesRecipient, at: string): Event {
  return { at, stage: 'relay', outcome: kind, recipient: address, reply: cut(reply) };
}

function afterWord(
  recipient: Recipient,
  words: readonly SesRecipient[],
  { at, octets }: { readonly at: string; readonly octets: number },
): Recipient {
  const word = words.find(({ address, failed }) => failed && same(address, recipient.address));
  if (word === undefined || recipient.outcome !== 'relayed') return recipient;
  const { reply, replyBy } = word;
  const remote = 'Amazon SES';
  const ended = {
    outcome: 'failed',
    failure: 'transfer',
    reply: cut(reply, octets),
    replyBy,
    remote,
    at,
  } as const;
  return withOwed({ ...unowed(recipient), ...ended });
}

function cut(text: string, octets = longestReply): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(octets));
  return text.slice(0, read);
}

/** The others of the record may wait still; what they wait for stays as it is. */
function standing(next: Delivery, context: SettleContext): Delivery {
  if (!next.recipients.some(({ outcome }) => outcome === 'waiting')) return settled(next, context);
  if (next.state === 'held' || next.state === 'dead')
    return atRest(next, next.reason ?? 'failed', context.now);
  return rested(next, owesAnything(next) ? later(context.now, reportWake) : next.dueAt);
}
