/**
 * What DNS says about a domain of ours and about our host, held against what mail needs: each finding with what to
 * write instead. Asks the resolver and changes nothing; a name server that does not answer is a finding, too.
 */
import type { Settings } from '../mail/directory/settings.ts';
import { DnsUnavailable } from '../mail/relay/doors.ts';
import { canonicalDomain } from '../mail/address/domain.ts';
import { dkimKey, type KeyWorld } from './dns-dkim.ts';
import { spf } from './dns-spf.ts';
import { mtaSts, type StsWorld } from './dns-sts.ts';
import { found, texts, type DnsWorld, type Finding, type Found } from './dns-world.ts';

interface Look {
  readonly check: string;
  readonly ask: () => Promise<Pick<Finding, 'ok' | 'found' | 'advice'>>;
}

/** Primary domains and aliases; a pattern stands for no domain of its own. */
export function ownDomains({ globalDomains }: Settings): string[] {
  const written = globalDomains.flatMap(({ primaryDomain, aliases }) => [primaryDomain, ...aliases]);
  return [
    ...new Set(
      written.filter((text) => !text.startsWith('*.')).flatMap((text) => canonicalDomain(text) ?? []),
    ),
  ];
}

export async function domainFindings(world: StsWorld & KeyWorld, domain: string): Promise<Finding[]> {
  return findAll(domain, [
    { check: 'MX', ask: () => mx(world, domain) },
    { check: 'SPF', ask: () => spf(world, domain) },
    ...dkimLooks(world, domain),
    { check: 'DMARC', ask: () => dmarc(world, domain) },
    { check: 'MTA-STS', ask: () => mtaSts(world, domain) },
    { check: 'TLS-RPT', ask: () => tlsRpt(world, domain) },
  ]);
}

export async function hostFindings(world: DnsWorld): Promise<Finding[]> {
  const { hostName, outboundHostName } = world.settings.server;
  return findAll(hostName, [
    { check: 'A', ask: () => addresses(world, hostName) },
    { check: 'PTR', ask: () => ptr(world, outboundHostName ?? hostName) },
  ]);
}

async function findAll(domain: string, looks: readonly Look[]): Promise<Finding[]> {
  return Promise.all(
    looks.map(async ({ check, ask }) => {
      try {
        return { domain, check, ...(await ask()) };
      } catch (error) {
        if (!(error instanceof DnsUnavailable)) throw error;
        return {
          domain,
          check,
          ok: false,
          found: error.message,
          advice: 'Ask again when the name server answers.',
        };
      }
    }),
  );
}

async function mx({ settings, resolver }: DnsWorld, domain: string): Promise<Found> {
  const { hostName } = settings.server;
  const { records } = await resolver.mx(domain);
  const sorted = records.toSorted((one, other) => one.priority - other.priority);
  const text = sorted.map(({ priority, exchange }) => `${priority} ${exchange || '.'}`).join(', ');
  const ours = records.some(({ exchange }) => sameHost(exchange, hostName));
  return found(
    text,
    ours ? undefined : `Write: ${domain}. IN MX 10 ${hostName}. Until then mail for it does not come here.`,
  );
}

function sameHost(one: string, other: string): boolean {
  return canonicalDomain(one.replace(/\.$/, '')) === canonicalDomain(other.replace(/\.$/, ''));
}

async function addresses({ resolver }: DnsWorld, host: string): Promise<Found> {
  const list = await resolver.addresses(host);
  return found(
    list.join(', '),
    list.length > 0 ? undefined : `Write an A record for ${host}: nobody finds this server.`,
  );
}

async function ptr({ resolver }: DnsWorld, host: string): Promise<Found> {
  const list = await resolver.addresses(host);
  if (list.length === 0) return found('', `Write an A record for ${host}, then its PTR.`);
  const names = await Promise.all(
    list.map(async (address) => ({ address, names: await resolver.ptr(address) })),
  );
  const wrong = names.filter((one) => !one.names.some((name) => sameHost(name, host)));
  const text = names.map((one) => `${one.address} ${one.names.join(' ')}`.trim()).join(', ');
  if (wrong.length === 0) return found(text, undefined);
  const which = wrong.map(({ address }) => address).join(' and ');
  return found(
    text,
    `Have the PTR of ${which} name ${host}; many hosts refuse mail from an address without one.`,
  );
}

function dkimLooks(world: KeyWorld, domain: string): Look[] {
  const own = world.settings.configuration.dkimSigning.filter((one) => sameHost(one.domain, domain));
  if (own.length === 0) {
    const advice = `Mail from ${domain} is not signed: postern dns dkim-key ${domain} SELECTOR, then dkimSigning.`;
    return [{ check: 'DKIM', ask: () => Promise.resolve(found('', advice)) }];
  }
  return own.map(({ selector, secret }) => ({
    check: 'DKIM',
    ask: () => dkimKey(world, `${selector}._domainkey.${domain}`, secret),
  }));
}

async function dmarc(world: DnsWorld, domain: string): Promise<Found> {
  const name = `_dmarc.${domain}`;
  const [record = ''] = await texts(world, name, /^v=DMARC1\s*;/i);
  if (record === '')
    return found('', `Write: ${name}. IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@${domain}"`);
  const hasPolicy = /;\s*p=(none|quarantine|reject)\b/i.test(record);
  return found(record, hasPolicy ? undefined : 'Write p=none, p=quarantine or p=reject.');
}

async function tlsRpt(world: DnsWorld, domain: string): Promise<Found> {
  const name = `_smtp._tls.${domain}`;
  const [record = ''] = await texts(world, name, /^v=TLSRPTv1\s*;/i);
  const hasAddress = /;\s*rua=(mailto|https):/i.test(record);
  return found(
    record,
    hasAddress ? undefined : `Write: ${name}. IN TXT "v=TLSRPTv1; rua=mailto:postmaster@${domain}"`,
  );
}
