/**
 * Reads a table's DynamoDB stream over HTTP, for the one-machine event source: the SDK's client for streams is
 * not among our dependencies. A place in a stream is the sequence number of the last record that was dealt with.
 */
import { text } from 'node:stream/consumers';
import type { StreamRecord } from './dynamodb/stream-log.ts';

export type { StreamRecord } from './dynamodb/stream-log.ts';

// An import of node:http would load undici as well, and take four times as long.
const { request } = process.getBuiltinModule('node:http');

export interface TableStream {
  readonly arn: string;
  /**
   * At most 1,000 records after `place`, oldest first; without a place, from the oldest that is kept. Where there are
   * none, the answer comes with the next one, or after a while, if `waiting` is given; aborted, it rejects.
   */
  after(place: string | undefined, waiting?: AbortSignal): Promise<StreamRecord[]>;
}

const longestWait = 20;

export async function openStream(endpoint: string, tableName: string): Promise<TableStream> {
  const { Streams } = await call<{ Streams: { StreamArn: string }[] }>(endpoint, 'ListStreams', {
    TableName: tableName,
  });
  const arn = Streams[0]?.StreamArn;
  if (!arn) throw new Error(`The table ${tableName} has no stream.`);
  return {
    arn,
    async after(place, waiting) {
      const ShardIterator = await iteratorAfter(endpoint, arn, place);
      const wait = waiting === undefined ? {} : { WaitTimeSeconds: longestWait };
      const input = { ShardIterator, ...wait };
      return (await call<{ Records: StreamRecord[] }>(endpoint, 'GetRecords', input, waiting)).Records;
    },
  };
}

async function iteratorAfter(endpoint: string, arn: string, place: string | undefined): Promise<string> {
  const from = place
    ? { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: place }
    : { ShardIteratorType: 'TRIM_HORIZON' };
  const input = { StreamArn: arn, ...from };
  return (await call<{ ShardIterator: string }>(endpoint, 'GetShardIterator', input)).ShardIterator;
}

async function call<T>(endpoint: string, operation: string, input: object, signal?: AbortSignal): Promise<T> {
  const { status, body } = await post(endpoint, operation, JSON.stringify(input), signal);
  const answer = JSON.parse(body) as T & { message?: string };
  if (status !== 200) throw new Error(`${operation} was refused: ${answer.message ?? status}`);
  return answer;
}

function post(
  endpoint: string,
  operation: string,
  body: string,
  signal: AbortSignal | undefined,
): Promise<{ status: number | undefined; body: string }> {
  const headers = {
    'content-type': 'application/x-amz-json-1.0',
    'x-amz-target': `DynamoDBStreams_20120810.${operation}`,
  };
  return new Promise((resolve, reject) => {
    request(endpoint, { method: 'POST', headers, ...(signal && { signal }) })
      .on('error', reject)
      .on('response', (response) => {
        text(response).then((all) => resolve({ status: response.statusCode, body: all }), reject);
      })
      .end(body);
  });
}
