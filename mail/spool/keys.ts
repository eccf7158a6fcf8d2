/** Keys of the spool, derived from the message's id alone, so that every component names the same thing. */
import { hash } from 'node:crypto';
import type { Delivery, Transport } from './records.ts';

const shards = 64;
const hopShards = 8;

/** The first byte of SHA-256 of the id: spreads keys evenly over prefixes and shards. */
function hashByte(id: string): number {
  return Number.parseInt(hash('sha256', id).slice(0, 2), 16);
}

export function bodyKeyOf(id: string): string {
  return `spool/${hashByte(id).toString(16).padStart(2, '0')}/${id}`;
}

export function keptKeyOf(id: string): string {
  return `kept/${id}`;
}

/** Of an envelope that is too large for its `route` message. */
export function envelopeKeyOf(id: string): string {
  return `envelopes/${id}`;
}

/** Partition of index `due` that the sweeper reads. */
export function wakeOf(id: string): string {
  return `w#${shardOf(id)}`;
}

/** Partition of index `due` for held and dead mail, which only a person wakes. */
export function restOf(id: string): string {
  return `h#${shardOf(id)}`;
}

function shardOf(id: string): string {
  return String(hashByte(id) % shards).padStart(2, '0');
}

export const wakeShards: readonly string[] = shardNames('w');
export const restShards: readonly string[] = shardNames('h');

function shardNames(letter: 'w' | 'h'): string[] {
  return Array.from({ length: shards }, (_, n) => `${letter}#${String(n).padStart(2, '0')}`);
}

export function hopName(transport: Transport, nextHop: string): string {
  return `${transport}#${nextHop}`;
}

export function hopKeyOf(delivery: Pick<Delivery, 'message' | 'transport' | 'nextHop'>): string {
  return `${hopName(delivery.transport, delivery.nextHop)}#${hashByte(delivery.message) % hopShards}`;
}

export function hopKeys(transport: Transport, nextHop: string): string[] {
  return Array.from({ length: hopShards }, (_, n) => `${hopName(transport, nextHop)}#${n}`);
}

export function deliveryPart(n: number): string {
  return `d#${String(n).padStart(4, '0')}`;
}

export function reportPart(n: number): string {
  return `r#${String(n).padStart(2, '0')}`;
}

/** What waits before routing, or was settled by routing itself. */
export const routePart = deliveryPart(0);

/** A report's id as a message: derived, so that any number of tries make one message. */
export function reportIdOf(message: string, n: number): string {
  return `${message}-r${n}`;
}

const day = 86_400;

/** TTL of an ended item: 30 days, in epoch seconds. */
export function expiryOf(now: Date): number {
  return Math.floor(now.getTime() / 1000) + 30 * day;
}

export function later(now: Date, milliseconds: number): string {
  return new Date(now.getTime() + milliseconds).toISOString();
}

export const minute = 60_000;
export const hour = 60 * minute;
