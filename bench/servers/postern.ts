/**
 * Our listener in a process of its own. `nothing`: everything but the AWS calls (policy with settings and look-ups
 * from memory, staging, hash, envelope, log). `aws`: also the calls, to the port that does nothing with them.
 *
 *     node bench/servers/postern.ts PORT nothing|aws CERTIFICATES
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { awsAcceptance } from '../../aws/acceptance.ts';
import { awsBodyStore } from '../../aws/body-store.ts';
import { s3, sqs } from '../../aws/clients.ts';
import { sessionLog } from '../../aws/session-log.ts';
import { awsObjects } from '../../aws/objects.ts';
import { quickS3, quickSqs } from '../../aws/quick-call.ts';
import { startListener } from '../../listener/listener.ts';
import type { Acceptance } from '../../mail/spool/doors.ts';
import { directory, resolver, settingsOf, settingsSource } from '../documents.ts';

const [port, doors, certificateDir] = process.argv.slice(2);

/** To read a staged file again is part of the upload. */
const nothing: Acceptance = {
  async accept(_envelope, body) {
    if (!(body instanceof Uint8Array)) body.on('error', () => undefined).destroy();
  },
};

function overAws(): Acceptance {
  const bucket = { client: s3(), bucket: 'bench' };
  const bodies = awsBodyStore({ ...bucket, quick: quickS3(s3(), 'bench') });
  const objects = awsObjects(bucket);
  const routeQueue = `${process.env['AWS_ENDPOINT_URL_SQS']}/000000000000/bench-route`;
  return awsAcceptance({ bodies, objects, client: sqs(), quick: quickSqs(sqs()), routeQueue });
}

const log = sessionLog();
setInterval(() => log.flush(), 10_000).unref();
const listener = await startListener({
  host: '127.0.0.1',
  ports: { smtp: Number(port), submission: 0, smtps: 0 },
  settings: settingsSource(settingsOf()),
  directory: directory(),
  acceptance: doors === 'aws' ? overAws() : nothing,
  resolver,
  loginGuard: {
    allows: () => Promise.resolve(true),
    failed: () => Promise.resolve(),
    succeeded: () => Promise.resolve(),
  },
  certificateDir: certificateDir!,
  stagingDir: mkdtempSync(join(tmpdir(), 'postern-bench-')),
  refreshSeconds: 5,
  stopSeconds: 1,
  log,
});
process.once('SIGTERM', () => void listener.stop().then(() => process.exit(0)));
