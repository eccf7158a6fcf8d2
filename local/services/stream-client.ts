/**
 * Reads a table's DynamoDB stream over HTTP, for the one-machine event source: the SDK's client for streams is
 * not among our dependencies. A place in a stream is the sequence number of the last record that was dealt with.
 */
import type { StreamRecord } from './dynamodb/stream-log.ts';

export type { StreamRecord } from './dynamodb/stream-log.ts';

export interface TableStream {
  readonly arn: string;
  /** At most 1,000 records after `place`, oldest first; without a place, from the oldest that is kept. */
  after(place: string | undefined): Promise<StreamRecord[]>;
}

export async function openStream(endpoint: string, tableName: string): Promise<TableStream> {
  const { Streams } = await call<{ Streams: { StreamArn: string }[] }>(endpoint, 'ListStreams', {
    TableName: tableName,
  });
  const arn = Streams[0]?.StreamArn;
  if (!arn) throw new Error(`The table ${tableName} has no stream.`);
  return { arn, after: (place) => recordsAfter(endpoint, arn, place) };
}

async function recordsAfter(
  endpoint: string,
  arn: string,
  place: string | undefined,
): Promise<StreamRecord[]> {
  const from = place
    ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: place }
    : { ShardIteratorType: 'TRIM_HORIZON' };
  const { ShardIterator } = await call<{ ShardIterator: string }>(endpoint, 'GetShardIterator', {
    StreamArn: arn,
    ...from,
  });
  return (await call<{ Records: StreamRecord[] }>(endpoint, 'GetRecords', { ShardIterator })).Records;
}

async function call<T>(endpoint: string, operation: string, input: object): Promise<T> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
    },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as T & { message?: string };
  if (!response.ok) throw new Error(`${operation} was refused: ${answer.message ?? response.status}`);
  return answer;
}
