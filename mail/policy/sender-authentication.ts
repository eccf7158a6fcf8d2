/**
 * SPF, DKIM and DMARC at the end of DATA (Configuration, `senderAuthentication`): what the results mean. Whoever
 * looked them up gives them as values; this decides and writes Authentication-Results (RFC 8601).
 *
 * Not for who has logged in, internal or excluded peers. Mail of trusted forwarders is never refused. A result that
 * DNS kept from us is 451 where the Configuration would refuse, and no more than a mark elsewhere.
 */
import type { Settings } from '../directory/settings.ts';
import type { Envelope } from '../envelope/envelope.ts';
import type { HeaderEdit } from '../envelope/header-edits.ts';
import { DnsUnavailable } from '../relay/doors.ts';
import { dmarcFailed550, dnsUnavailable451, spfFailed550 } from '../reply/message-replies.ts';
import { authenticationResults, type Findings } from './authentication-results.ts';
import type { PolicyContext } from './context.ts';
import { listsOf, matchPeer } from './lists.ts';
import { accept, conduct, defer, inConfiguration, pass, refuse, rulesIn, type Ruling } from './ruling.ts';
import { standingOf } from './standing.ts';
import type { Verdict } from './verdict.ts';

type Method = 'spf' | 'dmarc';

/** Whether this session's mail is looked at at all: then the results are worth looking up. */
export async function authenticationConcerns({ settings, session }: PolicyContext): Promise<boolean> {
  const { spf, dkim, dmarc } = settings.configuration.senderAuthentication;
  if (session.auth !== undefined || (spf === 'off' && dkim === 'off' && dmarc === 'off')) return false;
  try {
    return (await standingOf(settings, session.peer)).standing === 'external';
  } catch (cause) {
    // Where results only mark, an unknown host name is none; where they refuse, it could exempt the peer.
    if (cause instanceof DnsUnavailable && spf !== 'reject' && dmarc !== 'reject') return true;
    throw cause;
  }
}

export interface Authenticated {
  readonly verdict: Verdict;
  readonly trust?: Envelope['trust'];
  readonly edits: readonly HeaderEdit[];
}

/** Throws nothing for DNS: where a host name could save the message from a refusal, the verdict is 451. */
export async function judgeAuthentication(
  context: PolicyContext,
  findings: Findings,
): Promise<Authenticated> {
  const { settings } = context;
  const rulings = { spf: spfRuling(settings, findings), dmarc: dmarcRuling(settings, findings) };
  const atStake = rulings.spf.says !== 'pass' || rulings.dmarc.says !== 'pass';
  const { by } = rulesIn(settings);
  const forwarder = by('senderAuthentication.trustedForwarders', 'trusted forwarder', () =>
    trustedForwarder(context, findings),
  );
  const verdict = await conduct([
    ...(atStake ? [forwarder] : []),
    by('senderAuthentication.spf', 'SPF', () => rulings.spf),
    by('senderAuthentication.dmarc', 'DMARC', () => rulings.dmarc),
  ]);
  const field = authenticationResults(settings, findings);
  const trust = await trustMark(context, findings);
  return { verdict, edits: field === undefined ? [] : [{ op: 'prepend', field }], ...(trust && { trust }) };
}

/** A host name that cannot be looked up trusts nobody; no more than a folder depends on it. */
async function trustMark(context: PolicyContext, findings: Findings): Promise<Envelope['trust']> {
  const mark = trustOf(context.settings, findings);
  if (mark === undefined) return undefined;
  try {
    return (await trustedForwarder(context, findings)).says === 'accept' ? undefined : mark;
  } catch (cause) {
    if (cause instanceof DnsUnavailable) return mark;
    throw cause;
  }
}

/** For `delivery.junkUntrusted` and `.junkSoftfail`. A domain that publishes p=none asks for no consequence. */
function trustOf(settings: Settings, { spf, dmarc }: Findings): Envelope['trust'] {
  const modes = settings.configuration.senderAuthentication;
  if (modes.spf !== 'off' && spf?.result === 'fail') return 'untrusted';
  if (modes.dmarc !== 'off' && isUntrusted(dmarc)) return 'untrusted';
  return modes.spf !== 'off' && spf?.result === 'softfail' ? 'softfail' : undefined;
}

function isUntrusted(dmarc: Findings['dmarc']): boolean {
  return dmarc?.result === 'permerror' || (dmarc?.result === 'fail' && dmarc.policy !== 'none');
}

/** The peer itself, or the outermost domain that sealed an intact ARC chain (RFC 8617). */
async function trustedForwarder({ settings, session }: PolicyContext, { arc }: Findings): Promise<Ruling> {
  const list = listsOf(settings).trustedForwarders;
  if (list.empty) return pass('none named');
  const sealer = arc?.result === 'pass' ? arc.sealer : undefined;
  const sealed = sealer === undefined ? undefined : list.match({ address: '', hostName: sealer });
  const entry = sealed ?? (await matchPeer(list, session.peer));
  if (entry === undefined) return pass('not one');
  return accept('trusted', inConfiguration(settings, 'senderAuthentication.trustedForwarders', entry));
}

function spfRuling(settings: Settings, { spf }: Findings): Ruling {
  if (spf === undefined || settings.configuration.senderAuthentication.spf !== 'reject')
    return pass(spf?.result ?? 'off');
  const because = reason(settings, 'spf', spf.domain);
  if (spf.result === 'fail') return refuse(spfFailed550, because);
  return spf.result === 'temperror' ? defer(dnsUnavailable451, because) : pass(spf.result, because);
}

function dmarcRuling(settings: Settings, { dmarc }: Findings): Ruling {
  if (dmarc === undefined || settings.configuration.senderAuthentication.dmarc !== 'reject')
    return pass(dmarc?.result ?? 'off');
  const because = reason(settings, 'dmarc', dmarc.domain);
  // permerror: so many authors, or such, that no domain can be asked.
  if (dmarc.result === 'permerror' || (dmarc.result === 'fail' && dmarc.policy === 'reject'))
    return refuse(dmarcFailed550(dmarc.domain), because);
  return dmarc.result === 'temperror' ? defer(dnsUnavailable451, because) : pass(dmarc.result, because);
}

function reason(settings: Settings, method: Method, domain: string) {
  return inConfiguration(settings, `senderAuthentication.${method}`, domain);
}
