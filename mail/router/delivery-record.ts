/** One delivery of a plan, from the leaves it is for: who, how, by when, and the header edits it leaves with. */
import { inAscii, parseAddress } from '../address/path.ts';
import type { Configuration } from '../document/forms.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import { mailDate } from '../envelope/received.ts';
import type { Because } from '../policy/verdict.ts';
import { deliveryPart, hopKeyOf, hour, later, minute, wakeOf } from '../spool/keys.ts';
import type { Delivery, Event, Recipient } from '../spool/records.ts';
import { settled } from '../spool/settle.ts';
import { atRest, isOutbound, owesAnything, withOwed } from '../spool/standing.ts';
import type { HopLeaf, Leaf, MailFile } from './leaf.ts';
import type { Outgoing } from './outgoing.ts';

export interface DeliveryContext {
  readonly now: Date;
  readonly configuration: Configuration;
  /** When copies of this message may leave: now, or the next low priority hours. */
  readonly leavesAt: string;
  /** The sender is told that it leaves later (`transfer.lowPriorityNotification`). */
  readonly tellLater?: boolean;
  /** Why copies leave later. */
  readonly waitsFor?: Because;
  /** As whom a copy leaves. */
  readonly outgoing: (leaf: HopLeaf) => Outgoing;
  readonly n: number;
  /** Of dead mail that is routed again: rounds begun. */
  readonly rounds?: number;
}

const keptEvents = 20;

export function makeDelivery(envelope: Envelope, group: readonly Leaf[], context: DeliveryContext): Delivery {
  const at = context.now.toISOString();
  const [first] = group;
  const dueAt = first?.way === 'hop' ? context.leavesAt : at;
  const delivery: Delivery = {
    message: envelope.id,
    part: deliveryPart(context.n),
    ...wayOf(first),
    state: 'pending',
    recipients: group.map((leaf) =>
      recipientOf(spoken(leaf, envelope), { ...context, at, late: dueAt > at }),
    ),
    ...carried(envelope),
    ...look(envelope, first, context),
    attempts: 0,
    claims: 0,
    dueAt,
    ...clockOf(dueAt, context.configuration),
    ...(context.rounds === undefined ? {} : { rounds: context.rounds }),
    version: 1,
    events: group.slice(0, keptEvents).map((leaf) => eventOf(leaf, at)),
    wake: wakeOf(envelope.id),
    wakeAt: later(context.now, 2 * minute),
  };
  if (first?.way === 'held') return atRest({ ...delivery, state: 'held' }, first.reason, context.now);
  if (first?.way !== 'mailbox' && first?.way !== 'hop') return settled(delivery, context);
  if (dueAt > delivery.wakeAt! && !owesAnything(delivery)) delivery.wakeAt = dueAt;
  const leaving = dueAt > at ? leavingLater(delivery, context) : delivery;
  return isOutbound(leaving) ? { ...leaving, hopKey: hopKeyOf(leaving) } : leaving;
}

function leavingLater(delivery: Delivery, { now, leavesAt, waitsFor }: DeliveryContext): Delivery {
  const why = waitsFor === undefined ? {} : { because: waitsFor };
  const event: Event = {
    at: now.toISOString(),
    stage: 'route',
    outcome: `low priority, leaves at ${leavesAt}`,
    ...why,
  };
  return { ...delivery, reason: 'low priority', events: [...delivery.events, event].slice(-keptEvents) };
}

function wayOf(leaf: Leaf | undefined): Pick<Delivery, 'transport' | 'nextHop' | keyof MailFile> {
  if (leaf?.way === 'mailbox') {
    const { mailFile, quotaMB, quotaOf } = leaf;
    return { transport: 'mailbox', nextHop: 'local', mailFile, quotaMB, ...(quotaOf && { quotaOf }) };
  }
  if (leaf?.way === 'hop') return { transport: leaf.transport, nextHop: leaf.nextHop };
  return { transport: 'route', nextHop: 'local' };
}

function carried(envelope: Envelope) {
  const { envid, ret, smtpUtf8, eightBitMime, requireTls, tlsOptional, bodyKey, size, acceptedAt } = envelope;
  return {
    ...(envid === undefined ? {} : { envid }),
    ...(ret === undefined ? {} : { ret }),
    smtpUtf8,
    eightBitMime,
    requireTls,
    ...(tlsOptional === undefined ? {} : { tlsOptional }),
    bodyKey,
    size,
    acceptedAt,
  };
}

/** Prepended in list order, the last on top: Return-Path stands first in a mailbox (RFC 5321 section 4.4). */
function look(
  envelope: Envelope,
  leaf: Leaf | undefined,
  { outgoing }: DeliveryContext,
): Pick<Delivery, 'from' | 'edits' | 'sign'> {
  const way = (leaf?.trail ?? []).flatMap(({ address }) => deliveredTo(address, envelope));
  if (leaf?.way === 'hop') {
    const { from, edits, sign } = outgoing(leaf);
    return { from, edits: [...envelope.edits, ...edits, ...way], ...(sign === undefined ? {} : { sign }) };
  }
  const { from } = envelope;
  if (leaf?.way !== 'mailbox') return { from, edits: envelope.edits };
  const own = deliveredTo(leaf.address, envelope);
  return { from, edits: [...envelope.edits, ...way, ...own, prepend(`Return-Path: <${from}>`)] };
}

/** Names of groups are no addresses; and a header stays ASCII unless the message is international (RFC 6532). */
function deliveredTo(address: string, { smtpUtf8 }: Envelope): HeaderEdit[] {
  const written = smtpUtf8 ? address : (inAscii(address) ?? '');
  return parseAddress(written).ok ? [prepend(`Delivered-To: ${written}`)] : [];
}

function prepend(field: string): HeaderEdit {
  return { op: 'prepend', field };
}

/** The deadline and the time of a delay report run from when the record may first leave. */
function clockOf(
  dueAt: string,
  { transfer: { timeoutHours, delayNotificationMinutes } }: Configuration,
): Pick<Delivery, 'expireAt' | 'delayAt'> {
  const start = new Date(dueAt);
  const expireAt = later(start, timeoutHours * hour);
  if (delayNotificationMinutes <= 0) return { expireAt };
  return { expireAt, delayAt: later(start, delayNotificationMinutes * minute) };
}

type Moment = Pick<DeliveryContext, 'leavesAt' | 'tellLater'> & {
  readonly at: string;
  readonly late: boolean;
};

/** An address out of a document goes to hosts without SMTPUTF8 as well, where it can. */
function spoken(leaf: Leaf, { smtpUtf8 }: Envelope): Leaf {
  if (leaf.way !== 'hop' || smtpUtf8) return leaf;
  return { ...leaf, address: inAscii(leaf.address) ?? leaf.address };
}

function recipientOf(leaf: Leaf, moment: Moment): Recipient {
  const { original, address, notify, because } = leaf;
  const base: Recipient = {
    address,
    original: original.address,
    ...(notify === undefined ? {} : { notify }),
    ...(original.orcpt === undefined ? {} : { orcpt: original.orcpt }),
    outcome: 'waiting',
    because,
  };
  const { at } = moment;
  if (leaf.way === 'failed') {
    const { reply, failure } = leaf;
    return withOwed({ ...base, outcome: 'failed', reply, replyBy: 'X-Notes', failure, at });
  }
  if (leaf.way === 'deleted') return { ...base, outcome: 'deleted', at };
  if (leaf.way === 'expanded') return withOwed({ ...base, outcome: 'expanded', at });
  return moment.late && moment.tellLater === true ? withDelay(base, moment) : base;
}

/** RFC 3461 section 4.1: without NOTIFY delays are told. */
function withDelay(recipient: Recipient, { leavesAt }: Moment): Recipient {
  if (recipient.notify !== undefined && !recipient.notify.split(',').includes('DELAY')) return recipient;
  const reply = `The message has low priority and leaves at ${mailDate(new Date(leavesAt))}`;
  return { ...recipient, reply, replyBy: 'X-Notes', owes: 'delayed' };
}

function eventOf(leaf: Leaf, at: string): Event {
  const to = leaf.way === 'hop' ? leaf.nextHop : leaf.way === 'mailbox' ? leaf.mailFile : undefined;
  const outcome = to === undefined ? leaf.way : `to ${to}`;
  const reply = leaf.way === 'failed' ? { reply: leaf.reply } : {};
  return { at, stage: 'route', outcome, recipient: leaf.address, because: leaf.because, ...reply };
}
