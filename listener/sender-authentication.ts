/**
 * What SPF, DKIM, DMARC and ARC say of a message, as findings; what they mean is decided in mail/policy. Large
 * messages are scanned while they come in. Mail from loopback is this machine's own and not looked at: its address
 * says nothing, and such peers are never looked up.
 */
import type { DKIMVerifyResult, DMARCResult, SPFResult } from 'mailauth';
import { logSafe } from '../mail/address/address.ts';
import type { HeaderBlock } from '../mail/envelope/header.ts';
import type { Findings } from '../mail/policy/authentication-results.ts';
import type { PolicyContext } from '../mail/policy/context.ts';
import { isLoopback } from '../mail/policy/peer.ts';
import { authenticationConcerns } from '../mail/policy/sender-authentication.ts';
import { dmarcOfAuthors } from './dmarc-of-authors.ts';
import {
  isSigned,
  openScan,
  scanWhole,
  type Answered,
  type Asked,
  type Scan,
} from './mail-authentication.ts';
import type { MessageFacts } from './policy.ts';

type Results = NonNullable<Findings['dkim']>[number]['result'];
export type Author = Pick<MessageFacts, 'helo' | 'from'>;

/** For a message that does not fit into memory: scanned as it comes. Undefined: nobody needs its body for this. */
export async function scanFor(
  context: PolicyContext,
  author: Author,
  header: HeaderBlock,
): Promise<Scan | undefined> {
  if (!isSigned(header) || !(await concerns(context))) return undefined;
  return openScan(askedOf(context, author, header));
}

/** Undefined: this session's mail is not looked at. */
export async function lookUpFindings(
  context: PolicyContext,
  { header, body, ...author }: MessageFacts,
): Promise<Findings | undefined> {
  if (!(await concerns(context))) return undefined;
  const answer = await (body.scan?.end() ?? scanWhole(askedOf(context, author, header), body.body));
  return findingsOf(answer, author.from === null);
}

async function concerns(context: PolicyContext): Promise<boolean> {
  return !isLoopback(context.session.peer.address) && authenticationConcerns(context);
}

function askedOf(
  { session, settings, resolver }: PolicyContext,
  { helo, from }: Author,
  header: HeaderBlock,
): Asked {
  const { hostName: mta } = settings.server;
  return { ip: session.peer.address, helo, sender: from?.text ?? '', mta, header, resolver };
}

async function findingsOf(answer: Answered, nullSender: boolean): Promise<Findings> {
  const { spf, dkim, arc } = answer.found;
  const sealer = arc && arc.signature ? arc.signature.signingDomain : undefined;
  return {
    ...spfOf(spf, nullSender),
    dkim: dkimOf(dkim),
    ...dmarcOf(await dmarcOfAuthors(answer)),
    ...(arc && { arc: { result: plainResult(arc.status.result), sealer } }),
  };
}

function spfOf(spf: SPFResult | false, nullSender: boolean): Pick<Findings, 'spf'> {
  if (!spf) return {};
  const result = spf.status.result as NonNullable<Findings['spf']>['result'];
  return { spf: { result, domain: logSafe(spf.domain), identity: nullSender ? 'helo' : 'mailfrom' } };
}

function dkimOf({ results }: DKIMVerifyResult): NonNullable<Findings['dkim']> {
  return (results ?? []).flatMap(({ signingDomain, selector, status }) =>
    signingDomain
      ? [{ result: status.result as Results, domain: signingDomain, selector: selector ?? '' }]
      : [],
  );
}

function dmarcOf(dmarc: DMARCResult | 'undecidable' | undefined): Pick<Findings, 'dmarc'> {
  if (dmarc === undefined) return {};
  if (dmarc === 'undecidable') return { dmarc: { result: 'permerror', policy: 'none', domain: 'unknown' } };
  const result = dmarc.status.result as NonNullable<Findings['dmarc']>['result'];
  const policy = dmarc.policy === 'quarantine' || dmarc.policy === 'reject' ? dmarc.policy : 'none';
  return { dmarc: { result, policy, domain: logSafe(dmarc.status.header?.['from'] ?? dmarc.domain) } };
}

function plainResult(result: string): 'none' | 'pass' | 'fail' {
  return result === 'pass' || result === 'fail' ? result : 'none';
}
