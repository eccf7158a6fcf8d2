/**
 * The doors of the spool: what the listener, the functions and the command ask of it. `aws/` implements each
 * once, over S3, SQS and DynamoDB; tests of pure rooms use small fakes. Every verb that changes a record is a
 * conditional write: `false` or `undefined` says that somebody else was first, which is never an error.
 */
import type { Readable } from 'node:stream';
import type { Envelope } from '../envelope/envelope.ts';
import type { Delivery, DeliveryKey, MessageRecord, ReportRecord, Transport } from './records.ts';

/** Bodies as received, under `spool/<2 hex of sha256(id)>/<id>`. */
export interface BodyStore {
  /** Uploads a body; returns only when it is durable. Throws when it is not: then no 250. */
  put(id: string, body: Uint8Array | Readable): Promise<void>;
  /** Uploads a body unless there is one (false): the first writer wins, so that a report is spooled once. */
  putNew(id: string, body: Uint8Array): Promise<boolean>;
  /** The stored bytes from `start` (default 0) to `end` (inclusive; default the last). Throws BodyMissing. */
  open(key: string, range?: { start: number; end?: number }): Promise<Readable>;
}

/** The body is not in the store: an alarm and a report, never a success. */
export class BodyMissing extends Error {
  override readonly name = 'BodyMissing';
}

export interface RouteWork {
  readonly id: string;
  /** One of the two, the envelope or the S3 key of one over 200 KB; neither where record `m` has it. */
  readonly envelope?: Envelope;
  readonly envelopeKey?: string;
}
export type DeliverWork = DeliveryKey;
export interface HopWork {
  readonly transport: Transport;
  readonly nextHop: string;
}
export interface ReportWork {
  readonly message: string;
}
/** A domain is to be told of TLS towards it on a day (`YYYY-MM-DD`, UTC). */
export interface TlsReportWork {
  readonly domain: string;
  readonly day: string;
}

/** The queues of work that point at the spool; losing one loses no mail, but for `route`. */
export interface WorkQueue {
  route(work: RouteWork): Promise<void>;
  deliver(work: readonly DeliverWork[]): Promise<void>;
  /** Says "next hop has work" on `relay` or `direct`, whichever can reach it. */
  hop(work: HopWork, delaySeconds?: number): Promise<void>;
  report(work: ReportWork): Promise<void>;
  tlsReport(work: TlsReportWork): Promise<void>;
}

/** The listener's one act: the body, then the work. Resolves when 250 may be said (promise 1). */
export interface Acceptance {
  accept(envelope: Envelope, body: Uint8Array | Readable): Promise<void>;
}

export interface Plan {
  readonly message: MessageRecord;
  readonly deliveries: readonly Delivery[];
  /** The message waited before routing: its record `d#0000` goes with the plan. */
  readonly waited?: boolean;
  /** Takes the place of a record of a message planned before, of which others may rest still. */
  readonly again?: boolean;
}

/** Transitions 2 to 5 of the spool. */
export interface Spool {
  message(id: string): Promise<MessageRecord | undefined>;
  deliveries(id: string): Promise<Delivery[]>;
  reports(id: string): Promise<ReportRecord[]>;
  /**
   * Writes the plan where `m` is absent, or where the message waited and its `d#0000` is pending still; `false`: somebody
   * else planned, held or deleted it, and the records are to be read again.
   */
  plan(plan: Plan): Promise<boolean>;
  /** Transition 2': writes what a large plan still lacks; any number of times. */
  follow(plan: Plan): Promise<void>;
  /** Takes a lease of a delivery that is due, until `leaseUntil` (ISO); undefined: not ours to do. */
  claim(key: DeliveryKey, leaseUntil: string): Promise<Delivery | undefined>;
  /**
   * Writes `next`, made from a claimed delivery, and gives what was written: a wish that came meanwhile goes into the same
   * write. Undefined: the lease was lost, the work of this run is void.
   */
  settle(claimed: Delivery, next: Delivery): Promise<Delivery | undefined>;
  /**
   * Leaves a delivery that is due untried, deferred and still due; `false`: it is not ours to do, is to be steered, or its
   * deadline or delay notice has come, and it must be claimed.
   */
  putOff(key: DeliveryKey, why: PutOff): Promise<boolean>;
}
/** Why a delivery was not tried, and when (ISO) the sweep looks at it. */
export interface PutOff {
  readonly reply: string;
  readonly until: string;
}

/** Next hops: slots, closures and due deliveries (spool.md, outbound workers). */
export interface Hops {
  /** One of `limit` slots of the hop, held until `until` (ISO); undefined: all taken. */
  takeSlot(work: HopWork, limit: number, until: string): Promise<Slot | undefined>;
  freeSlot(slot: Slot): Promise<void>;
  /** Keys of deliveries of the hop that are due at `now`, soonest first, at most `limit`. */
  due(work: HopWork, now: string, limit: number): Promise<DeliveryKey[]>;
  state(work: HopWork): Promise<HopState | undefined>;
  /**
   * Closes the hop until the time given: it failed to connect, greeted with other than 220, or breaks off each session.
   * `false`: it is closed already, and stays so until its own time.
   */
  close(work: HopWork, until: string, lastReply: string): Promise<boolean>;
  open(work: HopWork): Promise<void>;
  /** Marks the hop as slow until the time given; `alone`: it timed out, and gets one slot. */
  slow(work: HopWork, until: string, alone: boolean): Promise<void>;
}
export interface Slot {
  readonly hop: string;
  readonly slot: string;
  readonly lease: string;
}
export interface HopState {
  /** Since it last answered; absent: none. */
  readonly failures?: number;
  readonly closedUntil?: string;
  /** When it was last closed: an attempt was made then. */
  readonly closedAt?: string;
  readonly lastReply?: string;
  readonly slowUntil?: string;
  readonly aloneUntil?: string;
}

/** Files under `kept/`, plans and large envelopes. */
export interface ObjectStore {
  putJson(key: string, value: unknown): Promise<void>;
  getJson(key: string): Promise<unknown>;
}

/** Where the current time comes from; tests set it. */
export type Clock = () => Date;
