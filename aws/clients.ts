/**
 * AWS clients, one of a kind per process. Endpoints, region and credentials come from the environment, as the
 * SDK reads them (`AWS_ENDPOINT_URL_SQS` and so on on one machine). `guardCalls` lets the one-machine runtime
 * hold every call against the caller's role before it leaves.
 */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SESClient } from '@aws-sdk/client-ses';
import { SQSClient } from '@aws-sdk/client-sqs';

/** Called with the SDK's command name and its input before each call; throws to refuse it. */
export type CallGuard = (command: string, input: Record<string, unknown>) => void;

let guard: CallGuard | undefined;

export function guardCalls(next: CallGuard): void {
  guard = next;
}

/** For calls that go another way than a client's own (quick-call.ts). */
export function holdCall(command: string, input: object): void {
  guard?.(command, input as Record<string, unknown>);
}

const once = new Map<string, unknown>();

function single<T>(name: string, make: () => T): T {
  if (!once.has(name)) once.set(name, make());
  return once.get(name) as T;
}

export const dynamodb = (): DynamoDBClient => single('dynamodb', () => guarded(new DynamoDBClient({})));
export const s3 = (): S3Client =>
  single('s3', () =>
    guarded(new S3Client({ forcePathStyle: process.env['AWS_ENDPOINT_URL_S3'] !== undefined })),
  );
/** Queue URLs name a host of their own on one machine; the endpoint decides where calls go. */
export const sqs = (): SQSClient =>
  single('sqs', () => guarded(new SQSClient({ useQueueUrlAsEndpoint: false })));
export const ses = (): SESClient => single('ses', () => guarded(new SESClient({})));
export const secretsManager = (): SecretsManagerClient =>
  single('secrets-manager', () => guarded(new SecretsManagerClient({})));

interface Stack {
  add(
    middleware: (
      next: (args: { input: object }) => Promise<unknown>,
      context: { commandName?: string },
    ) => (args: { input: object }) => Promise<unknown>,
    options: { step: 'initialize'; name: string },
  ): void;
}

function guarded<C extends { middlewareStack: object }>(client: C): C {
  const stack = client.middlewareStack as Stack;
  stack.add(
    (next, context) => (args) => {
      holdCall(context.commandName ?? 'unknown', args.input);
      return next(args);
    },
    { step: 'initialize', name: 'holdAgainstRole' },
  );
  return client;
}
