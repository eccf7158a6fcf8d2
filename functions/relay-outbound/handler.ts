/**
 * relay-outbound: carries mail to other hosts. Deployed once for queue `relay`, once for `direct`.
 *
 * Receives one SQS message, "this next hop has work"; reads what is due for the hop from the spool, bodies from S3,
 * settings, secrets, DNS. Writes outcomes to the spool, slots and closures of the hop, `report` where a sender is
 * owed one, and the hop's own queue where its time ends before the work does. Speaks SMTP, or calls SES.
 * When it fails, leases and slots free themselves, and the due index wakes what is left.
 */
import { setTimeout as timer } from 'node:timers/promises';
import type { Context, SQSBatchResponse, SQSEvent } from 'aws-lambda';
import { storedBodies } from '../../aws/stored-bodies.ts';
import { dynamodb, s3, secretsManager, ses, sqs } from '../../aws/clients.ts';
import { awsHops } from '../../aws/hops.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { dnssecResolver } from '../../aws/dnssec.ts';
import { keptMessages } from '../../aws/kept-messages.ts';
import { httpsPolicyHost } from '../../aws/policy-host.ts';
import { awsPolicyStore } from '../../aws/policy-store.ts';
import { dnsResolver } from '../../aws/resolver.ts';
import { awsSecrets } from '../../aws/secrets.ts';
import { sesSender } from '../../aws/ses.ts';
import { sesPointers } from '../../aws/ses-pointers.ts';
import { awsSettings } from '../../aws/settings-source.ts';
import { awsSpool } from '../../aws/spool.ts';
import { awsTlsCounts } from '../../aws/tls-counts.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { awsWorkQueue, queueUrls } from '../../aws/work-queue.ts';
import { stsHost } from '../../mail/relay/mta-sts.ts';
import { queueFor } from '../../mail/relay/next-hop.ts';
import { carriers } from './carrier-for.ts';
import { drainHop, type HopDoors } from './hop-worker.ts';
import { settings } from './settings.ts';
import { standardTimeouts } from './smtp-connection.ts';
import { stsPolicies, stsResult } from './sts-policies.ts';
import { keptTally } from './tls-tally.ts';
import { readWork } from './work.ts';

const vars = readVariables(process.env, settings.variables);
const tuning = readTuning(process.env);
const log = mailLog('relay-outbound');
const clock = (): Date => new Date();
const pause = (milliseconds: number): Promise<void> => timer(milliseconds);
const table = { client: dynamodb(), table: vars.spoolTable };
const bucket = { client: s3(), bucket: vars.bucket };

const resolver = dnsResolver({ servers: tuning.dnsServers });

const tally = keptTally({
  // Asked when the mail has gone, in what is left of the invocation.
  resolver: dnsResolver({ servers: tuning.dnsServers, timeoutMs: 1_000, tries: 2 }),
  counts: awsTlsCounts(table),
  clock,
  on: tuning.tlsReports,
  onFault: (what, cause) => log.fault(what, cause),
});

const carrierFor = carriers({
  bodies: storedBodies(bucket),
  resolver,
  sts: stsPolicies({
    resolver,
    host: httpsPolicyHost({ port: tuning.mtaStsPort }),
    store: awsPolicyStore(table),
    clock,
    onProblem: (domain, problem) => {
      const found = { domain, result: stsResult(problem), reason: problem.message };
      log.tls({ ...found, policy: 'sts', host: stsHost(domain) });
      tally.note({ ...found, policy: { type: 'sts' } });
    },
    onFault: (what, cause) => log.fault(what, cause),
  }),
  secureDns:
    tuning.dnssecResolver === undefined ? undefined : dnssecResolver({ server: tuning.dnssecResolver }),
  log,
  tally,
  secrets: awsSecrets({
    client: secretsManager(),
    prefix: vars.secretPrefix,
    clock,
    ...(tuning.local ? { keepSeconds: tuning.refreshSeconds } : {}),
  }),
  ses: sesSender(ses(), process.env['SES_CONFIGURATION_SET']),
  pointers: sesPointers({ ...table, clock }),
  tuning,
  timeouts: standardTimeouts,
  finalDotReserve: 330_000,
  random: Math.random,
  pause,
  clock,
});

const doors: HopDoors = {
  spool: awsSpool({
    ...table,
    clock,
    keepMessage: keptMessages({
      dynamodb: table.client,
      table: table.table,
      s3: bucket.client,
      bucket: bucket.bucket,
    }).keep,
    onFault: ({ message, part }) => log.held({ message, part, reason: 'fault' }),
  }),
  hops: awsHops({ ...table, clock }),
  queue: awsWorkQueue({
    client: sqs(),
    urls: queueUrls(vars),
    queueOf: ({ transport, nextHop }) => queueFor(transport, nextHop, tuning),
  }),
  settings: awsSettings({ ...vars, refreshSeconds: tuning.refreshSeconds, clock }),
  carrierFor,
  clock,
  log,
  pause,
  random: Math.random,
  // One machine has no lag between the table and its index.
  limits: {
    closing: 15_000,
    beginning: 390_000,
    indexDelay: tuning.local ? 0 : 300,
    slowAfter: 3_000,
    timedOutAfter: 60_000,
    slowWorkers: Math.floor(settings.maximumConcurrency / 3),
    pool: process.env['AWS_LAMBDA_FUNCTION_NAME'] ?? 'relay-outbound',
  },
};

export async function handler(event: SQSEvent, context: Context): Promise<SQSBatchResponse> {
  const batchItemFailures: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of event.Records) {
    try {
      await drainHop(readWork(body), doors, () => context.getRemainingTimeInMillis());
    } catch (error) {
      log.fault('A next hop could not be served', error, { sqsMessage: messageId });
      batchItemFailures.push({ itemIdentifier: messageId });
    }
  }
  await tally.keep();
  log.flush();
  return { batchItemFailures };
}
