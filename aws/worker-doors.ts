/** The doors that every function which moves mail works through, made once per process from its variables. */
import type { Directory } from '../mail/directory/directory.ts';
import type { SettingsSource } from '../mail/directory/settings.ts';
import { queueFor } from '../mail/relay/next-hop.ts';
import type { Clock, ObjectStore, Spool, WorkQueue } from '../mail/spool/doors.ts';
import { dynamodb, s3, sqs } from './clients.ts';
import { awsDirectory } from './directory.ts';
import type { MailLog } from './mail-log.ts';
import { keptMessages } from './kept-messages.ts';
import { awsObjects } from './objects.ts';
import { awsSettings } from './settings-source.ts';
import { awsSpool } from './spool.ts';
import { readTuning, type Environment } from './variables.ts';
import { awsWorkQueue, queueUrls } from './work-queue.ts';

export interface WorkerDoors {
  readonly settings: SettingsSource;
  readonly directory: Directory;
  readonly spool: Spool;
  readonly queue: WorkQueue;
  readonly objects: ObjectStore;
  readonly keepMessage: (id: string) => Promise<void>;
  readonly restoreMessage: (id: string) => Promise<void>;
  readonly clock: Clock;
}

type Needed = Readonly<Record<'server' | 'viewsTable' | 'spoolTable' | 'bucket', string>>;

const clock = (): Date => new Date();

export function workerDoors(
  vars: Needed & Parameters<typeof queueUrls>[0],
  env: Environment,
  log: MailLog,
): WorkerDoors {
  const { server, viewsTable, spoolTable, bucket } = vars;
  const tuning = readTuning(env);
  const { refreshSeconds } = tuning;
  const { keep, restore } = keptMessages({ dynamodb: dynamodb(), table: spoolTable, s3: s3(), bucket });
  return {
    settings: awsSettings({ viewsTable, bucket, server, refreshSeconds, clock }),
    directory: awsDirectory({ table: viewsTable, cacheSeconds: refreshSeconds }),
    spool: awsSpool({
      client: dynamodb(),
      table: spoolTable,
      clock,
      keepMessage: keep,
      onFault: ({ message, part }) => log.held({ message, part, reason: 'fault' }),
    }),
    queue: awsWorkQueue({
      client: sqs(),
      urls: queueUrls(vars),
      queueOf: ({ transport, nextHop }) => queueFor(transport, nextHop, tuning),
    }),
    objects: awsObjects({ client: s3(), bucket }),
    keepMessage: keep,
    restoreMessage: restore,
    clock,
  };
}
