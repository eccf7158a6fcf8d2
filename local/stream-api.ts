/** The four calls of DynamoDB Streams that a stream's reader makes, as JSON over HTTP. */
export interface StreamRecord {
  readonly eventID: string;
  readonly dynamodb: { readonly SequenceNumber: string };
}

export interface Records {
  readonly records: readonly StreamRecord[];
  /** undefined: the shard has ended. */
  readonly next?: string;
}

export interface StreamApi {
  streamOf(table: string): Promise<string>;
  shardsOf(stream: string): Promise<string[]>;
  /** Where to read on: after a sequence number, or from the oldest record that is kept. */
  iterator(stream: string, shard: string, after?: string): Promise<string>;
  /** Throws PositionLost when records before the position were dropped. */
  records(iterator: string, limit: number): Promise<Records>;
}

export class PositionLost extends Error {
  override readonly name = 'PositionLost';
}

export function streamApi(endpoint: string): StreamApi {
  const call = (action: string, input: object): Promise<Record<string, unknown>> =>
    post(endpoint, action, input);
  return {
    async streamOf(table) {
      const { Streams } = (await call('ListStreams', { TableName: table })) as {
        Streams?: { StreamArn: string }[];
      };
      const arn = Streams?.at(-1)?.StreamArn;
      if (arn === undefined) throw new Error(`The table ${table} has no stream.`);
      return arn;
    },
    async shardsOf(stream) {
      const { StreamDescription } = (await call('DescribeStream', { StreamArn: stream })) as {
        StreamDescription: { Shards?: { ShardId: string }[] };
      };
      return (StreamDescription.Shards ?? []).map((shard) => shard.ShardId);
    },
    async iterator(stream, shard, after) {
      const start =
        after === undefined
          ? { ShardIteratorType: 'TRIM_HORIZON' }
          : { ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after };
      const answer = await call('GetShardIterator', { StreamArn: stream, ShardId: shard, ...start });
      return String(answer['ShardIterator']);
    },
    async records(iterator, limit) {
      const answer = (await call('GetRecords', { ShardIterator: iterator, Limit: limit })) as {
        Records?: StreamRecord[];
        NextShardIterator?: string;
      };
      return {
        records: answer.Records ?? [],
        ...(answer.NextShardIterator ? { next: answer.NextShardIterator } : {}),
      };
    },
  };
}

async function post(endpoint: string, action: string, input: object): Promise<Record<string, unknown>> {
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `DynamoDBStreams_20120810.${action}`,
      'x-amz-date': '20000101T000000Z',
      authorization:
        'AWS4-HMAC-SHA256 Credential=local/20000101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: JSON.stringify(input),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.ok) return answer;
  const said = `${action} answered ${response.status}: ${JSON.stringify(answer)}`;
  if (/TrimmedDataAccess|ExpiredIterator|ResourceNotFound/.test(said)) throw new PositionLost(said);
  throw new Error(said);
}
