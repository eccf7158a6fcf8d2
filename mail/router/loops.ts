/**
 * Loops of forwarding addresses and groups (docs/message-flow.md): a copy that comes where it was before, in this
 * expansion or, as its Delivered-To fields say, on an earlier way through the gateway.
 */
import { addressKey } from '../address/path.ts';
import type { Configuration } from '../document/forms.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import { because, type Copy } from './leaf.ts';

export const loopReply = 'Maximum forwarding loop count exceeded, message probably in a forwarding loop';

/** A chain as long as this is a loop whose addresses change. */
const mostForwards = 20;

/** The reply that names the loop; undefined: the copy has not been at this address before. */
export function loopAt(copy: Copy, envelope: Envelope): string | undefined {
  const here = foldText(copy.address);
  const before = copy.trail.findIndex(({ address }) => foldText(address) === here);
  if (before !== -1) return named(copy, before);
  if (envelope.header.deliveredTo?.some((address) => foldText(address) === here) === true)
    return named(copy, copy.trail.length, 'Delivered-To');
  return copy.trail.filter(({ by }) => by === 'forward').length >= mostForwards ? named(copy, 0) : undefined;
}

/**
 * A copy that the router itself made, by forwarding or expanding, and that leaves: each address it passed here is a hop
 * (Configuration, `transfer.maximumHopCount`). What only arrives was counted by the listener.
 */
export function overHopCount(
  { trail }: Pick<Copy, 'trail'>,
  { header }: Envelope,
  { name, transfer }: Configuration,
): { readonly reply: string; readonly because: Because } | undefined {
  const { maximumHopCount } = transfer;
  if (trail.length === 0 || (header.hops ?? 0) + trail.length <= maximumHopCount) return undefined;
  return {
    reply: 'Maximum hop count exceeded. Message probably in a routing loop.',
    because: because(`Configuration ${name}`, 'transfer.maximumHopCount', String(maximumHopCount)),
  };
}

/**
 * A group that is open already adds nothing: its members have their copies. But where a forwarding address led back
 * into it, the person who forwards has none.
 */
export function loopInto(group: string, copy: Copy): string | undefined {
  const before = copy.trail.findIndex((step) => step.group === group);
  if (before === -1 || !copy.trail.slice(before).some(({ by }) => by === 'forward')) return undefined;
  return named(copy, before);
}

const mostNamed = 8;

function named({ trail, address }: Copy, from: number, how?: string): string {
  const loop = [...trail.slice(from).map((step) => step.address), address];
  const shown = loop.length > mostNamed ? [...loop.slice(0, mostNamed - 1), '…', address] : loop;
  return `${loopReply} (${how === undefined ? '' : `${how}: `}${shown.join(', ')})`;
}

function foldText(text: string): string {
  return addressKey(text.trim().replace(/^<(.*)>$/, '$1')) ?? text.trim().toLowerCase();
}
