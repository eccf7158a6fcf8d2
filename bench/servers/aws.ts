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

/** With their lengths told, as the services tell them. */
function say(response: ServerResponse, contentType: string, words: string): void {
  response
    .writeHead(200, {
      etag: '"0"',
      'content-type': contentType,
      'content-length': Buffer.byteLength(words),
    })
    .end(words);
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const target = request.headers['x-amz-target'];
  if (typeof target !== 'string') {
    request.resume().on('end', () => say(response, 'application/xml', s3(request)));
    return;
  }
  buffer(request)
    .then((body) => JSON.parse(body.toString()) as Fields)
    .then((input) => say(response, 'application/x-amz-json-1.0', JSON.stringify(sqs(target, input))))
    .catch(() => response.destroy());
}

const server = createServer({ keepAliveTimeout: 60_000 }, answer);
server.listen(Number(process.argv[2]), '127.0.0.1');
