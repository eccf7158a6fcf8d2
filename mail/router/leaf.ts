/**
 * What routing makes of one RCPT TO: leaves. Each is a copy for one mailbox or one next hop, or an end that needs no
 * delivery (failed, expanded). Every leaf says which document, field and entry decided.
 */
import type { Entry } from '../directory/directory.ts';
import { mailFileOf } from '../directory/mail-home.ts';
import type { EnvelopeRecipient } from '../envelope/envelope.ts';
import type { Because } from '../policy/verdict.ts';
import type { FailureClass, QuotaOwner } from '../spool/records.ts';

/** An address that was replaced on the way: by a forwarding address, by a group's members, or by what it stands for. */
export interface Step {
  readonly address: string;
  readonly by: 'forward' | 'group' | 'reversal';
  /** Folded name of the group. */
  readonly group?: string;
  /** The Internet address of the person who forwards. */
  readonly owner?: string;
}

export interface Copy {
  /** The RCPT TO it came from. */
  readonly original: EnvelopeRecipient;
  /** Where this copy goes. */
  readonly address: string;
  readonly notify?: string;
  /** What was forwarded or expanded on the way, outermost first. */
  readonly trail: readonly Step[];
  readonly because: Because;
}

export interface MailFile {
  readonly mailFile: string;
  readonly quotaMB: number;
  /** Where there is a quota: whose it is. */
  readonly quotaOf?: QuotaOwner;
}

export type Way =
  | ({ readonly way: 'mailbox' } & MailFile)
  | {
      readonly way: 'hop';
      readonly transport: 'smtp' | 'direct' | 'ses';
      readonly nextHop: string;
      /** The copy leaves the local Internet domains. */
      readonly outside: boolean;
    }
  | { readonly way: 'failed'; readonly failure: FailureClass; readonly reply: string }
  /** Nobody to give it to, and nobody to tell: a person must look. */
  | { readonly way: 'held'; readonly reason: string }
  /** A rule dropped it. */
  | { readonly way: 'deleted' }
  | { readonly way: 'expanded' };

export type Leaf = Copy & Way;
export type HopLeaf = Extract<Leaf, { way: 'hop' }>;

/** A copy at its beginning: the RCPT TO as the session gave it. */
export function copyOf(original: EnvelopeRecipient, why: Because): Copy {
  const { address, notify } = original;
  return { original, address, ...(notify === undefined ? {} : { notify }), trail: [], because: why };
}

export function because(document: string, field: string, entry?: string): Because {
  return entry === undefined ? { document, field } : { document, field, entry };
}

/** The mail file of a document whose mail lies here. */
export function mailFileOfEntry({ form, name, document }: Exclude<Entry, { form: 'Group' }>): MailFile {
  const { quotaMB } = document;
  const owner = quotaMB > 0 ? { quotaOf: { form, name } } : {};
  return { mailFile: mailFileOf(document), quotaMB, ...owner };
}

export function failed(copy: Copy, failure: FailureClass, reply: string): Leaf {
  return { ...copy, way: 'failed', failure, reply };
}
