/**
 * The items of table `spool` (partition `message`, sort `part`). Names are public: administrators see them in
 * the console and in `postern spool --json`. Times are ISO 8601 UTC with milliseconds, `expiresAt` is epoch seconds.
 *
 * Invariant: while the gateway owes something for an item without a person's help, it carries `wake` and `wakeAt`.
 */
import type { Envelope } from '../envelope/envelope.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import type { Because } from '../policy/verdict.ts';

export type Transport = 'mailbox' | 'smtp' | 'direct' | 'ses' | 'route';
export type OpenState = 'pending' | 'sending' | 'deferred' | 'held' | 'dead';
export type State = OpenState | 'delivered' | 'failed' | 'deleted';
export type FinalOutcome = 'delivered' | 'relayed' | 'expanded' | 'failed' | 'deleted';
export type Outcome = 'waiting' | FinalOutcome;
/** What the sender must still be told of a recipient (RFC 3464 section 2.3.3 actions). */
export type Owed = 'failed' | 'delayed' | 'delivered' | 'relayed' | 'expanded';
export type Want = 'hold' | 'retry' | 'delete' | 'delete-report';
/** Classes of `failureText` in the Configuration document. */
export type FailureClass =
  'transfer' | 'delivery' | 'expiration' | 'domain' | 'user' | 'size' | 'restriction' | 'delay';

export interface Recipient {
  /** Where this copy goes, as the next server gets it. */
  readonly address: string;
  /** The RCPT TO that it came from. */
  readonly original: string;
  readonly notify?: string;
  readonly orcpt?: string;
  outcome: Outcome;
  /** The reply or sentence that decided; at most 1 KB. */
  reply?: string;
  /** Whose words `reply` is: a remote host's (`smtp`) or ours (`X-Notes`). */
  replyBy?: 'smtp' | 'X-Notes';
  /** The host that spoke, for Remote-MTA. */
  remote?: string;
  failure?: FailureClass;
  /** When `outcome` last changed. */
  at?: string;
  owes?: Owed;
  /** The sender was told of the failure: it is final, even where the record is held and released. */
  told?: true;
  /** Why it goes where it goes. */
  because?: Because;
  /** Why it ended as it did, where that is another reason. */
  ended?: Because;
}

/** One line of a message's story, for `postern trace`; the newest 20 are kept. */
export interface Event {
  readonly at: string;
  readonly stage: 'accept' | 'route' | 'deliver' | 'relay' | 'report' | 'steer';
  readonly outcome: string;
  readonly because?: Because;
  readonly reply?: string;
  readonly recipient?: string;
}

export interface QuotaOwner {
  readonly form: 'Person' | 'MailInDatabase';
  readonly name: string;
}

export interface Delivery {
  readonly message: string;
  /** `d#0001`…; `d#0000` is what waits before routing, or was settled by routing itself. */
  readonly part: string;
  readonly transport: Transport;
  /** `local`, `host:port` as documents write it, the domain for direct, or `ses`. */
  readonly nextHop: string;
  /** Transport `mailbox`: the mail file, lower case with slashes, and its quota in MB (0: none). */
  readonly mailFile?: string;
  readonly quotaMB?: number;
  /** The document that the quota stands in: it may say another by the time the delivery is made. */
  readonly quotaOf?: QuotaOwner;
  readonly folder?: 'Inbox' | 'Junk';
  state: State;
  recipients: Recipient[];
  readonly from: string;
  readonly envid?: string;
  readonly ret?: 'FULL' | 'HDRS';
  readonly smtpUtf8: boolean;
  readonly eightBitMime: boolean;
  readonly requireTls: boolean;
  /** As in the envelope. */
  readonly tlsOptional?: true;
  readonly bodyKey: string;
  readonly size: number;
  /** Every edit this copy leaves with, the envelope's included. */
  readonly edits: readonly HeaderEdit[];
  /** Domains whose key signs this copy (`dkimSigning` of the Configuration); empty: none. */
  readonly sign?: string;
  readonly acceptedAt: string;
  /** Of one attempt, never stored: a report as it leaves for a host without 8BITMIME. */
  readonly sevenBit?: true;
  attempts: number;
  claims: number;
  dueAt: string;
  /** A record expires only after an attempt made past this. */
  expireAt: string;
  /** When the sender is to be told of a delay; absent once told or never. */
  delayAt?: string;
  lease?: string;
  leaseUntil?: string;
  want?: Want;
  version: number;
  reason?: string;
  /** Transport `route`, one of several that wait before routing: its recipients are routed as those of new mail. */
  readonly unrouted?: true;
  /** Transport `route`, released: the S3 key of the deliveries that take its place. */
  again?: string;
  lastReply?: string;
  /** Dead mail that is tried again by itself: rounds begun. */
  rounds?: number;
  /** From when the days of those rounds are counted, where that is not when it was accepted. */
  roundsFrom?: string;
  events: Event[];
  wake?: string;
  wakeAt?: string;
  hopKey?: string;
  expiresAt?: number;
}

export type Phase = 'unrouted' | 'planned' | 'routed' | 'stuck';

export interface MessageRecord {
  readonly message: string;
  readonly part: 'm';
  phase: Phase;
  readonly envelope: Envelope;
  /** S3 key of the plan when it is too large for the record (more than 90 deliveries). */
  planKey?: string;
  /** How many reports were written. */
  reports: number;
  readonly acceptedAt: string;
  /** What `postern trace` may tell (Configuration, Message Tracking); absent: all but the subject. */
  readonly tracking?: Tracking;
  /** When its body was last kept for what rests: no plan ends it any more. */
  readonly keptAt?: string;
  version: number;
  wake?: string;
  wakeAt?: string;
  expiresAt?: number;
}

export interface Tracking {
  /** Not to be traced at all, for this reason. */
  readonly off?: Because;
  readonly subject?: string;
}

/** Of a delay, how long is still tried. */
export type ReportedRecipient = Recipient & { readonly retryUntil?: string };

export interface ReportRecord {
  readonly message: string;
  /** `r#01`… */
  readonly part: string;
  readonly kind: 'failed' | 'delayed' | 'relayed' | 'delivered' | 'mixed';
  readonly recipients: readonly ReportedRecipient[];
  /** The id of the report as a message, derived from (message, n). */
  readonly reportId: string;
  readonly date: string;
  readonly boundary: string;
  wake?: string;
  wakeAt?: string;
  expiresAt?: number;
}

export type DeliveryKey = { readonly message: string; readonly part: string };
