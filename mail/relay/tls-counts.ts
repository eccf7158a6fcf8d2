/**
 * What is counted of TLS towards other domains, until it is reported to those that ask (RFC 8460 section 4): sessions by
 * the policy they stood under and by their result, with the host where it failed.
 */
import type { TlsResult } from './doors.ts';

export type TlsPolicyType = 'sts' | 'tlsa' | 'no-policy-found';

/** A policy as it stood when the session was tried. */
export interface TlsPolicy {
  readonly type: TlsPolicyType;
  /** Its lines, or its TLSA records; absent: there is none, or none was to be had. */
  readonly text?: readonly string[];
  /** Mail servers that an MTA-STS policy names. */
  readonly mx?: readonly string[];
}

export interface TlsSession {
  /** The recipients' domain. */
  readonly domain: string;
  readonly policy: TlsPolicy;
  readonly result: TlsResult | 'success';
  /** Only of failures: where, and why in words. */
  readonly host?: string;
  readonly address?: string;
  readonly reason?: string;
}

export type TlsCount = TlsSession & { readonly sessions: number };

/** A domain with ever new mail servers does not fill our memory, nor our table. */
const mostDetailed = 100;
const longestReason = 200;
const longestPolicy = 40;

/** Counts in memory what one worker sees, until they are taken to be kept. */
export class TlsTally {
  readonly #counts = new Map<string, TlsCount>();

  note(session: TlsSession): void {
    const detailed = normal(session);
    const room = this.#counts.size < mostDetailed || this.#counts.has(nameOf(detailed));
    const one = room ? detailed : withoutPlace(detailed);
    const name = nameOf(one);
    this.#counts.set(name, { ...one, sessions: (this.#counts.get(name)?.sessions ?? 0) + 1 });
  }

  take(): TlsCount[] {
    const taken = [...this.#counts.values()];
    this.#counts.clear();
    return taken;
  }
}

/** Where it went well nobody asks which host it was. */
function normal(session: TlsSession): TlsSession {
  const { domain, policy, result, reason } = session;
  const { text, mx, ...type } = policy;
  const short = {
    ...type,
    ...(text && { text: text.slice(0, longestPolicy) }),
    ...(mx && { mx: mx.slice(0, longestPolicy) }),
  };
  if (result === 'success') return { domain, policy: short, result };
  return { ...session, policy: short, ...(reason && { reason: reason.slice(0, longestReason) }) };
}

function withoutPlace({ domain, policy, result }: TlsSession): TlsSession {
  return { domain, policy: { type: policy.type }, result };
}

/** The same for the same session, whatever the order of its fields. */
export function nameOf({ domain, policy, result, host, address, reason }: TlsSession): string {
  const { type, text, mx } = policy;
  return JSON.stringify([domain, type, text, mx, result, host, address, reason].map((one) => one ?? ''));
}
