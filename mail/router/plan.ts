/**
 * The plan: leaves gathered into deliveries, one or more per mail file and per next hop, and the message's own record.
 * Pure; what it makes is written by transition 2 and never decided again. Linear in the number of leaves.
 */
import { parseAddress } from '../address/path.ts';
import { foldAddress } from '../address/address.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Plan } from '../spool/doors.ts';
import { inRecords, messageRecord } from '../spool/message-record.ts';
import { makeDelivery, type DeliveryContext } from './delivery-record.ts';
import type { HopLeaf, Leaf } from './leaf.ts';

export interface PlanContext extends Omit<DeliveryContext, 'n'> {
  /** Number of the first delivery, where the message has others already. */
  readonly first?: number;
}

export function makePlan(envelope: Envelope, leaves: readonly Leaf[], context: PlanContext): Plan {
  const groups = new Map<string, Leaf[]>();
  for (const leaf of unique(leaves)) add(groups, groupOf(leaf, context), leaf);
  const parts = [...groups.values()].flatMap((group) => inRecords(group, weight));
  // `d#0000` is for what routing itself has settled.
  const settledFirst = [...parts.filter((group) => !waits(group)), ...parts.filter(waits)];
  const first = context.first ?? (settledFirst.some((group) => !waits(group)) ? 0 : 1);
  const deliveries = settledFirst.map((group, n) =>
    makeDelivery(envelope, group, { ...context, n: n + first }),
  );
  return { message: messageRecord(envelope, 'routed'), deliveries };
}

/** The same copy twice (a person in two groups) is one copy; of two, the one with the shorter way. */
function unique(leaves: readonly Leaf[]): Leaf[] {
  const seen = new Map<string, Leaf>();
  for (const leaf of leaves) {
    const key = sameness(leaf);
    const before = seen.get(key);
    if (before === undefined || before.trail.length > leaf.trail.length) seen.set(key, leaf);
  }
  return [...seen.values()];
}

/**
 * Elsewhere a local part is kept byte for byte, also where a copy fails or is held: it leaves once it is released. In a
 * mail file the case of letters makes no other recipient.
 */
function sameness(leaf: Leaf): string {
  const parsed = parseAddress(leaf.address);
  const exact = parsed.ok ? `${parsed.value.local}@${parsed.value.domain}` : leaf.address;
  if (leaf.way === 'hop') return `hop ${exact}`;
  const { original, way } = leaf;
  if (way === 'failed' || way === 'held') return `${way} ${original.address} ${exact}`;
  const address = parsed.ok ? foldAddress(parsed.value) : leaf.address.toLowerCase();
  return `${way === 'mailbox' ? leaf.mailFile : way} ${original.address} ${address}`;
}

function groupOf(leaf: Leaf, { outgoing }: PlanContext): string {
  if (leaf.way === 'mailbox') return `mailbox#${leaf.mailFile}`;
  if (leaf.way === 'held') return `held#${leaf.reason}`;
  if (leaf.way !== 'hop') return 'route';
  return `${leaf.transport}#${leaf.nextHop}#${outgoing(leaf).from}#${trailKey(leaf)}`;
}

/** Copies that came different ways carry different Delivered-To fields. */
function trailKey({ trail }: HopLeaf): string {
  return trail.map(({ address }) => address).join(' ');
}

function waits(group: readonly Leaf[]): boolean {
  return group.some((leaf) => leaf.way === 'mailbox' || leaf.way === 'hop');
}

function add(groups: Map<string, Leaf[]>, key: string, leaf: Leaf): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [leaf]);
  else group.push(leaf);
}

function weight({ address, original, because }: Leaf): number {
  const { document, field, entry = '' } = because;
  return [address, original.address, original.orcpt ?? '', document, field, entry].join('').length;
}
