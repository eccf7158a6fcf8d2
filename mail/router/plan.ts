/**
 * The plan: leaves gathered into deliveries, one per mail file and one or more per next hop, and the message's own
 * record. Pure; what it makes is written by transition 2 and never decided again.
 */
import type { Configuration } from '../document/forms.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import { deliveryPart, hopKeyOf, hour, later, minute, wakeOf } from '../spool/keys.ts';
import type { Plan } from '../spool/doors.ts';
import type { Delivery, Event, MessageRecord, Recipient, Transport } from '../spool/records.ts';
import { settled } from '../spool/settle.ts';
import { isOutbound, withOwed } from '../spool/standing.ts';
import type { Leaf } from './leaf.ts';

export interface PlanContext {
  readonly now: Date;
  readonly configuration: Configuration;
  /** When work of this message may first leave: now, or the next low priority hours. */
  readonly dueAt: string;
}

const mostRecipients = 100;

export function makePlan(envelope: Envelope, leaves: readonly Leaf[], context: PlanContext): Plan {
  const groups = new Map<string, Leaf[]>();
  for (const leaf of unique(leaves)) add(groups, groupOf(leaf), leaf);
  const parts = [...groups.values()].flatMap((group) => chunks(group, sizeOf(group)));
  const settledFirst = parts.sort((a, b) => Number(waits(a)) - Number(waits(b)));
  const first = settledFirst.some((group) => !waits(group)) ? 0 : 1;
  const deliveries = settledFirst.map((group, n) =>
    makeDelivery(envelope, group, { ...context, n: n + first }),
  );
  return { message: messageRecord(envelope), deliveries };
}

export function messageRecord(envelope: Envelope): MessageRecord {
  const { id, acceptedAt } = envelope;
  return { message: id, part: 'm', phase: 'routed', envelope, reports: 0, acceptedAt, version: 1 };
}

/** The same copy twice (a person in two groups) is one copy: domino-rules.md 3.3. */
function unique(leaves: readonly Leaf[]): Leaf[] {
  const seen = new Map<string, Leaf>();
  for (const leaf of leaves) {
    const key = `${groupOf(leaf)} ${leaf.way} ${leaf.address}`;
    if (!seen.has(key)) seen.set(key, leaf);
  }
  return [...seen.values()];
}

function groupOf(leaf: Leaf): string {
  if (leaf.way === 'mailbox') return `mailbox#${leaf.mailFile}`;
  if (leaf.way === 'hop') return `${leaf.transport}#${leaf.nextHop}#${leaf.trail.join(' ')}`;
  return 'route';
}

function waits(group: readonly Leaf[]): boolean {
  return group.some((leaf) => leaf.way === 'mailbox' || leaf.way === 'hop');
}

function add(groups: Map<string, Leaf[]>, key: string, leaf: Leaf): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [leaf]);
  else group.push(leaf);
}

/** A mailbox is one record whatever number of addresses lead to it; the rest is cut at 100 recipients. */
function sizeOf(group: readonly Leaf[]): number {
  return group[0]?.way === 'mailbox' ? group.length : mostRecipients;
}

function chunks(group: readonly Leaf[], size: number): Leaf[][] {
  const cut: Leaf[][] = [];
  for (let at = 0; at < group.length; at += size) cut.push(group.slice(at, at + size));
  return cut;
}

function makeDelivery(
  envelope: Envelope,
  group: readonly Leaf[],
  context: PlanContext & { n: number },
): Delivery {
  const at = context.now.toISOString();
  const recipients = group.map((leaf) => recipientOf(leaf, at));
  const delivery: Delivery = {
    message: envelope.id,
    part: deliveryPart(context.n),
    ...wayOf(group[0]),
    state: 'pending',
    recipients,
    ...carried(envelope),
    edits: editsFor(envelope, group[0]),
    attempts: 0,
    claims: 0,
    dueAt: context.dueAt,
    ...clockOf(context),
    version: 1,
    events: group.map((leaf) => eventOf(leaf, at)).slice(0, 20),
    wake: wakeOf(envelope.id),
    wakeAt: later(context.now, 2 * minute),
  };
  if (!waits(group)) return settled(delivery, context);
  if (context.dueAt > delivery.wakeAt!) delivery.wakeAt = context.dueAt;
  return isOutbound(delivery) ? { ...delivery, hopKey: hopKeyOf(delivery) } : delivery;
}

function wayOf(leaf: Leaf | undefined): Pick<Delivery, 'transport' | 'nextHop' | 'mailFile' | 'quotaMB'> {
  if (leaf?.way === 'mailbox')
    return { transport: 'mailbox', nextHop: 'local', mailFile: leaf.mailFile, quotaMB: leaf.quotaMB };
  if (leaf?.way === 'hop') return { transport: leaf.transport satisfies Transport, nextHop: leaf.nextHop };
  return { transport: 'route', nextHop: 'local' };
}

function carried(envelope: Envelope) {
  const { from, envid, ret, smtpUtf8, eightBitMime, requireTls, bodyKey, size, acceptedAt } = envelope;
  return {
    from,
    ...(envid === undefined ? {} : { envid }),
    ...(ret === undefined ? {} : { ret }),
    smtpUtf8,
    eightBitMime,
    requireTls,
    bodyKey,
    size,
    acceptedAt,
  };
}

/** The deadline and the time of a delay report run from when the record may first leave. */
function clockOf({ configuration, dueAt }: PlanContext): Pick<Delivery, 'expireAt' | 'delayAt'> {
  const { timeoutHours, delayNotificationMinutes } = configuration.transfer;
  const start = new Date(dueAt);
  const expireAt = later(start, timeoutHours * hour);
  if (delayNotificationMinutes <= 0) return { expireAt };
  return { expireAt, delayAt: later(start, delayNotificationMinutes * minute) };
}

function recipientOf(leaf: Leaf, at: string): Recipient {
  const { original, address, notify, because } = leaf;
  const base: Recipient = {
    address,
    original: original.address,
    ...(notify === undefined ? {} : { notify }),
    ...(original.orcpt === undefined ? {} : { orcpt: original.orcpt }),
    outcome: 'waiting',
    because,
  };
  if (leaf.way === 'failed')
    return withOwed({
      ...base,
      outcome: 'failed',
      reply: leaf.reply,
      replyBy: 'X-Notes',
      failure: leaf.failure,
      at,
    });
  if (leaf.way === 'deleted') return { ...base, outcome: 'deleted', at };
  if (leaf.way === 'expanded') return withOwed({ ...base, outcome: 'expanded', at });
  return base;
}

function eventOf(leaf: Leaf, at: string): Event {
  const outcome =
    leaf.way === 'hop' ? `to ${leaf.nextHop}` : leaf.way === 'mailbox' ? `to ${leaf.mailFile}` : leaf.way;
  const reply = leaf.way === 'failed' ? { reply: leaf.reply } : {};
  return { at, stage: 'route', outcome, recipient: leaf.address, because: leaf.because, ...reply };
}

/** Prepended in list order, the last on top: Return-Path stands first in a mailbox (RFC 5321 section 4.4). */
function editsFor(envelope: Envelope, leaf: Leaf | undefined): HeaderEdit[] {
  const trail = (leaf?.trail ?? []).map((address) => prepend(`Delivered-To: ${address}`));
  if (leaf?.way !== 'mailbox') return [...envelope.edits, ...trail];
  const own = prepend(`Delivered-To: ${leaf.address}`);
  return [...envelope.edits, ...trail, own, prepend(`Return-Path: <${envelope.from}>`)];
}

function prepend(field: string): HeaderEdit {
  return { op: 'prepend', field };
}
