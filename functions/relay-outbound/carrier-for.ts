/** Which way out serves a next hop, put together from the settings of the moment. */
import type { MailLog } from '../../aws/mail-log.ts';
import type { RawSender } from '../../aws/ses.ts';
import type { SesPointers } from '../../aws/ses-pointers.ts';
import type { Tuning } from '../../aws/variables.ts';
import { withHostsFile } from '../../aws/resolver.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import type { Resolver, Secrets } from '../../mail/relay/doors.ts';
import { mayReach, resolveHop, type Resolution, type Target } from '../../mail/relay/hosts.ts';
import { parseNextHop } from '../../mail/relay/next-hop.ts';
import type { TlsTally } from '../../mail/relay/tls-counts.ts';
import { primaryDomainOf } from '../../mail/router/primary-domain.ts';
import type { BodyStore, Clock, HopWork } from '../../mail/spool/doors.ts';
import type { Carrier } from './carrier.ts';
import { peerPolicy, type Judged, type PeerDoors } from './peer-policy.ts';
import { signing } from './signing.ts';
import { sesCarrier } from './ses-carrier.ts';
import { sevenBitReports } from './seven-bit-reports.ts';
import { sessionPolicy } from './session-policy.ts';
import { smtpCarrier } from './smtp-carrier.ts';
import type { TlsFinding } from './smtp-carrier.ts';
import type { TlsWish } from './smtp-session.ts';
import type { Timeouts, TlsOptions } from './smtp-connection.ts';

export interface CarrierDoors extends Pick<PeerDoors, 'secureDns' | 'sts'> {
  readonly log: Pick<MailLog, 'tls' | 'fault'>;
  readonly tally: Pick<TlsTally, 'note'>;
  readonly bodies: Pick<BodyStore, 'open'>;
  readonly resolver: Resolver;
  readonly secrets: Secrets;
  readonly ses: RawSender;
  readonly pointers: Pick<SesPointers, 'write'>;
  readonly tuning: Pick<Tuning, 'mxPort' | 'local'>;
  readonly timeouts: Timeouts;
  /** Milliseconds that must be left when the final dot is sent. */
  readonly finalDotReserve: number;
  readonly random: () => number;
  readonly pause: (milliseconds: number) => Promise<void>;
  readonly clock: Clock;
  /** Certificate authorities beside Node's own. */
  readonly trust?: TlsOptions;
}

export function carriers(
  doors: CarrierDoors,
): (work: HopWork, settings: Settings, remaining: () => number) => Carrier {
  return (work, settings, remaining) => {
    const carrier =
      work.transport === 'ses' ? bySes(doors, settings) : bySmtp(doors, { work, settings, remaining });
    return sevenBitReports(signing(carrier, { ...doors, settings }));
  };
}

function bySmtp(
  doors: CarrierDoors,
  { work, settings, remaining }: { work: HopWork; settings: Settings; remaining: () => number },
): Carrier {
  const { bodies, timeouts, finalDotReserve } = doors;
  return smtpCarrier({
    bodies,
    resolve: () => hostsOf(doors, work, settings),
    policyFor: (target, tlsOptional) => policyFor(doors, { work, settings, tlsOptional }, target),
    limits: { timeouts, finalDotReserve, remaining },
    onTls: (wish, target, found) => tellTls(doors, wish, { ...found, target }),
  });
}

async function policyFor(
  doors: CarrierDoors,
  { work, settings, tlsOptional }: { work: HopWork; settings: Settings; tlsOptional: boolean },
  target: Target,
): Promise<Judged> {
  const own = await sessionPolicy({ ...doors, work, settings });
  if ('waits' in own) return own;
  if (tlsOptional) return { ...own, tls: 'negotiated', fallbackToPlain: true };
  const hop = parseNextHop(work.nextHop);
  if (!hop.ok) return own;
  const domain = hop.value.kind === 'domain' ? hop.value.domain : undefined;
  const reach = reachOf(doors, settings);
  return peerPolicy(doors, { target, domain, mayReach: (address) => mayReach(address, reach) }, own);
}

function reachOf({ tuning }: CarrierDoors, { configuration }: Settings) {
  return {
    publicOnly: configuration.routing.privateAddresses === 'refuse',
    allowLoopback: tuning.local,
  };
}

function bySes({ bodies, ses, pointers, log, pause }: CarrierDoors, settings: Settings): Carrier {
  const maximumSize = settings.configuration.routing.sesMaximumSize;
  return sesCarrier({
    bodies,
    ses,
    pointers,
    pause,
    maximumSize,
    postmaster: `postmaster@${primaryDomainOf(settings)}`,
    onFault: (what, cause, { message, part }) => log.fault(what, cause, { message, part }),
  });
}

/** Sessions under a policy are logged one by one; all are counted. */
function tellTls(
  { log, tally }: CarrierDoors,
  { domain, policy }: TlsWish,
  { target, ...found }: TlsFinding & { target: Target },
): void {
  const { host, address } = target;
  tally.note({ domain, policy, host, address, ...found });
  const { type } = policy;
  if (type !== 'no-policy-found') log.tls({ domain, policy: type, host, ...found });
}

async function hostsOf(doors: CarrierDoors, work: HopWork, settings: Settings): Promise<Resolution> {
  const parsed = parseNextHop(work.nextHop);
  if (!parsed.ok)
    return { outcome: 'waiting', reply: `451 4.3.5 The next hop cannot be read: ${parsed.problem}` };
  if (parsed.value.kind === 'ses')
    return { outcome: 'waiting', reply: '451 4.3.5 The next hop "ses" is not reached by SMTP' };
  const { hostNameLookup } = settings.configuration.routing;
  const { publicOnly, allowLoopback } = reachOf(doors, settings);
  const { hostName, outboundHostName } = settings.server;
  return resolveHop(parsed.value, {
    resolver: withHostsFile(doors.resolver, hostNameLookup),
    port: doors.tuning.mxPort,
    publicOnly: work.transport === 'direct' && publicOnly,
    allowLoopback,
    ownNames: outboundHostName === undefined ? [hostName] : [hostName, outboundHostName],
    random: doors.random,
  });
}
