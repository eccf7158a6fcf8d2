/**
 * Transition 5 over DynamoDB: the report record, the count in `m` and the cleared deliveries in one transaction. A
 * condition that fails means that something moved meanwhile: the caller reads again. And the end of transition 6.
 */
import { TransactWriteItemsCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expiryOf } from '../mail/spool/keys.ts';
import type { MessageRecord, ReportRecord } from '../mail/spool/records.ts';
import type { Reporting } from '../mail/spool/report.ts';
import { conditionally, deliveryItem, toItem, values } from './items.ts';

interface Options {
  readonly client: DynamoDBClient;
  readonly table: string;
}

export interface ReportWriter {
  write(message: MessageRecord, reporting: Reporting): Promise<boolean>;
  /** The report lies in the spool as a message of its own: nothing is left to do for its record. */
  finish(report: ReportRecord, now: Date): Promise<void>;
}

export function awsReportWriter(options: Options): ReportWriter {
  return {
    write: (message, reporting) => write(options, message, reporting),
    finish: (report, now) => finish(options, report, now),
  };
}

async function write(
  { client, table }: Options,
  message: MessageRecord,
  { report, cleared }: Reporting,
): Promise<boolean> {
  const newReport = {
    Put: { TableName: table, Item: toItem(report), ConditionExpression: 'attribute_not_exists(message)' },
  };
  const deliveries = cleared.map(({ before, next }) => ({
    Put: {
      TableName: table,
      Item: deliveryItem(next),
      ConditionExpression: 'version = :version',
      ExpressionAttributeValues: values({ ':version': before.version }),
    },
  }));
  const TransactItems = [newReport, countReport(table, message), ...deliveries];
  return (await conditionally(() => client.send(new TransactWriteItemsCommand({ TransactItems })))).done;
}

/** `m.reports` is as read. */
function countReport(table: string, message: MessageRecord) {
  return {
    Update: {
      TableName: table,
      Key: toItem({ message: message.message, part: 'm' }),
      UpdateExpression: 'SET reports = :next',
      ConditionExpression: 'reports = :seen',
      ExpressionAttributeValues: values({ ':next': message.reports + 1, ':seen': message.reports }),
    },
  };
}

async function finish({ client, table }: Options, report: ReportRecord, now: Date): Promise<void> {
  await client.send(
    new UpdateItemCommand({
      TableName: table,
      Key: toItem({ message: report.message, part: report.part }),
      UpdateExpression: 'SET expiresAt = :ttl REMOVE wake, wakeAt',
      ExpressionAttributeValues: values({ ':ttl': expiryOf(now) }),
    }),
  );
}
