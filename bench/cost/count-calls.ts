/**
 * Loaded before the gateway in each of its threads (`node --import`): counts the AWS calls that leave, by component,
 * operation, size and write units, into one file per thread of the folder COUNT_CALLS.
 */
import { subscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { threadId, workerData } from 'node:worker_threads';
import { writeUnits } from './write-units.ts';

const folder = process.execArgv.find((option) => option.includes('count-calls')) && folderOf();
const component = (workerData as { component?: string } | null)?.component ?? 'runtime';
const counts = new Map<
  string,
  { component: string; operation: string; calls: number; octets: number; writes: number }
>();
const flushMs = 200;
let timer: NodeJS.Timeout | undefined;

/** A thread has its component's environment, not the shell's: the folder travels in the option's address. */
function folderOf(): string {
  const option = process.execArgv.find((one) => one.includes('count-calls.ts?'))!;
  return decodeURIComponent(option.slice(option.indexOf('?') + 1));
}

subscribe('http.client.request.created', (message) => {
  const { request } = message as { request: ClientRequest };
  const operation = operationOf(request);
  const octets = Number(request.getHeader('content-length') ?? 0);
  const known = counts.get(operation) ?? { component, operation, calls: 0, octets: 0, writes: 0 };
  known.calls += 1;
  known.octets += octets;
  counts.set(operation, known);
  if (operation.startsWith('DynamoDB.'))
    whenSent(request, (body) => (known.writes += writeUnits(operation, body)));
  timer ??= setTimeout(flush, flushMs).unref();
});

/** The body passes by on its way out. */
function whenSent(request: ClientRequest, take: (body: string) => void): void {
  const chunks: Buffer[] = [];
  const keep = (chunk: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk as string));
  };
  const write = request.write.bind(request) as (...args: unknown[]) => boolean;
  const end = request.end.bind(request) as (...args: unknown[]) => ClientRequest;
  request.write = (...args: unknown[]) => {
    keep(args[0]);
    return write(...args);
  };
  request.end = (...args: unknown[]) => {
    keep(args[0]);
    take(Buffer.concat(chunks).toString());
    return end(...args);
  };
}

function operationOf(request: ClientRequest): string {
  const target = request.getHeader('x-amz-target');
  if (typeof target === 'string')
    return target
      .replace(/^DynamoDB_\d+\./, 'DynamoDB.')
      .replace('AmazonSQS.', 'SQS.')
      .replace('secretsmanager.', 'SecretsManager.');
  if (request.getHeader('x-amz-copy-source') !== undefined) return 'S3.CopyObject';
  const { method, path } = request;
  if (path.startsWith('/v2/email') || (method === 'POST' && path === '/')) return 'SES.Send';
  if (method === 'GET') return 'S3.GetObject';
  return method === 'PUT' ? 'S3.PutObject' : `S3.${method}`;
}

function flush(): void {
  timer = undefined;
  if (!folder) return;
  const file = join(folder, `${component}-${threadId}`);
  writeFileSync(`${file}.new`, JSON.stringify([...counts.values()]));
  renameSync(`${file}.new`, `${file}.json`);
}
