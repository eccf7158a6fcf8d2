/**
 * retry-deferred: each minute, wakes what is due (spool.md, transition 7).
 *
 * Receives nothing but the schedule's tick. Reads index `due` of the spool and the items it names; moves `wakeAt` of
 * each while it is the one seen; sends to route, deliver, relay, direct and report. Touches no mail. When it fails
 * half way, the rest is still due a minute later.
 */
import type { Context } from 'aws-lambda';
import { dynamodb, sqs } from '../../aws/clients.ts';
import { awsDue } from '../../aws/due.ts';
import { awsHops } from '../../aws/hops.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { awsWorkQueue, queueUrls } from '../../aws/work-queue.ts';
import { queueFor } from '../../mail/relay/next-hop.ts';
import { settings } from './settings.ts';
import { sweep } from './sweep.ts';

const vars = readVariables(process.env, settings.variables);
const tuning = readTuning(process.env);
const log = mailLog('retry-deferred');
const clock = (): Date => new Date();
const table = { client: dynamodb(), table: vars.spoolTable };
const due = awsDue(table);
const hops = awsHops({ ...table, clock });
const queue = awsWorkQueue({
  client: sqs(),
  urls: queueUrls(vars),
  queueOf: ({ transport, nextHop }) => queueFor(transport, nextHop, tuning),
});

export async function handler(_event: unknown, context: Context): Promise<void> {
  const remainingMilliseconds = (): number => context.getRemainingTimeInMillis();
  try {
    const moved = await sweep({ due, hops, queue, clock, jitter: Math.random, remainingMilliseconds });
    if (moved > 0) log.gauge('Woken', moved);
  } finally {
    log.flush();
  }
}
