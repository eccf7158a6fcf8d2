/** DynamoDB items to plain objects and back, and the one SDK error that conditional writes mean. */
import {
  ConditionalCheckFailedException,
  TransactionCanceledException,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';

export type Item = Record<string, AttributeValue>;

export function toItem(value: object): Item {
  return marshall(value, { removeUndefinedValues: true });
}

export function fromItem<T>(item: Item): T {
  return unmarshall(item) as T;
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
