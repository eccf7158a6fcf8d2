/**
 * The envelope of an accepted message: MAIL FROM, RCPT TO and the facts of the session, never header fields
 * beyond the few that look-ups need. It travels in the `route` message and stands in spool record `m`.
 * Plain JSON: addresses are strings here (`Address.text`), the null sender is `""`.
 */
import type { Because } from '../policy/verdict.ts';
import type { HeaderEdit } from './header-edits.ts';

export type ListenerPort = 'smtp' | 'submission' | 'smtps';

/** What is known of the peer and the session when the message was accepted. */
export interface Session {
  readonly id: string;
  readonly port: ListenerPort;
  /** The peer's address, IPv4 or IPv6 without zone; IPv4-mapped addresses are written as IPv4. */
  readonly peer: string;
  /** The forward-confirmed host name, or none. */
  readonly hostName?: string;
  readonly helo: string;
  readonly tls?: { readonly version: string; readonly cipher: string };
  /** Hierarchical name of the authenticated Person, abbreviated: `Bob Example/Acme`. */
  readonly auth?: string;
  /** Where the peer stands for enforcement (domino-rules.md 2.2 R2). */
  readonly standing: 'external' | 'internal' | 'excluded';
}

export interface EnvelopeRecipient {
  readonly address: string;
  /** RFC 3461 NOTIFY as given, upper case: `NEVER` or a comma-separated list; absent: the default. */
  readonly notify?: string;
  /** RFC 3461 ORCPT as given, still encoded. */
  readonly orcpt?: string;
  /** Why the listener accepted it, where that is not what `accepted` of the envelope says. */
  readonly accepted?: Because;
}

/** Header fields that rows, traces and reports need; read by the listener while the header passes. */
export interface HeaderFacts {
  readonly messageId?: string;
  readonly from?: string;
  readonly subject?: string;
  readonly date?: string;
  /** Every Delivered-To field of the arriving message: a copy that comes back is a loop. */
  readonly deliveredTo?: readonly string[];
  /** Received fields it arrived with: a copy that the router makes goes one further with each address it passes. */
  readonly hops?: number;
  /** From Importance, Priority and X-Priority. */
  readonly priority?: 'high' | 'normal' | 'low';
}

export interface Envelope {
  /** The gateway's own id: letters, digits and `-`. */
  readonly id: string;
  /** Our own people's mail is converted and signed (DESIGN.md); reports are `report`. */
  readonly origin: 'session' | 'report';
  readonly session?: Session;
  readonly from: string;
  readonly recipients: readonly EnvelopeRecipient[];
  readonly eightBitMime: boolean;
  readonly smtpUtf8: boolean;
  readonly requireTls: boolean;
  /** Goes out even where the peer's policies about TLS cannot be met: the report of such failures (RFC 8460 section 3). */
  readonly tlsOptional?: true;
  readonly ret?: 'FULL' | 'HDRS';
  readonly envid?: string;
  readonly bodyKey: string;
  readonly size: number;
  readonly sha256: string;
  /** Length in bytes of the header block, its empty line included. */
  readonly headerSize: number;
  readonly header: HeaderFacts;
  readonly edits: readonly HeaderEdit[];
  /** ISO 8601 UTC, milliseconds. */
  readonly acceptedAt: string;
  /** Outcomes of mail rules that `route-mail` carries out; decided once, in the listener. */
  readonly rules?: readonly RuleOutcome[];
  /** SPF fail or DMARC fail, for `delivery.junkUntrusted`; softfail for `.junkSoftfail`. */
  readonly trust?: 'untrusted' | 'softfail';
  /** Why the listener accepted its recipients, for the trace. */
  readonly accepted?: Because;
  /** The settings version the session was decided with. */
  readonly settings: string;
}

export type RuleOutcome = {
  readonly rule: string;
  readonly document: string;
} & (
  | { readonly action: 'drop' | 'return' | 'hold' }
  | { readonly action: 'journal' | 'move'; readonly database: string }
  | { readonly action: 'priority'; readonly value: 'high' | 'normal' | 'low' }
);
