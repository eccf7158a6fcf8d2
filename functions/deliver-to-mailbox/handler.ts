/**
 * deliver-to-mailbox: puts accepted mail into mail files, each message once, whatever happens.
 *
 * Receives `deliver` messages {message, part}. Claims the delivery, asks the look-up for the quota of a limited mail file,
 * has S3 copy the body, writes the row in table mailboxes, settles; tells report where the sender must hear of it. Reads no body. A failure leaves the pointer in
 * the queue and the record due: the lease ends, and the delivery is taken again.
 */
import { dynamodb, s3, sqs } from '../../aws/clients.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { awsMailbox } from '../../aws/mailbox.ts';
import { queueHandler } from '../../aws/queue-batch.ts';
import { readVariables } from '../../aws/variables.ts';
import { workerDoors } from '../../aws/worker-doors.ts';
import type { DeliverWork } from '../../mail/spool/doors.ts';
import { later, minute } from '../../mail/spool/keys.ts';
import { deliver } from './deliver.ts';
import { settings } from './settings.ts';

const vars = readVariables(process.env, settings.variables);
const log = mailLog('deliver-to-mailbox');
const { bucket, mailboxesTable } = vars;
const mailbox = awsMailbox({ dynamodb: dynamodb(), table: mailboxesTable, s3: s3(), bucket });
const doors = { ...workerDoors(vars, process.env, log), mailbox, log };

export const handler = queueHandler<DeliverWork>({
  client: sqs(),
  queueUrl: vars.deliverQueue,
  log,
  work: (work, { context }) =>
    deliver(work, later(doors.clock(), context.getRemainingTimeInMillis() + minute), doors),
});
