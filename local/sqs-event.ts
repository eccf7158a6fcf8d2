/** The event that Lambda makes of SQS messages, and how it reads a function's answer about them. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { region } from './template.ts';

export function sqsEvent(messages: readonly Message[], queueArn: string): object {
  return { Records: messages.map((message) => sqsRecord(message, queueArn)) };
}

function sqsRecord(message: Message, queueArn: string): object {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attribute(value)]),
    ),
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function attribute(value: MessageAttributeValue): object {
  return {
    stringValue: value.StringValue,
    binaryValue: value.BinaryValue && Buffer.from(value.BinaryValue).toString('base64'),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  };
}

/**
 * The ids that failed. An answer that is empty, or has an empty or no list, is success; an answer that is no list,
 * an entry without an id, or an id that is not of this batch fails all of it.
 */
export function failedRecords(answer: unknown, ids: readonly string[]): ReadonlySet<string> {
  const list = isObject(answer) ? answer['batchItemFailures'] : undefined;
  if (list === undefined || list === null) return new Set();
  if (!Array.isArray(list)) return new Set(ids);
  const named = list.map((entry: unknown) => (isObject(entry) ? entry['itemIdentifier'] : undefined));
  const known = new Set<unknown>(ids);
  return named.every((id) => known.has(id)) ? new Set(named as string[]) : new Set(ids);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
