/**
 * A whole gateway for end-to-end tests: `npm start`'s own program in a process of its own, in a temporary folder, on
 * free ports.
 *
 *     const gateway = await startTestGateway(t, { env: { MX_PORT: String(sink.port) } });
 *     await gateway.put({ form: 'Group', name: 'Sales', members: ['Alice Example/Acme'] });
 *     const [row] = await gateway.mail('mail/alice');
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { awsMailbox } from '../../aws/mailbox.ts';
import { type ComponentCalls, readCalls } from '../../local/call-record.ts';
import type { Endpoints } from '../../local/endpoints.ts';
import { serviceClients } from '../../local/service-clients.ts';
import type { MailboxRow } from '../../mail/mailbox/mailbox.ts';

/** Who is given one of several may not end it. */
export interface SharedGateway {
  readonly data: string;
  readonly endpoints: Endpoints;
  /** Port of one of the listeners. */
  port(name: 'smtp' | 'submission' | 'smtps'): number;
  readonly clients: ReturnType<typeof serviceClients>;
  /** What it said on the terminal. */
  readonly said: () => string;
  /** Writes a document and waits until it was judged; rejects with its problems. */
  put(document: { form: string; name: string; [field: string]: unknown }): Promise<void>;
  /** Rows of a mail file, once it has `count` of them, oldest first. */
  mail(mailFile: string, count?: number): Promise<MailboxRow[]>;
  /** What `postern mailbox read` prints: the message with its edits applied. */
  body(row: MailboxRow): Promise<Buffer>;
  /** Which rights each component used, and was denied. */
  calls(): Record<string, ComponentCalls>;
}

export interface TestGateway extends SharedGateway {
  /** SIGKILL; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** A test, or whatever else ends after its gateway. */
export type Ending = Pick<TestContext, 'after'>;

export interface TestGatewayOptions {
  /** A folder that an earlier gateway left behind; default: a new one, removed after the test. */
  readonly data?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Started in place of `npm start`'s program. */
  readonly program?: string;
}

const start = fileURLToPath(new URL('../../local/start.mjs', import.meta.url));
const quick = {
  SMTP_PORT: '0',
  SUBMISSION_PORT: '0',
  SMTPS_PORT: '0',
  POSTERN_TICK: '0.5',
  POSTERN_REFRESH: '0.2',
};
/** On a machine that does other things as well. */
const patienceMs = 60_000;

export function temporaryData(t: Ending): string {
  const data = mkdtempSync(join(tmpdir(), 'postern-'));
  t.after(() => rmSync(data, { recursive: true, force: true, maxRetries: 5 }));
  return data;
}

/** The program as a person starts it; the caller waits for what it wants to see. */
export function startProgram(
  t: Ending,
  env: Readonly<Record<string, string>>,
  program = start,
): { child: ChildProcess; said: () => string } {
  let output = '';
  const { NODE_TEST_CONTEXT: _, ...rest } = process.env;
  const child = spawn(process.execPath, [program], { env: { ...rest, ...quick, ...env } });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  t.after(() => gone(child, 'SIGKILL'));
  return { child, said: () => output };
}

export async function startTestGateway(t: Ending, options: TestGatewayOptions = {}): Promise<TestGateway> {
  const data = options.data ?? temporaryData(t);
  rmSync(join(data, 'endpoints.json'), { force: true });
  const { child, said } = startProgram(t, { ...options.env, POSTERN_DATA: data }, options.program);
  await until('the gateway is up', () => {
    if (child.exitCode !== null) throw new Error(`The gateway ended: ${said()}`);
    return existsSync(join(data, 'endpoints.json')) || undefined;
  });
  const endpoints = JSON.parse(readFileSync(join(data, 'endpoints.json'), 'utf8')) as Endpoints;
  const clients = serviceClients(endpoints);
  t.after(() => clients.destroy());
  const { tables, bucket } = endpoints;
  const mailbox = awsMailbox({ dynamodb: clients.dynamodb, table: tables.mailboxes, s3: clients.s3, bucket });
  return {
    data,
    endpoints,
    clients,
    said,
    port: (name) => Number(endpoints[name].split(':').at(-1)),
    async kill() {
      await gone(child, 'SIGKILL');
    },
    stop: () => gone(child, 'SIGTERM'),
    put: (document) => put(clients, endpoints, document),
    mail: (mailFile, count = 1) =>
      until(`${mailFile} has ${count} messages`, async () => {
        const rows = await mailbox.list(mailFile);
        return rows.length >= count ? rows : undefined;
      }),
    async body({ mailFile, id }) {
      return buffer((await mailbox.read(mailFile, id)) ?? Readable.from([]));
    },
    calls: () => readCalls(join(data, 'log', 'rights.json')),
  };
}

/** What comes soon is seen soon; what takes long is not asked for so often that the asking is what it waits for. */
const pauses = { first: 15, factor: 1.4, longest: 200 };

/** Asks until the answer is not undefined; what never comes is an error that says what was waited for. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
  patience = patienceMs,
): Promise<T> {
  const end = Date.now() + patience;
  for (let ms = pauses.first; Date.now() < end; ms = Math.min(ms * pauses.factor, pauses.longest)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(ms);
  }
  throw new Error(`It never came true that ${what}.`);
}

async function gone(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
  }
  return child.exitCode;
}

type Clients = ReturnType<typeof serviceClients>;

async function put(
  { dynamodb }: Clients,
  { tables }: Endpoints,
  document: { form: string; name: string },
): Promise<void> {
  const written = new Date().toISOString();
  const Item = marshall(document, { removeUndefinedValues: true });
  await dynamodb.send(new PutItemCommand({ TableName: tables.directory, Item }));
  const Key = marshall({ form: document.form, name: document.name });
  await until(`${document.form} ${document.name} is published`, async () => {
    const stored = await dynamodb.send(
      new GetItemCommand({ TableName: tables.directory, Key, ConsistentRead: true }),
    );
    const { publishedAt, problems } = unmarshall(stored.Item ?? {}) as {
      publishedAt?: string;
      problems?: string[];
    };
    if (problems !== undefined) throw new Error(`${document.form} ${document.name}: ${problems.join(' ')}`);
    return publishedAt !== undefined && publishedAt >= written ? true : undefined;
  });
}
