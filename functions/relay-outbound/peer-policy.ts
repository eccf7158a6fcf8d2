/**
 * What the domain at the other end wants of TLS, over what the Configuration says: a host that an MTA-STS policy in
 * enforce mode does not name gets nothing; a named one must show a verified certificate; TLSA records decide about the
 * certificate themselves. Either makes TLS a must: there is no way back to clear text. Testing mode is only counted, and
 * so are domains that say nothing, since they may want to know (RFC 8460).
 */
import { daneProblem } from '../../mail/relay/dane.ts';
import type { SecureDns, TlsResult } from '../../mail/relay/doors.ts';
import type { Target } from '../../mail/relay/hosts.ts';
import { allowsMx, type StsPolicy } from '../../mail/relay/mta-sts.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { daneFinding, type DaneFinding } from './dane-records.ts';
import type { SessionPolicy, TlsWish } from './smtp-session.ts';
import type { StsPolicies } from './sts-policies.ts';

export interface PeerDoors {
  /** Absent: DANE is off. */
  readonly secureDns?: SecureDns | undefined;
  readonly sts: StsPolicies;
  readonly clock: Clock;
}

export interface Peer {
  readonly target: Target;
  /** The domain that the next hop names; undefined: it names a host. */
  readonly domain: string | undefined;
  readonly mayReach: (address: string) => boolean;
}

export type Judged = SessionPolicy | Unfit;

export interface Unfit {
  readonly waits: string;
  /** What a report to the domain calls it, where its own policy keeps mail from this host. */
  readonly wish?: TlsWish;
  readonly result?: TlsResult;
}

export async function peerPolicy(doors: PeerDoors, peer: Peer, own: SessionPolicy): Promise<Judged> {
  const bySts = await underSts(doors, peer, own);
  if ('waits' in bySts || doors.secureDns === undefined) return bySts;
  const { target, domain } = peer;
  const finding = await daneFinding(doors.secureDns, target, domain ?? target.host);
  return underDane(finding, { doors, peer }, bySts);
}

async function underSts({ sts }: PeerDoors, peer: Peer, own: SessionPolicy): Promise<Judged> {
  const { target, domain, mayReach } = peer;
  if (domain === undefined) return own;
  const unwished = { ...own, wish: { domain, policy: { type: 'no-policy-found' } } } as const;
  const policy = target.byMx ? await sts(domain, mayReach) : undefined;
  if (policy === undefined || policy.mode === 'none') return unwished;
  const wish = { domain, policy: { type: 'sts', text: linesOf(policy), mx: policy.mx } } as const;
  if (policy.mode === 'testing') return { ...own, wish: { ...wish, listed: allowsMx(policy, target.host) } };
  if (!allowsMx(policy, target.host))
    return {
      waits: `451 4.7.5 The MTA-STS policy of ${domain} does not name the mail server ${target.host}`,
      wish,
      result: 'validation-failure',
    };
  return { ...own, tls: 'required', wish };
}

/** The policy's own lines, as reports quote them. */
function linesOf({ mode, mx, maxAge }: StsPolicy): string[] {
  return ['version: STSv1', `mode: ${mode}`, ...mx.map((one) => `mx: ${one}`), `max_age: ${maxAge}`];
}

/** RFC 8461 section 2: what DANE asks for is never overridden. */
function underDane(
  finding: DaneFinding,
  { doors, peer: { target, domain } }: { doors: PeerDoors; peer: Peer },
  own: SessionPolicy,
): Judged {
  if (finding.kind === 'none') return own;
  const to = domain ?? target.host;
  if (finding.kind === 'waits') {
    const wish = { domain: to, policy: { type: 'tlsa' } } as const;
    return { waits: finding.sentence, wish, result: 'dnssec-invalid' };
  }
  const wish = { domain: to, policy: { type: 'tlsa', text: finding.text } } as const;
  if (finding.kind === 'encrypted')
    return { ...own, tls: own.tls === 'required' ? 'required' : 'encrypted', wish };
  const names = domain === undefined ? [target.host] : [target.host, domain];
  const { records } = finding;
  return {
    ...own,
    tls: 'required',
    wish,
    judge: ({ chain }) => {
      const problem = daneProblem({ records, chain, names, now: doors.clock() });
      return problem === undefined
        ? { verified: true }
        : { verified: false, problem, result: 'validation-failure' };
    },
  };
}
