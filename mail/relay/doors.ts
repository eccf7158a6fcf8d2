/** The doors that outbound work needs: DNS, and a transport that carries one delivery over one connection. */

import type { Because } from '../policy/verdict.ts';
import type { FailureClass } from '../spool/records.ts';
import type { DnsRecord, RecordType } from './dns-message.ts';
import type { StsPolicy } from './mta-sts.ts';

/** DNS could not be asked (as against: said that there is no such name). The answer is to defer. */
export class DnsUnavailable extends Error {
  override readonly name = 'DnsUnavailable';
}

export interface MxRecord {
  readonly exchange: string;
  readonly priority: number;
}

/** All names are A-labels. An empty list: the name or the record does not exist. Throws DnsUnavailable. */
export interface Resolver {
  /** `exists` false: the name itself does not exist (NXDOMAIN). */
  mx(domain: string): Promise<{ exists: boolean; records: MxRecord[] }>;
  /** A and AAAA, in the order of `family` (default: both, IPv4 first). */
  addresses(host: string, family?: 4 | 6): Promise<string[]>;
  ptr(address: string): Promise<string[]>;
  txt(name: string): Promise<string[][]>;
}

/** A resolver that checks signatures (DNSSEC). Throws DnsUnavailable, also where signatures are wrong. */
export interface SecureDns {
  ask(name: string, type: RecordType): Promise<{ secure: boolean; records: readonly DnsRecord[] }>;
}

/** Gets the text of a domain's MTA-STS policy from these addresses; throws where there is none to be had. */
export interface PolicyHost {
  read(domain: string, addresses: readonly string[]): Promise<string>;
}

/** A policy as it was fetched; times in ISO 8601. */
export interface KeptPolicy {
  readonly id: string;
  readonly policy: StsPolicy;
  readonly fetchedAt: string;
  readonly until: string;
}

/** Policies outlive the process that fetched them. */
export interface PolicyStore {
  read(domain: string): Promise<KeptPolicy | undefined>;
  write(domain: string, kept: KeptPolicy): Promise<void>;
}

/** What became of TLS towards a host, in the words of TLS-RPT (RFC 8460 section 4.3). */
export type TlsResult =
  | 'starttls-not-supported'
  | 'certificate-host-mismatch'
  | 'certificate-expired'
  | 'certificate-not-trusted'
  | 'validation-failure'
  | 'sts-policy-fetch-error'
  | 'sts-policy-invalid'
  | 'sts-webpki-invalid'
  | 'tlsa-invalid'
  | 'dnssec-invalid';

/** What the next server is given for one recipient. */
export interface SendRecipient {
  readonly address: string;
  readonly original: string;
  readonly notify?: string;
  readonly orcpt?: string;
}

/** What became of one recipient in one attempt. */
export interface RecipientResult {
  /** Class of a failure for `failureText`; default `transfer`. */
  readonly failure?: FailureClass;
  readonly address: string;
  readonly outcome: 'delivered' | 'relayed' | 'failed' | 'waiting';
  /** Whole reply, all lines joined, or our own sentence. */
  readonly reply: string;
  readonly replyBy: 'smtp' | 'X-Notes';
  readonly remote?: string;
  /** `relayed` only: the next server promised to send DSNs itself (RFC 3461 section 5.2.2). */
  readonly dsn?: boolean;
  /** What decided this outcome, where it is not what routed the copy. */
  readonly because?: Because;
}

/** Secrets by name: Secrets Manager on AWS, files under `<data>/secrets/` on one machine. */
export interface Secrets {
  /** The secret's text, re-read when it changes (cached at most 60 s); undefined: no such secret. */
  read(name: string): Promise<string | undefined>;
}
