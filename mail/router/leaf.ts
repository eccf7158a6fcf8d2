/**
 * What routing makes of one RCPT TO: leaves. Each is a copy for one mailbox or one next hop, or an end that needs no
 * delivery (failed, expanded). Every leaf says which document, field and entry decided.
 */
import type { EnvelopeRecipient } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import type { FailureClass } from '../spool/records.ts';

export interface Copy {
  /** The RCPT TO it came from. */
  readonly original: EnvelopeRecipient;
  /** Where this copy goes. */
  readonly address: string;
  readonly notify?: string;
  /** Addresses that were forwarded or expanded on the way, outermost first. */
  readonly trail: readonly string[];
  readonly because: Because;
}

export type Way =
  | { readonly way: 'mailbox'; readonly mailFile: string; readonly quotaMB: number }
  | { readonly way: 'hop'; readonly transport: 'smtp' | 'direct' | 'ses'; readonly nextHop: string }
  | { readonly way: 'failed'; readonly failure: FailureClass; readonly reply: string }
  /** Nobody to give it to, and nobody to tell: a person must look. */
  | { readonly way: 'held'; readonly reason: string }
  /** A rule dropped it. */
  | { readonly way: 'deleted' }
  | { readonly way: 'expanded' };

export type Leaf = Copy & Way;

export function because(document: string, field: string, entry?: string): Because {
  return entry === undefined ? { document, field } : { document, field, entry };
}

export function failed(copy: Copy, failure: FailureClass, reply: string): Leaf {
  return { ...copy, way: 'failed', failure, reply };
}
