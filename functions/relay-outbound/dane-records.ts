/**
 * What DANE says about a mail server (RFC 7672 sections 2.1 and 2.2): nothing, unless MX, address and TLSA are all
 * signed. Signed answers that cannot be had, or MX records that differ from the signed ones, keep mail from this host.
 */
import { isUsable, readTlsa, tlsaText, type TlsaRecord } from '../../mail/relay/dane.ts';
import { DnsUnavailable, type SecureDns } from '../../mail/relay/doors.ts';
import { sameHost, type Target } from '../../mail/relay/hosts.ts';

export type DaneFinding =
  | { readonly kind: 'none' }
  /** Records that nobody can check a certificate by: TLS all the same (section 2.2). */
  | { readonly kind: 'encrypted'; readonly text: readonly string[] }
  | { readonly kind: 'records'; readonly records: readonly TlsaRecord[]; readonly text: readonly string[] }
  | { readonly kind: 'waits'; readonly sentence: string };

const none: DaneFinding = { kind: 'none' };
const smtpPort = 25;

/** `domain`: whose MX led to the target. */
export async function daneFinding(dns: SecureDns, target: Target, domain: string): Promise<DaneFinding> {
  if (target.literal) return none;
  try {
    if (target.byMx) {
      const mx = await mxFinding(dns, target.host, domain);
      if (mx !== undefined) return mx;
    }
    if (!(await hasSecureAddress(dns, target.host))) return none;
    return await tlsaFinding(dns, target);
  } catch (error) {
    if (!(error instanceof DnsUnavailable)) throw error;
    return {
      kind: 'waits',
      sentence: `451 4.7.5 DNSSEC look-ups for ${target.host} fail, so that it cannot be known whether it has TLSA records`,
    };
  }
}

async function mxFinding(dns: SecureDns, host: string, domain: string): Promise<DaneFinding | undefined> {
  const { secure, records } = await dns.ask(domain, 'MX');
  if (!secure) return none;
  const hosts = records.length === 0 ? [domain] : records.map(({ exchange }) => exchange ?? '');
  if (hosts.some((one) => sameHost(one, host))) return undefined;
  return {
    kind: 'waits',
    sentence: `451 4.7.5 The signed MX records of ${domain} do not name ${host}`,
  };
}

async function hasSecureAddress(dns: SecureDns, host: string): Promise<boolean> {
  const four = await dns.ask(host, 'A');
  if (four.records.length > 0) return four.secure;
  return (await dns.ask(host, 'AAAA')).secure;
}

/** Where another port stands in for 25, the records may be under either. */
async function tlsaFinding(dns: SecureDns, { host, port, byMx }: Target): Promise<DaneFinding> {
  const ports = byMx && port !== smtpPort ? [port, smtpPort] : [port];
  for (const one of ports) {
    const { secure, records } = await dns.ask(`_${one}._tcp.${host}`, 'TLSA');
    if (!secure || records.length === 0) continue;
    const read = records.map(({ data }) => readTlsa(data)).filter((record) => record !== undefined);
    const usable = read.filter(isUsable);
    const text = read.map(tlsaText);
    return usable.length === 0 ? { kind: 'encrypted', text } : { kind: 'records', records: usable, text };
  }
  return none;
}
