/**
 * A loopback HTTP server that speaks AWS's JSON protocol: `X-Amz-Target` names the operation, the body is its
 * input. It receives a table of operations and writes nothing itself. A `ServiceError` becomes the reply AWS
 * would give; anything else is reported to `onFault` and answered with a 500, which the SDK tries again.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Input = Record<string, unknown>;
export type Operation = (input: Input) => object | Promise<object>;
/** Keyed by the whole target, as `DynamoDB_20120810.PutItem`. */
export type Operations = Readonly<Record<string, Operation>>;
export type OnFault = (error: Error) => void;

export interface Endpoint {
  readonly url: string;
  stop(): Promise<void>;
}

/** DynamoDB takes requests of up to 16 MB. */
const largestRequest = 16 * 1024 * 1024;

/** A refusal in the words of AWS. The shape (`statusCode`, `body`) is the one that dynalite throws, too. */
export class ServiceError extends Error {
  readonly statusCode = 400;
  readonly body: object;
  constructor(type: string, message: string, more: object = {}) {
    super(message);
    this.body = { __type: type, message, Message: message, ...more };
  }
}

export async function serveJson(operations: Operations, onFault: OnFault): Promise<Endpoint> {
  const server = createServer((request, response) => {
    reply(operations, onFault, request, response).catch((error: unknown) => {
      onFault(asError(error));
      response.destroy();
    });
  });
  return { url: await listenOnLoopback(server), stop: () => closeServer(server) };
}

/** Idle connections are kept as long as AWS's load balancers do: closing one as a request comes is an error there. */
const idleMs = 60_000;

export function listenOnLoopback(server: Server): Promise<string> {
  server.keepAliveTimeout = idleMs;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });
}

/** Requests in hand are answered; connections kept open for later ones are not waited for. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const impatience = setTimeout(() => server.closeAllConnections(), 2_000);
    server.close(() => {
      clearTimeout(impatience);
      resolve();
    });
  });
}

/** A field of the input that has to be text; empty where it is something else. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

async function reply(
  operations: Operations,
  onFault: OnFault,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { status, body } = await answer(operations, onFault, request);
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, {
    'content-type': request.headers['content-type'] ?? 'application/x-amz-json-1.0',
    'content-length': bytes.length,
    'x-amzn-requestid': randomUUID(),
  });
  response.end(bytes);
}

async function answer(
  operations: Operations,
  onFault: OnFault,
  request: IncomingMessage,
): Promise<{ status: number; body: object }> {
  const target = String(request.headers['x-amz-target'] ?? '');
  try {
    const input = await readInput(request);
    const operation = Object.hasOwn(operations, target) ? operations[target] : undefined;
    if (!operation) throw new ServiceError('UnknownOperationException', `${target} is not offered here.`);
    return { status: 200, body: await operation(input) };
  } catch (error) {
    if (isRefusal(error)) return { status: error.statusCode, body: error.body };
    onFault(new Error(`${target || 'A request'} failed.`, { cause: error }));
    return { status: 500, body: { __type: 'InternalServerError', message: 'The embedded service failed.' } };
  }
}

async function readInput(request: IncomingMessage): Promise<Input> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestRequest) throw new ServiceError('RequestEntityTooLarge', 'A request may have 16 MB.');
    chunks.push(chunk);
  }
  try {
    return (size === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString())) as Input;
  } catch {
    throw new ServiceError('com.amazon.coral.service#SerializationException', 'The body is not JSON.');
  }
}

function isRefusal(error: unknown): error is Error & { statusCode: number; body: object } {
  return error instanceof Error && 'statusCode' in error && 'body' in error;
}
