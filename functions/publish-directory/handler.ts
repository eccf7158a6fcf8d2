/**
 * publish-directory: makes edited documents take effect.
 *
 * Receives batches of the directory table's stream (keys only), and `{"kind":"full-pass"}` every 15 minutes.
 * Reads each document again, strongly, so that order and repetition of records do not matter; validates it alone
 * and against the others. Writes kept versions, look-ups and settings (tables `views`, bucket `settings/`), and
 * into the item `publishedAt`, or `problems`, and `warnings`; never makes an item that is gone. For warnings it asks
 * DNS for the test entries of lists, and Secrets Manager whether a secret is there.
 *
 * A document that is wrong changes nothing but its own `problems`. One that cannot be handled is answered as a
 * failed record: Lambda halves the batch and tries again, and parks the record in the end. Every write is
 * conditional on what was read, so any number of these may run at once, and any of them may die.
 */
import { awsViews } from '../../aws/views.ts';
import { dynamodb, s3, secretsManager } from '../../aws/clients.ts';
import { directoryTable } from '../../aws/directory-table.ts';
import { mailLog } from '../../aws/mail-log.ts';
import { dnsResolver } from '../../aws/resolver.ts';
import { hasSecret } from '../../aws/secrets.ts';
import { settingsStore } from '../../aws/settings-store.ts';
import { standingViews } from '../../aws/standing-views.ts';
import { readTuning, readVariables } from '../../aws/variables.ts';
import { fullPass } from './full-pass.ts';
import { outsideWarnings } from './outside.ts';
import type { Publisher } from './publish.ts';
import { publishRecords, type BatchResponse, type StreamRecord } from './records.ts';
import { settings } from './settings.ts';

export type PublishEvent = { readonly Records: readonly StreamRecord[] } | { readonly kind: 'full-pass' };

const variables = readVariables(process.env, settings.variables);
const tuning = readTuning(process.env);
const log = mailLog('publish-directory');
const publisher: Publisher = {
  table: directoryTable({ client: dynamodb(), table: variables.directoryTable }),
  views: awsViews({ client: dynamodb(), table: variables.viewsTable }),
  standing: standingViews({ client: dynamodb(), table: variables.viewsTable }),
  settings: settingsStore({
    client: dynamodb(),
    table: variables.viewsTable,
    s3: s3(),
    bucket: variables.bucket,
  }),
  clock: () => new Date(),
  ownServer: variables.server,
  outside: outsideWarnings({
    directSending: variables.directQueue !== '',
    mxPort: tuning.mxPort,
    resolver: dnsResolver({ servers: tuning.dnsServers, timeoutMs: 700, tries: 1 }),
    hasSecret: (name) => hasSecret(secretsManager(), `${variables.secretPrefix}${name}`),
    onFault: (what, cause) => log.fault(what, cause),
  }),
  log,
};

export async function handler(event: PublishEvent): Promise<BatchResponse | undefined> {
  try {
    if ('Records' in event) return await publishRecords(publisher, event.Records);
    await fullPass(publisher);
    return undefined;
  } finally {
    log.flush();
  }
}
