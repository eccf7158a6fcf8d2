/**
 * retry-deferred: each minute, wakes what is due (spool.md, transition 7).
 *
 * Receives nothing but the schedule's tick. Reads index `due` of the spool and the items it names; moves `wakeAt` of
 * each while it is the one seen; settles what has run out of time, or can be carried by no worker, untried; sends to
 * route, deliver, relay, direct and report (once a day for each domain that wants to be told of TLS, tls-reports.ts);
 * copies a body to kept/ where a wish left on an abandoned delivery holds it, and removes the copies that nothing needs
 * any more (kept.ts). Reads no mail. When it fails half way, the rest is still due a minute later.
 */
import type { Context } from 'aws-lambda';
import { dynamodb, s3 } from '../../aws/clients.ts';
import { awsDue } from '../../aws/due.ts';
import { awsHops } from '../../aws/hops.ts';
import { keptMessages, keptPass } from '../../aws/kept-messages.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { awsTlsCounts } from '../../aws/tls-counts.ts';
import { putVersion } from '../../aws/spool.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { workerDoors } from '../../aws/worker-doors.ts';
import { queueFor } from '../../mail/relay/next-hop.ts';
import { tidyKept, type KeptDoors } from './kept.ts';
import { settings } from './settings.ts';
import { sweep, type SweepDoors } from './sweep.ts';
import { minutesAfterMidnight, tlsReports } from './tls-reports.ts';

const vars = readVariables(process.env, settings.variables);
const tuning = readTuning(process.env);
const log = mailLog('retry-deferred');
const made = workerDoors(vars, process.env, log);
const table = { client: dynamodb(), table: vars.spoolTable };
const doors: Omit<SweepDoors, 'remainingMilliseconds'> = {
  ...made,
  log,
  due: awsDue(table),
  hops: awsHops({ ...table, clock: made.clock }),
  reaches: ({ transport, nextHop }) =>
    queueFor(transport, nextHop, tuning) === 'relay' || vars.directQueue !== '',
  jitter: Math.random,
  onFault: (cause, { message, part }) =>
    log.fault('An item of the spool could not be woken; it is due again', cause, { message, part }),
};

const stored = { dynamodb: dynamodb(), table: vars.spoolTable };
const keptDoors: Omit<KeptDoors, 'remainingMilliseconds'> = {
  ...made,
  kept: keptMessages({ ...stored, s3: s3(), bucket: vars.bucket }),
  pass: keptPass(stored),
  put: (next, version) => putVersion(table, next, version),
  onFault: (cause, message) =>
    log.fault('What is kept of a message could not be looked at', cause, { message }),
};

const askForTlsReports = tlsReports({
  counts: awsTlsCounts(table),
  queue: made.queue,
  clock: made.clock,
  after: tuning.local ? 0 : minutesAfterMidnight(vars.server),
});

export async function handler(_event: unknown, context: Context): Promise<void> {
  try {
    const remainingMilliseconds = (): number => context.getRemainingTimeInMillis();
    const moved = await sweep({ ...doors, remainingMilliseconds });
    if (moved > 0) log.gauge('Woken', moved);
    if (tuning.tlsReports) await askForTlsReports();
    await tidyKept({ ...keptDoors, remainingMilliseconds });
  } finally {
    log.flush();
  }
}
