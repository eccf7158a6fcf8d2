/**
 * The listener's own program (main.ts, its bundle, or a container of it) beside a test gateway, whose tables, bucket and
 * queue it works with, as a second task would.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import type { TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { type TestGateway, until } from './gateway.ts';

export interface ListenerProcess {
  readonly child: ChildProcess;
  readonly ports: Readonly<Record<'smtp' | 'submission' | 'smtps' | 'health', number>>;
  readonly said: () => string;
  /** Milliseconds from its start to its first healthy answer, and to the first connection it took. */
  readonly wellIn: number;
  readonly startedIn: number;
  /** What the load balancer's health check gets; undefined: nobody answers. */
  health(): Promise<number | undefined>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** Given the listener's variables, says what is to be started. */
export type ListenerCommand = (
  variables: Record<string, string>,
) => readonly [program: string, args: readonly string[], env: NodeJS.ProcessEnv];

/** Ports that were free a moment ago: the program takes numbers. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

function variablesOf({ endpoints }: TestGateway, ports: ListenerProcess['ports']): Record<string, string> {
  const { dynamodb, sqs, s3, tables, queues, bucket } = endpoints;
  return {
    POSTERN_SERVER: 'Mail1/Acme',
    POSTERN_LOCAL: '1',
    POSTERN_REFRESH: '0.2',
    VIEWS_TABLE: tables.views,
    SPOOL_TABLE: tables.spool,
    BUCKET: bucket,
    ROUTE_QUEUE: queues.route,
    SECRET_PREFIX: 'postern/',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    AWS_ENDPOINT_URL_SQS: sqs,
    AWS_ENDPOINT_URL_S3: s3,
    HOST: '127.0.0.1',
    SMTP_PORT: String(ports.smtp),
    SUBMISSION_PORT: String(ports.submission),
    SMTPS_PORT: String(ports.smtps),
    HEALTH_PORT: String(ports.health),
  };
}

export async function startListenerProcess(
  t: TestContext,
  gateway: TestGateway,
  command: ListenerCommand,
): Promise<ListenerProcess> {
  const [smtp = 0, submission = 0, smtps = 0, health = 0] = await freePorts(4);
  const ports = { smtp, submission, smtps, health };
  const [program, args, env] = command(variablesOf(gateway, ports));
  let output = '';
  const began = performance.now();
  const child = spawn(program, args, { env });
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const gone = once(child, 'exit');
  t.after(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await gone;
  });
  const up = (port: number) => async (): Promise<true | undefined> => {
    if (child.exitCode !== null) throw new Error(`The listener ended: ${output}`);
    return (await answers(port)) || undefined;
  };
  await until('the listener is well', up(health));
  const wellIn = performance.now() - began;
  await until('the listener listens', up(smtp));
  return {
    child,
    ports,
    said: () => output,
    wellIn,
    startedIn: performance.now() - began,
    health: () => healthOf(health),
    async stop() {
      child.kill('SIGTERM');
      await gone;
      return child.exitCode;
    },
  };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    await pause(10);
    return false;
  } finally {
    socket.destroy();
  }
}

async function healthOf(port: number): Promise<number | undefined> {
  try {
    const { status } = await fetch(`http://127.0.0.1:${port}/health`);
    return status;
  } catch {
    return undefined;
  }
}

/** Node runs the file, with nothing in its environment but what the listener is told. */
export function nodeRuns(file: string, staging = tmpdir()): ListenerCommand {
  return (variables) => [process.execPath, [file], { ...variables, TMPDIR: staging }];
}
