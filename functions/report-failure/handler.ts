/**
 * report-failure: tells the sender what became of a message (RFC 3464), in one report for all that is owed at once.
 *
 * Receives `report` messages {message}, and events of Amazon SES (ses-event.ts). Reads the message's records and the
 * original; writes the report record with the debts cleared, then the report itself as a new message to `route`. Never
 * reports to `<>`; a report that is dead mail gets its rounds here (dead-mail.ts). A failure at any step leaves `wakeAt` on
 * the record; the next try makes the same message again.
 */
import { dynamodb, s3, sqs } from '../../aws/clients.ts';
import { awsBodyStore } from '../../aws/body-store.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { queueHandler } from '../../aws/queue-batch.ts';
import { awsReportWriter } from '../../aws/report-writer.ts';
import { readVariables } from '../../aws/variables.ts';
import { sesPointers } from '../../aws/ses-pointers.ts';
import { putVersion } from '../../aws/spool.ts';
import { workerDoors } from '../../aws/worker-doors.ts';
import { isFromSes } from '../../mail/relay/ses-event.ts';
import type { ReportWork } from '../../mail/spool/doors.ts';
import type { Delivery } from '../../mail/spool/records.ts';
import { reportMessage, type ReportDoors } from './report.ts';
import { settleSesEvent, type SesEventDoors } from './ses-event.ts';
import { settings } from './settings.ts';

const vars = readVariables(process.env, settings.variables);
const log = mailLog('report-failure');
const workers = workerDoors(vars, process.env, log);
const spoolTable = { client: dynamodb(), table: vars.spoolTable };
const put = (next: Delivery, version: number) => putVersion(spoolTable, next, version);
const doors: ReportDoors = {
  ...workers,
  put,
  writer: awsReportWriter(spoolTable),
  bodies: awsBodyStore({ client: s3(), bucket: vars.bucket }),
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

export const handler = queueHandler<ReportWork>({
  client: sqs(),
  queueUrl: vars.reportQueue,
  log,
  work: (work, { receives }) =>
    isFromSes(work) ? settleSesEvent(work, receives, sesDoors) : reportMessage(work.message, doors),
});
