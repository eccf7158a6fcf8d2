/**
 * Reports for one message (spool.md, transitions 5 and 6): write what is owed as a report record, then spool it as a
 * message of its own under an id derived from that record. Any step may be repeated.
 */
import { createHash } from 'node:crypto';
import type { ReportWriter } from '../../aws/report-writer.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { composeReport } from '../../mail/dsn/compose.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { headerEnd } from '../../mail/envelope/header.ts';
import {
  BodyMissing,
  type BodyStore,
  type Clock,
  type Spool,
  type WorkQueue,
} from '../../mail/spool/doors.ts';
import { bodyKeyOf } from '../../mail/spool/keys.ts';
import type { MessageRecord, ReportRecord } from '../../mail/spool/records.ts';
import { gatherReport } from '../../mail/spool/report.ts';

export interface ReportDoors {
  readonly settings: SettingsSource;
  readonly spool: Spool;
  readonly writer: ReportWriter;
  readonly bodies: BodyStore;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly onReported: (report: ReportRecord) => void;
  readonly onFault: (what: string, cause: unknown, message: string) => void;
}

export async function reportMessage(id: string, doors: ReportDoors): Promise<void> {
  const settings = await doors.settings.current();
  const message = await doors.spool.message(id);
  if (message === undefined) throw new Error(`Message ${id} is owed a report but has no record m.`);
  for (const report of await doors.spool.reports(id))
    if (report.wake !== undefined) await spoolReport(message, report, settings, doors);
  await reportOwed(message, settings, doors);
}

async function reportOwed(message: MessageRecord, settings: Settings, doors: ReportDoors): Promise<void> {
  const reporting = gatherReport(message, await doors.spool.deliveries(message.message), doors.clock());
  if (reporting === undefined) return;
  if (!(await doors.writer.write(message, reporting)))
    throw new Error(`Message ${message.message} changed while its report was written; it is written again.`);
  await spoolReport(message, reporting.report, settings, doors);
  await reportOwed({ ...message, reports: message.reports + 1 }, settings, doors);
}

async function spoolReport(
  message: MessageRecord,
  report: ReportRecord,
  settings: Settings,
  doors: ReportDoors,
): Promise<void> {
  const bytes = await bytesOf(message, report, settings, doors);
  await doors.bodies.putNew(report.reportId, bytes);
  await doors.queue.route({ id: report.reportId, envelope: envelopeOf(message, report, settings, bytes) });
  await doors.writer.finish(report, doors.clock());
  doors.onReported(report);
}

async function bytesOf(
  message: MessageRecord,
  report: ReportRecord,
  settings: Settings,
  doors: ReportDoors,
): Promise<Buffer> {
  const { server, configuration, globalDomains } = settings;
  const primary = globalDomains.find((one) => one.default) ?? globalDomains[0];
  return composeReport(report, {
    hostName: server.hostName,
    domain: primary?.primaryDomain ?? server.hostName,
    envelope: message.envelope,
    failureText: configuration.failureText,
    original: await originalOf(message, report, doors),
  });
}

/** Whole up to 50 KB for a failure (unless RET=HDRS), else the header block (RFC 3461 section 4.3). */
const wholeUpTo = 50 * 1024;

async function originalOf(message: MessageRecord, report: ReportRecord, doors: ReportDoors) {
  const { envelope } = message;
  const failed = report.recipients.some(({ owes }) => owes === 'failed');
  const whole = failed && envelope.ret !== 'HDRS' && envelope.size <= wholeUpTo;
  const end = whole ? envelope.size : envelope.headerSize;
  try {
    const bytes = await readAll(doors.bodies, envelope.bodyKey, end);
    return { bytes: whole ? bytes : headerBlock(bytes), whole };
  } catch (error) {
    if (!(error instanceof BodyMissing)) throw error;
    doors.onFault('A body is missing from the spool', error, message.message);
    return {
      bytes: Buffer.from(`Message-ID: ${envelope.header.messageId ?? '<unknown>'}\r\n`),
      whole: false,
    };
  }
}

function headerBlock(bytes: Buffer): Buffer {
  const end = headerEnd(bytes);
  return end === -1 ? bytes : bytes.subarray(0, end);
}

async function readAll(bodies: BodyStore, key: string, length: number): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const chunks: Buffer[] = [];
  for await (const chunk of await bodies.open(key, { start: 0, end: length - 1 }))
    chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}

/** MAIL FROM of every report is `<>`, so that no report is ever reported. */
function envelopeOf(
  message: MessageRecord,
  report: ReportRecord,
  settings: Settings,
  bytes: Buffer,
): Envelope {
  return {
    id: report.reportId,
    origin: 'report',
    from: '',
    recipients: [{ address: message.envelope.from, notify: 'NEVER' }],
    eightBitMime: bytes.some((byte) => byte > 127),
    smtpUtf8: message.envelope.smtpUtf8,
    requireTls: false,
    bodyKey: bodyKeyOf(report.reportId),
    size: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    headerSize: headerEnd(bytes),
    header: { messageId: `<${report.reportId}@${settings.server.hostName}>` },
    edits: [],
    acceptedAt: report.date,
    settings: settings.version,
  };
}
