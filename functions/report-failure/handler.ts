/**
 * report-failure: tells the sender what became of a message (RFC 3464), in one report for all that is owed at once.
 *
 * Receives `report` messages {message}, events of Amazon SES (ses-event.ts), and once a day {tlsReport} for each domain that
 * asks for reports of TLS (tls-report.ts). Reads the message's records and the
 * original; writes the report record with the debts cleared, then the report itself as a new message to `route`. Never
 * reports to `<>`; a report that is dead mail gets its rounds here (dead-mail.ts). A failure at any step leaves `wakeAt` on
 * the record; the next try makes the same message again.
 */
import { dynamodb, s3, sqs } from '../../aws/clients.ts';
import { storedBodies } from '../../aws/stored-bodies.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { queueHandler } from '../../aws/queue-batch.ts';
import { awsReportWriter } from '../../aws/report-writer.ts';
import { dnsResolver } from '../../aws/resolver.ts';
import { awsTlsCounts } from '../../aws/tls-counts.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { sesPointers } from '../../aws/ses-pointers.ts';
import { putVersion } from '../../aws/spool.ts';
import { workerDoors } from '../../aws/worker-doors.ts';
import { isFromSes } from '../../mail/relay/ses-event.ts';
import type { ReportWork, TlsReportWork } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { reportMessage, type ReportDoors } from './report.ts';
import { settleSesEvent, type SesEventDoors } from './ses-event.ts';
import { settings } from './settings.ts';
import { reportTls, type TlsReportDoors } from './tls-report.ts';

const vars = readVariables(process.env, settings.variables);
const log = mailLog('report-failure');
const workers = workerDoors(vars, process.env, log);
const spoolTable = { client: dynamodb(), table: vars.spoolTable };
const put = (next: Delivery, version: number) => putVersion(spoolTable, next, version);
const doors: ReportDoors = {
  ...workers,
  put,
  writer: awsReportWriter(spoolTable),
  bodies: storedBodies({ client: s3(), bucket: vars.bucket }),
  onReported: ({ message, reportId: report, kind, recipients }) =>
    log.reported({ message, report, kind, recipients: recipients.length }),
  onFault: (what, cause, message) => log.fault(what, cause, { message }),
};

const sesDoors: SesEventDoors = {
  ...workers,
  pointers: sesPointers({ ...spoolTable, clock: doors.clock }),
  put,
  report: (message) => reportMessage(message, doors),
  log,
};

const tlsDoors: TlsReportDoors = {
  ...doors,
  counts: awsTlsCounts(spoolTable),
  resolver: dnsResolver({ servers: readTuning(process.env).dnsServers }),
  onReported: (report, recipients) => log.reported({ message: report, report, kind: 'tls', recipients }),
};

type Work = ReportWork | { readonly tlsReport: TlsReportWork };

function work(one: Work, receives: number): Promise<void> {
  if (isFromSes(one)) return settleSesEvent(one, receives, sesDoors);
  return 'tlsReport' in one ? reportTls(one.tlsReport, tlsDoors) : reportMessage(one.message, doors);
}

export const handler = queueHandler<Work>({
  client: sqs(),
  queueUrl: vars.reportQueue,
  log,
  work: (one, { receives }) => work(one, receives),
});
