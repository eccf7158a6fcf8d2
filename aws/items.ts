/**
 * DynamoDB items to plain objects and back, and the one SDK error that conditional writes mean. Of a delivery what only
 * we read is deflated into one attribute: that keeps most below 1 KB, which is one write unit.
 */
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Delivery, Recipient } from '../mail/spool/records.ts';

export type Item = Record<string, AttributeValue>;

export function toItem(value: object): Item {
  return marshall(value, { removeUndefinedValues: true });
}

/** The other attributes of a delivery are public names: administrators look for them in the console. */
export function deliveryItem(delivery: Delivery): Item {
  const { events, edits, bodyKey, size, acceptedAt, quotaMB, quotaOf, ...named } = delivery;
  const { smtpUtf8, eightBitMime, requireTls, ...rest } = named;
  const reasons = delivery.recipients.map(({ because }) => because ?? null);
  const recipients = delivery.recipients.map(withoutReason);
  const asked = { smtpUtf8, eightBitMime, requireTls };
  const inside = { events, edits, bodyKey, size, acceptedAt, quotaMB, quotaOf, ...asked };
  const packed = deflateRawSync(JSON.stringify({ inside, reasons }));
  return toItem({ ...rest, recipients, packed });
}

function withoutReason(recipient: Recipient): Omit<Recipient, 'because'> {
  const { because: _, ...rest } = recipient;
  return rest;
}

export function fromItem<T>(item: Item): T {
  const { packed, ...rest } = unmarshall(item);
  if (packed instanceof Uint8Array) return unpacked(rest, packed) as T;
  return (packed === undefined ? rest : { ...rest, packed }) as T;
}

function unpacked(rest: Record<string, unknown>, packed: Uint8Array): object {
  const { inside, reasons } = JSON.parse(inflateRawSync(packed).toString()) as Packed;
  const recipients = (rest['recipients'] as Recipient[]).map((recipient, n) => {
    const because = reasons[n];
    return because ? { ...recipient, because } : recipient;
  });
  return { ...rest, ...inside, recipients };
}

interface Packed {
  readonly inside: object;
  readonly reasons: readonly (Recipient['because'] | null)[];
}

/** The `:value` map of an expression. */
export function values(value: Record<string, unknown>): Item {
  return marshall(value, { removeUndefinedValues: true });
}

export type ConditionResult<T> =
  { readonly done: true; readonly value: T } | { readonly done: false; readonly old?: Item };

/** Runs a conditional write; a failed condition is an answer, everything else is thrown. */
export async function conditionally<T>(write: () => Promise<T>): Promise<ConditionResult<T>> {
  try {
    return { done: true, value: await write() };
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException)
      return { done: false, ...(error.Item ? { old: error.Item } : {}) };
    if (isConditionFailure(error)) return { done: false };
    throw error;
  }
}

/** A transaction cancelled by a condition (not by throttling or a conflict, which are tried again). */
export function isConditionFailure(error: unknown): boolean {
  if (!(error instanceof TransactionCanceledException)) return false;
  return (error.CancellationReasons ?? []).some((reason) => reason.Code === 'ConditionalCheckFailed');
}
