/**
 * The daily report of TLS towards a domain (RFC 8460 section 4.4): the record by which the domain asks for it, and the
 * report as JSON, made from a day's counts.
 */
import { parseAddress } from '../address/path.ts';
import type { TlsCount, TlsPolicy } from './tls-counts.ts';

export const tlsReportName = (domain: string): string => `_smtp._tls.${domain}`;

const mostAddresses = 5;

/**
 * Addresses that the reports are wanted at, at most five (section 3). Empty: none are wanted by mail; also where there
 * are several records.
 */
export function tlsReportAddresses(records: readonly (readonly string[])[]): string[] {
  const asking = records
    .map((parts) => parts.join(''))
    .filter((text) => /^v=TLSRPTv1[ \t]*(?:;|$)/.test(text));
  if (asking.length !== 1) return [];
  const rua = /;[ \t]*rua[ \t]*=([^;]*)/.exec(asking[0]!)?.[1] ?? '';
  const addresses = rua.split(',').flatMap((uri) => mailtoAddress(uri.trim()));
  return [...new Set(addresses)].slice(0, mostAddresses);
}

/** RFC 6068: percent-encoded, header fields after a question mark, which nobody needs here. */
function mailtoAddress(uri: string): string[] {
  const [, encoded] = /^mailto:([^?]+)/i.exec(uri) ?? [];
  if (encoded === undefined) return [];
  try {
    const parsed = parseAddress(decodeURIComponent(encoded));
    return parsed.ok && /^[!-~]+$/.test(parsed.value.text) ? [parsed.value.text] : [];
  } catch {
    return [];
  }
}

export interface TlsReportFacts {
  /** The domain that the report is about and for. */
  readonly domain: string;
  /** `YYYY-MM-DD`, a day of UTC. */
  readonly day: string;
  /** Our primary domain. */
  readonly submitter: string;
  readonly reportId: string;
  /** The address that we send from, where it is known. */
  readonly sendingIp?: string;
}

export function tlsReport(counts: readonly TlsCount[], facts: TlsReportFacts): object {
  return {
    'organization-name': facts.submitter,
    'date-range': {
      'start-datetime': `${facts.day}T00:00:00Z`,
      'end-datetime': `${facts.day}T23:59:59Z`,
    },
    'contact-info': `postmaster@${facts.submitter}`,
    'report-id': facts.reportId,
    policies: byPolicy(counts).map((group) => policyPart(group, facts)),
  };
}

function byPolicy(counts: readonly TlsCount[]): TlsCount[][] {
  const groups = Map.groupBy(counts, ({ policy: { type, text, mx } }) => JSON.stringify([type, text, mx]));
  return [...groups.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, group]) => group);
}

function policyPart(group: readonly TlsCount[], facts: TlsReportFacts): object {
  const successes = group.filter(({ result }) => result === 'success');
  const failures = group.filter(({ result }) => result !== 'success');
  return {
    policy: policyWords(group[0]!.policy, facts.domain),
    summary: {
      'total-successful-session-count': sum(successes),
      'total-failure-session-count': sum(failures),
    },
    ...(failures.length > 0 && { 'failure-details': failures.map((one) => failurePart(one, facts)) }),
  };
}

function policyWords({ type, text, mx }: TlsPolicy, domain: string): object {
  return {
    'policy-type': type,
    ...(text && { 'policy-string': text }),
    'policy-domain': domain,
    ...(mx && { 'mx-host': mx }),
  };
}

function failurePart(
  { result, host, address, reason, sessions }: TlsCount,
  { sendingIp }: TlsReportFacts,
): object {
  return {
    'result-type': result,
    ...(sendingIp !== undefined && { 'sending-mta-ip': sendingIp }),
    ...(host !== undefined && { 'receiving-mx-hostname': host }),
    ...(address !== undefined && { 'receiving-ip': address }),
    'failed-session-count': sessions,
    ...(reason !== undefined && { 'failure-reason-code': reason }),
  };
}

function sum(counts: readonly TlsCount[]): number {
  return counts.reduce((total, { sessions }) => total + sessions, 0);
}
