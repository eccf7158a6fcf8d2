/**
 * Reports for one message (spool.md, transitions 5 and 6): write what is owed as a report record, then spool it as a
 * message of its own under an id derived from that record. Any step may be repeated.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ReportWriter } from '../../aws/report-writer.ts';
import { canonicalDomain } from '../../mail/address/domain.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { composeReport } from '../../mail/dsn/compose.ts';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import { headerFacts } from '../../mail/envelope/header-facts.ts';
import { headerEnd, splitHeader } from '../../mail/envelope/header.ts';
import {
  BodyMissing,
  type BodyStore,
  type Clock,
  type Spool,
  type WorkQueue,
} from '../../mail/spool/doors.ts';
import { bodyKeyOf, keptKeyOf } from '../../mail/spool/keys.ts';
import type { MessageRecord, ReportRecord } from '../../mail/spool/records.ts';
import { gatherReport } from '../../mail/spool/report.ts';
import { tryDeadAgain, type DeadMailDoors } from './dead-mail.ts';

export interface ReportDoors extends DeadMailDoors {
  readonly settings: SettingsSource;
  readonly spool: Spool;
  readonly writer: ReportWriter;
  readonly bodies: Pick<BodyStore, 'putNew' | 'open'>;
  readonly queue: WorkQueue;
  readonly clock: Clock;
  readonly onReported: (report: ReportRecord) => void;
  readonly onFault: (what: string, cause: unknown, message: string) => void;
}

export async function reportMessage(id: string, doors: ReportDoors): Promise<void> {
  const settings = await doors.settings.current();
  for (let tries = 0; tries < mostTries; tries++)
    if (await reportedAll(await recordOf(id, doors), settings, doors))
      return tryDeadAgain(await recordOf(id, doors), settings.configuration, doors);
  throw new Error(`Message ${id} changed whenever its report was written; it is written again.`);
}

/** Something may move between reading and writing; seldom more than once. */
const mostTries = 5;

async function recordOf(id: string, { spool }: ReportDoors): Promise<MessageRecord> {
  const message = await spool.message(id);
  if (message === undefined) throw new Error(`Message ${id} is owed a report but has no record m.`);
  return message;
}

/** False: the records changed under the report, and are to be read again. */
async function reportedAll(message: MessageRecord, settings: Settings, doors: ReportDoors): Promise<boolean> {
  for (const report of await doors.spool.reports(message.message))
    if (report.wake !== undefined) await spoolReport(message, report, settings, doors);
  const reporting = gatherReport(message, await doors.spool.deliveries(message.message), doors.clock());
  if (reporting === undefined) return true;
  if (!(await doors.writer.write(message, reporting))) return false;
  return reportedAll({ ...message, reports: message.reports + 1 }, settings, doors);
}

async function spoolReport(
  message: MessageRecord,
  report: ReportRecord,
  settings: Settings,
  doors: ReportDoors,
): Promise<void> {
  const composed = await bytesOf(message, report, settings, doors);
  const bytes = await spooledBytes(report, composed, doors);
  await doors.queue.route({ id: report.reportId, envelope: envelopeOf(message, report, settings, bytes) });
  await doors.writer.finish(report, doors.clock());
  doors.onReported(report);
}

/** An earlier try may have spooled other words (documents change): what lies in the spool is the report. */
async function spooledBytes(
  { reportId }: ReportRecord,
  composed: Buffer,
  { bodies }: ReportDoors,
): Promise<Buffer> {
  if (await bodies.putNew(reportId, composed)) return composed;
  return buffer(await bodies.open(bodyKeyOf(reportId)));
}

async function bytesOf(
  message: MessageRecord,
  report: ReportRecord,
  settings: Settings,
  doors: ReportDoors,
): Promise<Buffer> {
  const { server, configuration, globalDomains } = settings;
  const primary = globalDomains.find((one) => one.default) ?? globalDomains[0];
  const domain = primary?.primaryDomain ?? server.hostName;
  return composeReport(report, {
    hostName: server.hostName,
    // The report's header is ASCII unless the message's is not.
    domain: canonicalDomain(domain) ?? domain,
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
    const bytes = await readOriginal(doors.bodies, message, end);
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

/** Of what was held for long only the kept copy is left. */
async function readOriginal(
  bodies: Pick<BodyStore, 'open'>,
  { message, envelope }: MessageRecord,
  length: number,
): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0);
  const range = { start: 0, end: length - 1 };
  const kept = (error: unknown): Promise<Readable> => {
    if (!(error instanceof BodyMissing)) throw error;
    return bodies.open(keptKeyOf(message), range);
  };
  return buffer(await bodies.open(envelope.bodyKey, range).catch(kept));
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
    header: headerFacts(splitHeader(bytes)),
    edits: [],
    acceptedAt: report.date,
    settings: settings.version,
  };
}
