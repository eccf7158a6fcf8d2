/**
 * S3 and SQS that do nothing but answer as their protocols ask: the price of the calls without that of keeping
 * anything. One port for both; a request with an X-Amz-Target is for SQS.
 *
 *     node bench/servers/aws.ts PORT
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';

type Fields = Record<string, unknown>;

const md5 = (text: unknown): string => createHash('md5').update(String(text)).digest('hex');

function sqs(target: string, input: Fields): Fields {
  if (!target.endsWith('SendMessageBatch'))
    return { MessageId: 'one', MD5OfMessageBody: md5(input['MessageBody']) };
  const entries = input['Entries'] as Fields[];
  return {
    Successful: entries.map(({ Id, MessageBody }) => ({
      Id,
      MessageId: 'one',
      MD5OfMessageBody: md5(MessageBody),
    })),
    Failed: [],
  };
}

function s3({ method, url }: IncomingMessage): string {
  if (method !== 'POST') return '';
  if (url!.includes('uploadId='))
    return '<CompleteMultipartUploadResult><ETag>"0"</ETag></CompleteMultipartUploadResult>';
  return '<InitiateMultipartUploadResult><UploadId>one</UploadId></InitiateMultipartUploadResult>';
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string') {
    for await (const _ of request);
    response.writeHead(200, { etag: '"0"', 'content-type': 'application/xml' }).end(s3(request));
    return;
  }
  const input = JSON.parse((await buffer(request)).toString()) as Fields;
  response
    .writeHead(200, { 'content-type': 'application/x-amz-json-1.0' })
    .end(JSON.stringify(sqs(target, input)));
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  answer(request, response).catch(() => response.destroy());
});
server.listen(Number(process.argv[2]), '127.0.0.1');
