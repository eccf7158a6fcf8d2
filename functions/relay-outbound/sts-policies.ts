/**
 * The MTA-STS policy that a domain is held to (RFC 8461 sections 3.3 and 5): fetched when its TXT record names a new id,
 * and once a day; kept in memory and in the spool for as long as the policy says. While a kept policy is valid, neither
 * DNS nor the policy's host can take it away by silence. Without one, mail goes as if the domain had none.
 */
import {
  DnsUnavailable,
  type KeptPolicy,
  type PolicyHost,
  type PolicyStore,
  type Resolver,
  type TlsResult,
} from '../../mail/relay/doors.ts';
import { readStsPolicy, stsHost, stsIdOf, stsRecordName, type StsPolicy } from '../../mail/relay/mta-sts.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import { hour, later, minute } from '../../mail/spool/keys.ts';

export interface StsDoors {
  readonly resolver: Pick<Resolver, 'txt' | 'addresses'>;
  readonly host: PolicyHost;
  readonly store: PolicyStore;
  readonly clock: Clock;
  /** A policy was announced and could not be had, or not be used. */
  readonly onProblem: (domain: string, problem: Error) => void;
  readonly onFault: (what: string, cause: unknown) => void;
}

/** It was fetched, and says nothing that could be used. */
class PolicyInvalid extends Error {
  override readonly name = 'PolicyInvalid';
}

/** The problem in the words of RFC 8460 section 4.3.2.2. */
export function stsResult(problem: Error): TlsResult {
  if (problem instanceof PolicyInvalid) return 'sts-policy-invalid';
  const { code = '' } = (problem.cause ?? {}) as { code?: string };
  const certificate = /^(ERR_TLS_CERT|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_(GET|VERIFY))/.test(code);
  return certificate ? 'sts-webpki-invalid' : 'sts-policy-fetch-error';
}

/** Which addresses may be asked depends on the Configuration of the moment. */
export type StsPolicies = (
  domain: string,
  mayReach: (address: string) => boolean,
) => Promise<StsPolicy | undefined>;

const askedAgainAfter = 24 * hour;
/** After a failure the host is left alone for so long. */
const restAfterFailure = 5 * minute;

export function stsPolicies(doors: StsDoors): StsPolicies {
  const known = new Map<string, KeptPolicy>();
  const resting = new Map<string, string>();
  return async (domain, mayReach) => {
    const now = doors.clock();
    const at = now.toISOString();
    const kept = await keptPolicy(doors, known, { domain, at });
    const id = await announcedId(doors, domain);
    const isFresh = kept !== undefined && kept.fetchedAt > later(now, -askedAgainAfter);
    if (id === undefined || (kept?.id === id && isFresh)) return kept?.policy;
    if ((resting.get(`${domain} ${id}`) ?? '') > at) return kept?.policy;
    try {
      const fetched = await fetchPolicy(doors, { domain, id, mayReach });
      known.set(domain, fetched);
      await doors.store.write(domain, fetched).catch((cause: unknown) => {
        doors.onFault('An MTA-STS policy could not be kept', cause);
      });
      return fetched.policy;
    } catch (problem) {
      resting.set(`${domain} ${id}`, later(now, restAfterFailure));
      doors.onProblem(domain, problem as Error);
      return kept?.policy;
    }
  };
}

/** The store is asked once for each domain; where it cannot be read the attempt fails, and the mail waits. */
async function keptPolicy(
  { store }: StsDoors,
  known: Map<string, KeptPolicy>,
  { domain, at }: { domain: string; at: string },
): Promise<KeptPolicy | undefined> {
  const kept = known.get(domain) ?? (await store.read(domain));
  if (kept === undefined || kept.until <= at) return undefined;
  known.set(domain, kept);
  return kept;
}

async function announcedId({ resolver }: StsDoors, domain: string): Promise<string | undefined> {
  try {
    return stsIdOf(await resolver.txt(stsRecordName(domain)));
  } catch (error) {
    if (error instanceof DnsUnavailable) return undefined;
    throw error;
  }
}

async function fetchPolicy(
  { resolver, host, clock }: StsDoors,
  { domain, id, mayReach }: { domain: string; id: string; mayReach: (address: string) => boolean },
): Promise<KeptPolicy> {
  const addresses = (await resolver.addresses(stsHost(domain))).filter(mayReach);
  if (addresses.length === 0)
    throw new Error(
      `${stsHost(domain)} has no address that may be reached (routing.privateAddresses decides about private ones).`,
    );
  const read = readStsPolicy(await host.read(domain, addresses));
  if (!read.ok) throw new PolicyInvalid(`${stsHost(domain)}: ${read.problem}.`);
  const now = clock();
  const until = later(now, read.value.maxAge * 1_000);
  return { id, policy: read.value, fetchedAt: now.toISOString(), until };
}
