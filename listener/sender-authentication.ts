/**
 * Looks up what SPF, DKIM, DMARC and ARC say of a message, with mailauth over our resolver; what the results mean is
 * decided in mail/policy. The body is read only where a signature covers it. Mail from loopback is this machine's
 * own and not looked at: its address says nothing, and such peers are never looked up.
 */
import type { Readable } from 'node:stream';
import type { DKIMVerifyResult, DMARCResult, SPFResult } from 'mailauth';
import { fieldsNamed, type HeaderBlock } from '../mail/envelope/header.ts';
import type { Findings } from '../mail/policy/authentication-results.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { isLoopback } from '../mail/policy/peer.ts';
import { authenticationConcerns } from '../mail/policy/sender-authentication.ts';
import { DnsUnavailable, type Resolver } from '../mail/relay/doors.ts';
import type { MessageFacts } from './policy.ts';

type Results = NonNullable<Findings['dkim']>[number]['result'];

/** Undefined: this session's mail is not looked at. */
export async function lookUpFindings(
  context: PolicyContext,
  { header, body, helo, from }: MessageFacts,
): Promise<Findings | undefined> {
  const { settings, resolver, session } = context;
  const ip = session.peer.address;
  if (isLoopback(ip) || !(await authenticationConcerns(context))) return undefined;
  const { authenticate } = await import('mailauth');
  const found = await authenticate(input(header, body.body), {
    ip,
    helo: helo || `[${ip}]`,
    sender: from?.text ?? '',
    mta: settings.server.hostName,
    resolver: (name, type) => resolve(resolver, { name, type, ip }),
    disableBimi: true,
  });
  const sealer = found.arc && found.arc.signature ? found.arc.signature.signingDomain : undefined;
  return {
    ...spfOf(found.spf, from === null),
    dkim: dkimOf(found.dkim),
    ...dmarcOf(found.dmarc),
    ...(found.arc && { arc: { result: plainResult(found.arc.status.result), sealer } }),
  };
}

function input(header: HeaderBlock, body: MessageFacts['body']['body']): Buffer | Readable {
  const signed = ['DKIM-Signature', 'ARC-Seal'].some((name) => fieldsNamed(header, name).length > 0);
  if (!signed) return header.bytes;
  const whole = body();
  return whole instanceof Uint8Array ? Buffer.from(whole.buffer, whole.byteOffset, whole.length) : whole;
}

function spfOf(spf: SPFResult | false, nullSender: boolean): Pick<Findings, 'spf'> {
  if (!spf) return {};
  const result = spf.status.result as NonNullable<Findings['spf']>['result'];
  return { spf: { result, domain: spf.domain, identity: nullSender ? 'helo' : 'mailfrom' } };
}

function dkimOf({ results }: DKIMVerifyResult): NonNullable<Findings['dkim']> {
  return (results ?? []).flatMap(({ signingDomain, selector, status }) =>
    signingDomain
      ? [{ result: status.result as Results, domain: signingDomain, selector: selector ?? '' }]
      : [],
  );
}

function dmarcOf(dmarc: DMARCResult | false): Pick<Findings, 'dmarc'> {
  if (!dmarc) return {};
  const result = dmarc.status.result as NonNullable<Findings['dmarc']>['result'];
  const policy = /^(?:quarantine|reject)$/.test(dmarc.policy)
    ? (dmarc.policy as 'quarantine' | 'reject')
    : 'none';
  return { dmarc: { result, policy, domain: dmarc.status.header?.['from'] ?? dmarc.domain } };
}

function plainResult(result: string): 'none' | 'pass' | 'fail' {
  return result === 'pass' || result === 'fail' ? result : 'none';
}

/** What mailauth expects of node:dns: records, or an error whose code says that there are none, or why not. */
async function resolve(
  resolver: Resolver,
  { name, type, ip }: { name: string; type: string; ip: string },
): Promise<string[][] | string[]> {
  try {
    const records = await ask(resolver, { name, type, ip });
    if (records.length > 0) return records as string[];
  } catch (cause) {
    if (!(cause instanceof DnsUnavailable)) throw cause;
    throw Object.assign(new Error(cause.message, { cause }), { code: 'ETIMEOUT' });
  }
  throw Object.assign(new Error(`${name} has no ${type} record`), { code: 'ENODATA' });
}

async function ask(
  resolver: Resolver,
  { name, type, ip }: { name: string; type: string; ip: string },
): Promise<unknown[]> {
  switch (type) {
    case 'TXT':
      return resolver.txt(name);
    case 'MX':
      return (await resolver.mx(name)).records;
    case 'A':
      return resolver.addresses(name, 4);
    case 'AAAA':
      return resolver.addresses(name, 6);
    // Asked for the peer's own address only.
    case 'PTR':
      return resolver.ptr(ip);
    default:
      return [];
  }
}
