/**
 * The listener's container. Environment: the variables of settings.ts; `HOST` (0.0.0.0), `SMTP_PORT` 2525,
 * `SUBMISSION_PORT` 2587, `SMTPS_PORT` 2465, `HEALTH_PORT` 8080, `TMPDIR` (bodies in transit and the self-signed
 * certificate), `CERTIFICATE_SECRET` (name of the secret with PEM key and chain) or `CERTIFICATE_ARN` (an
 * exportable certificate of ACM); neither: self-signed and an alarm.
 * SIGTERM: unhealthy at once, 421 to idle sessions, messages that are coming in get their reply, then exit 0.
 * A start that fails exits 1 with a sentence, and ECS tries again.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionLog } from '../aws/session-log.ts';
import type { Environment } from '../aws/variables.ts';
import { listenerFrom } from './assemble.ts';
import { serveHealth } from './health.ts';

const flushEvery = 10_000;

async function main(env: Environment): Promise<void> {
  const log = sessionLog();
  const host = env['HOST'] ?? '0.0.0.0';
  const health = await serveHealth(host, portFrom(env, 'HEALTH_PORT', 8080));
  const listener = await listenerFrom(env, {
    host,
    log,
    ports: {
      smtp: portFrom(env, 'SMTP_PORT', 2525),
      submission: portFrom(env, 'SUBMISSION_PORT', 2587),
      smtps: portFrom(env, 'SMTPS_PORT', 2465),
    },
    stagingDir: join(tmpdir(), 'bodies'),
    certificateDir: join(tmpdir(), 'certificate'),
  });
  const flushing = setInterval(() => log.flush(), flushEvery);
  const stop = async (): Promise<void> => {
    health.unwell();
    await listener.stop();
    clearInterval(flushing);
    log.flush();
    health.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => {
      stop().then(
        () => process.exit(0),
        (cause: unknown) => {
          log.fault('The listener did not stop as it should', cause);
          process.exit(1);
        },
      );
    });
}

function portFrom(env: Environment, name: string, fallback: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`${name} is "${text}"; it must be a port number, 0 to 65535.`);
  return port;
}

// Asked only to be compiled, when the image is built.
if (process.argv[2] !== 'compile')
  main(process.env).catch((cause: unknown) => {
    console.error(cause instanceof Error ? cause.message : cause);
    process.exit(1);
  });
