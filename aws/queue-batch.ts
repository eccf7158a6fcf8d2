/**
 * An SQS batch as our functions take it: each record's body is JSON, one function does one record, what throws comes
 * back alone (ReportBatchItemFailures). A failed record is offered again after 30 s to 5 min, by how often it came,
 * instead of after the queue's whole visibility time.
 */
import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import { ChangeMessageVisibilityCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { MailLog } from './mail-log.ts';

export interface QueueWorker<W> {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly log: MailLog;
  /** One record's work; `receives` counts how often it came. Throws to have it again. */
  work(work: W, record: { receives: number; context: Context }): Promise<void>;
}

const shortest = 30;
const longest = 300;

export function queueHandler<W>(
  worker: QueueWorker<W>,
): (event: SQSEvent, context: Context) => Promise<SQSBatchResponse> {
  return async (event, context) => {
    const processor = new BatchProcessor(EventType.SQS);
    const one = (record: SQSRecord): Promise<void> => runRecord(worker, record, context);
    try {
      // A whole batch that failed is still a list of failures, never an error of the function.
      return await processPartialResponse(event, one, processor, { context, throwOnFullBatchFailure: false });
    } finally {
      worker.log.flush();
    }
  };
}

async function runRecord<W>(worker: QueueWorker<W>, record: SQSRecord, context: Context): Promise<void> {
  const receives = Number(record.attributes.ApproximateReceiveCount);
  try {
    await worker.work(JSON.parse(record.body) as W, { receives, context });
  } catch (error) {
    worker.log.fault('A record failed and will come again', error, { receives });
    await comeSooner(worker, record, receives);
    throw error;
  }
}

/** Only a kindness: when it fails, the visibility time of the queue brings the record back. */
async function comeSooner<W>(
  { client, queueUrl, log }: QueueWorker<W>,
  record: SQSRecord,
  receives: number,
): Promise<void> {
  const VisibilityTimeout = Math.min(longest, shortest * Math.max(1, receives));
  const change = { QueueUrl: queueUrl, ReceiptHandle: record.receiptHandle, VisibilityTimeout };
  await client.send(new ChangeMessageVisibilityCommand(change)).catch((error: unknown) => {
    log.fault('The visibility of a failed record could not be shortened', error);
  });
}
