/**
 * DMARC where From has several domains, or stands there more than once. One verdict is not possible then (RFC 9989
 * section 5.3.1), and none would let anybody use a protected domain beside one of their own. So each domain is judged,
 * and the worst verdict counts (RFC 7489 section 6.6.1).
 */
import type { DMARCResult } from 'mailauth';
import { canonicalDomain } from '../mail/address/domain.ts';
import type { Answered } from './mail-authentication.ts';

/** Authors looked at; a person writes with one. */
const mostAuthors = 10;

/** Undefined: nobody claims to be the author, so there is nothing to judge. */
export async function dmarcOfAuthors(answer: Answered): Promise<DMARCResult | 'undecidable' | undefined> {
  const { dmarc, dkim } = answer.found;
  if (dmarc) return dmarc;
  if (dkim.fromFields === 0 || dkim.headerFrom.length === 0) return undefined;
  const domains = new Set(dkim.headerFrom.flatMap(domainsIn));
  if (domains.size === 0 || domains.size > mostAuthors) return 'undecidable';
  const verdicts = await Promise.all([...domains].map((domain) => dmarcOf(answer, domain)));
  return verdicts.flatMap((one) => one || []).toSorted((a, b) => badness(b) - badness(a))[0];
}

/** Every candidate: what a reader takes for the domain of `a@b@c` is anybody's guess. */
function domainsIn(address: string): string[] {
  return address
    .split('@')
    .slice(1)
    .flatMap((text) => canonicalDomain(text.trim().replace(/\.$/, '')) ?? []);
}

async function dmarcOf({ found, dns }: Answered, headerFrom: string): Promise<DMARCResult | false> {
  const { dmarc } = await import('mailauth');
  const { spf, dkim } = found;
  // With two From fields a signature may cover the one that no reader sees.
  const signed = dkim.fromFields > 1 ? [] : dkim.results.filter(({ status }) => status.result === 'pass');
  return dmarc({
    headerFrom,
    spfDomains: spf && spf.status.result === 'pass' ? [spf.domain] : [],
    dkimDomains: signed.flatMap(({ signingDomain }) => (signingDomain ? [{ domain: signingDomain }] : [])),
    resolver: dns,
  });
}

function badness({ status, policy }: DMARCResult): number {
  if (status.result === 'fail') return { reject: 5, quarantine: 4 }[policy ?? ''] ?? 2;
  return status.result === 'temperror' ? 3 : status.result === 'pass' ? 1 : 0;
}
