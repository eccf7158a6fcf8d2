/**
 * The daily report of TLS to one domain that asks for it (RFC 8460): its counts of a day, as a message of our own that is
 * spooled like any. Reports must be signed (section 3): where no key of `dkimSigning` is for our primary domain none is
 * sent. Any number of tries make one message, whose id is derived; the counts go when it lies in the queue.
 */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { KeptCounts } from '../../aws/tls-counts.ts';
import { canonicalDomain } from '../../mail/address/domain.ts';
import type { Settings, SettingsSource } from '../../mail/directory/settings.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { headerEnd } from '../../mail/envelope/header.ts';
import { DnsUnavailable, type Resolver } from '../../mail/relay/doors.ts';
import { tlsReportId, tlsReportMessage } from '../../mail/relay/tls-report-message.ts';
import { tlsReport, tlsReportAddresses, tlsReportName } from '../../mail/relay/tls-report.ts';
import type { TlsCount } from '../../mail/relay/tls-counts.ts';
import { primaryDomainOf } from '../../mail/router/primary-domain.ts';
import type { BodyStore, Clock, TlsReportWork, WorkQueue } from '../../mail/spool/doors.ts';
import { bodyKeyOf } from '../../mail/spool/keys.ts';

export interface TlsReportDoors {
  readonly counts: Pick<KeptCounts, 'read' | 'remove'>;
  readonly resolver: Pick<Resolver, 'txt' | 'addresses'>;
  readonly settings: SettingsSource;
  readonly bodies: Pick<BodyStore, 'putNew' | 'open'>;
  readonly queue: Pick<WorkQueue, 'route'>;
  readonly clock: Clock;
  readonly onReported: (id: string, recipients: number) => void;
}

export async function reportTls({ day, domain }: TlsReportWork, doors: TlsReportDoors): Promise<void> {
  const counts = await doors.counts.read(day, domain);
  if (counts.length === 0) return;
  const settings = await doors.settings.current();
  const to = isSigned(settings) ? await wantedAt(domain, doors) : [];
  // DNS is silent: the sweep asks for this report again.
  if (to === undefined) return;
  if (to.length > 0) await spool({ day, domain, counts, settings, to }, doors);
  await doors.counts.remove(day, domain);
}

interface Report extends TlsReportWork {
  readonly counts: readonly TlsCount[];
  readonly settings: Settings;
  readonly to: readonly string[];
}

function isSigned(settings: Settings): boolean {
  const submitter = primaryDomainOf(settings);
  return settings.configuration.dkimSigning.some(({ domain }) => canonicalDomain(domain) === submitter);
}

async function wantedAt(domain: string, { resolver }: TlsReportDoors): Promise<string[] | undefined> {
  try {
    return tlsReportAddresses(await resolver.txt(tlsReportName(domain)));
  } catch (error) {
    if (error instanceof DnsUnavailable) return undefined;
    throw error;
  }
}

async function spool(report: Report, doors: TlsReportDoors): Promise<void> {
  const id = tlsReportId(report.domain, report.day);
  const composed = await compose(report, id, doors);
  // An earlier try may have spooled other words: what lies in the spool is the report.
  const isNew = await doors.bodies.putNew(id, composed);
  const bytes = isNew ? composed : await buffer(await doors.bodies.open(bodyKeyOf(id)));
  await doors.queue.route({ id, envelope: envelopeOf(report, { id, bytes, now: doors.clock() }) });
  if (isNew) doors.onReported(id, report.to.length);
}

async function compose(report: Report, reportId: string, doors: TlsReportDoors): Promise<Buffer> {
  const { domain, day, counts, settings, to } = report;
  const { hostName, outboundHostName } = settings.server;
  const submitter = primaryDomainOf(settings);
  const [sendingIp] = await doors.resolver.addresses(outboundHostName).catch(() => []);
  const facts = { domain, day, submitter, reportId, ...(sendingIp === undefined ? {} : { sendingIp }) };
  const json = JSON.stringify(tlsReport(counts, facts));
  return tlsReportMessage({ ...facts, to, report: gzipSync(json), hostName, date: doors.clock() });
}

/** Nobody is told when it fails, and no policy about TLS stops it. */
function envelopeOf(
  { to, settings }: Report,
  { id, bytes, now }: { id: string; bytes: Buffer; now: Date },
): Envelope {
  return {
    id,
    origin: 'report',
    from: `postmaster@${primaryDomainOf(settings)}`,
    recipients: to.map((address) => ({ address, notify: 'NEVER' })),
    eightBitMime: false,
    smtpUtf8: false,
    requireTls: false,
    tlsOptional: true,
    bodyKey: bodyKeyOf(id),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    headerSize: headerEnd(bytes),
    header: { messageId: `<${id}@${settings.server.hostName}>` },
    edits: [],
    acceptedAt: now.toISOString(),
    settings: settings.version,
  };
}
