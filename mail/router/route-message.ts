/**
 * The router's decision for a whole message: a plan, or the reason why it waits before routing. Decided once; what is
 * written by transition 2 is followed from then on, whatever the documents say later. Throws DirectoryUnavailable and
 * DnsUnavailable: then the work comes again.
 */
import { relayAgain } from '../policy/relay-again.ts';
import { inServer } from '../policy/ruling.ts';
import type { Plan } from '../spool/doors.ts';
import type { Recipient } from '../spool/records.ts';
import { ownWait, waitingBeforeRouting, type Waiting } from '../spool/waiting.ts';
import { because, failed, type HopLeaf, type Leaf } from './leaf.ts';
import { overHopCount } from './loops.ts';
import { outgoingOf, sesRefusal, type Outgoing, type OutgoingContext } from './outgoing.ts';
import { makePlan } from './plan.ts';
import { leavingOf } from './priority.ts';
import { messageRouting, routeAgain, routeRecipient } from './route.ts';
import { holdingRule, leavesBesides, leavesInstead } from './rule-outcomes.ts';
import { trackingOf } from './tracking.ts';

export interface MessageContext extends OutgoingContext {
  /** Released by an administrator: what held it before is not asked again. */
  readonly released: boolean;
  /** Of dead mail that is routed again: rounds begun. */
  readonly rounds?: number;
  /** Number of the first record: these recipients are a part of the message's, which has others. */
  readonly first?: number;
}

export async function routeMessage(context: MessageContext): Promise<Plan> {
  const plan = await decided(context);
  const tracking = trackingOf(context.envelope, context.settings);
  return tracking === undefined ? plan : { ...plan, message: { ...plan.message, tracking } };
}

async function decided(context: MessageContext): Promise<Plan> {
  const reason = reasonToWait(context) ?? (await relayFault(context));
  if (reason !== undefined) return wait(context, reason);
  const leaves = await leavesOf(context);
  const rule = leaves.find(({ way, because: why }) => way === 'held' && why.field === 'rules');
  // Released, the rule's database is looked for again: the message waits whole.
  if (rule?.way === 'held')
    return wait(context, { state: 'held', reason: rule.reason, because: rule.because });
  return planFor(leaves, context);
}

/** Those who wait still of what was held or had failed here, once a person released it; `first`: number of the first delivery. */
export async function routeReleased(
  recipients: readonly Recipient[],
  context: MessageContext,
  first: number,
): Promise<Plan> {
  const routing = messageRouting(context);
  const routed = await Promise.all(recipients.map((recipient) => routeAgain(recipient, routing)));
  return planFor(routed.flat(), { ...context, first });
}

async function planFor(routed: readonly Leaf[], context: MessageContext): Promise<Plan> {
  const { envelope, now, rounds, first } = context;
  const { configuration } = context.settings;
  const { leaves, outgoing } = await sendable(routed, context);
  const leaving = leavingOf(envelope, now, configuration);
  return makePlan(envelope, leaves, {
    now,
    configuration,
    outgoing,
    ...leaving,
    ...(first === undefined ? {} : { first }),
    ...(rounds === undefined ? {} : { rounds }),
  });
}

/** Copies that leave, as they would look; those that may not leave so have failed. */
export async function sendable(
  routed: readonly Leaf[],
  context: OutgoingContext,
): Promise<{ leaves: Leaf[]; outgoing: (leaf: HopLeaf) => Outgoing }> {
  const bounded = routed.map((leaf) => (leaf.way === 'hop' ? withinHops(leaf, context) : leaf));
  const outgoing = await outgoingOf(bounded, context);
  const leaves = bounded.map((leaf) => (leaf.way === 'hop' ? bySes(leaf, outgoing(leaf), context) : leaf));
  return { leaves, outgoing };
}

type Reason = Pick<Waiting, 'state' | 'reason' | 'because'>;

/** Routing is switched off: accepted mail stays pending. */
export function routingWait({ settings }: Pick<OutgoingContext, 'settings'>): Reason | undefined {
  if (settings.server.smtpRouting) return undefined;
  return { state: 'pending', reason: ownWait, because: inServer(settings, 'smtpRouting', 'false') };
}

function reasonToWait(context: MessageContext): Reason | undefined {
  const { envelope, released } = context;
  const off = routingWait(context);
  if (off !== undefined || released) return off;
  const rule = holdingRule(envelope);
  if (rule === undefined) return undefined;
  return { state: 'held', reason: `rule ${rule.rule}`, because: because(rule.document, 'rules', rule.rule) };
}

/**
 * The relay decision once more, from the session's facts. A refusal here means that the listener let in what it
 * should not have (or the lists have just changed): the message is held for a person to judge.
 */
async function relayFault({ envelope, settings, released }: MessageContext): Promise<Reason | undefined> {
  if (released || envelope.session === undefined) return undefined;
  for (const { address } of envelope.recipients) {
    const verdict = await relayAgain(settings, envelope.session, address);
    const why = verdict.because && { because: verdict.because };
    if (verdict.outcome !== 'accept') return { state: 'held', reason: `relay ${address}`, ...why };
  }
  return undefined;
}

function wait({ envelope, settings, now, first }: MessageContext, reason: Reason): Plan {
  const { timeoutHours } = settings.configuration.transfer;
  const waiting: Waiting = { phase: 'unrouted', ...reason, now, timeoutHours };
  return waitingBeforeRouting(envelope, first === undefined ? waiting : { ...waiting, first });
}

async function leavesOf(context: MessageContext): Promise<Leaf[]> {
  const { envelope } = context;
  const [instead, besides] = await Promise.all([leavesInstead(context), leavesBesides(context)]);
  if (instead !== undefined) return [...instead, ...besides];
  const routing = messageRouting(context);
  const routed = await Promise.all(
    envelope.recipients.map((recipient) => routeRecipient(recipient, routing)),
  );
  return [...routed.flat(), ...besides];
}

function withinHops(leaf: HopLeaf, { envelope, settings }: OutgoingContext): Leaf {
  const over = overHopCount(leaf, envelope, settings.configuration);
  if (over === undefined) return leaf;
  return failed({ ...leaf, because: over.because }, 'transfer', over.reply);
}

function bySes(leaf: HopLeaf, { from }: Outgoing, { settings }: OutgoingContext): Leaf {
  const refusal = sesRefusal(leaf, from, settings);
  if (refusal === undefined) return leaf;
  const why = because(`Configuration ${settings.configuration.name}`, 'routing.forwardingSender', 'keep');
  return failed({ ...leaf, because: why }, 'transfer', refusal);
}
