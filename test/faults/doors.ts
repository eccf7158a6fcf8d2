/** The doors of every function, as one process makes them, with a directory of people whose mail files are their names. */
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { awsBodyStore } from '../../aws/body-store.ts';
import { awsDue } from '../../aws/due.ts';
import { awsHops } from '../../aws/hops.ts';
import { keptMessages } from '../../aws/kept-messages.ts';
import { awsMailbox } from '../../aws/mailbox.ts';
import { awsObjects } from '../../aws/objects.ts';
import { awsReportWriter } from '../../aws/report-writer.ts';
import { awsSpool, putVersion } from '../../aws/spool.ts';
import { writeTrace } from '../../aws/trace.ts';
import { awsWorkQueue } from '../../aws/work-queue.ts';
import type { Directory, Entry } from '../../mail/directory/directory.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { forms } from '../../mail/document/forms.ts';
import type { Clock } from '../../mail/spool/doors.ts';
import type { Delivery, MessageRecord } from '../../mail/spool/records.ts';

interface Options {
  readonly clients: { readonly dynamodb: DynamoDBClient; readonly s3: S3Client; readonly sqs: SQSClient };
  readonly settings: Settings;
  readonly clock: Clock;
}

export type Doors = ReturnType<typeof doorsOf>;

export function doorsOf({ clients, settings, clock }: Options) {
  const { dynamodb, s3, sqs } = clients;
  const table = { client: dynamodb, table: 'spool' };
  const bucket = { client: s3, bucket: 'bucket' };
  const { keep, restore } = keptMessages({ dynamodb, table: 'spool', s3, bucket: 'bucket' });
  return {
    settings: { current: () => Promise.resolve(settings) },
    directory,
    resolver: { mx: () => Promise.reject(new Error('no name is looked up here')) },
    spool: awsSpool({ ...table, clock, keepMessage: keep, onFault: () => undefined }),
    mailbox: awsMailbox({ dynamodb, table: 'mailboxes', s3, bucket: 'bucket' }),
    bodies: awsBodyStore(bucket),
    objects: awsObjects(bucket),
    keepMessage: keep,
    restoreMessage: restore,
    queue: awsWorkQueue({ client: sqs, urls, queueOf: () => 'relay' }),
    due: awsDue(table),
    hops: awsHops({ ...table, clock }),
    writer: awsReportWriter(table),
    put: (next: Delivery, version: number) => putVersion(table, next, version),
    trace: (record: MessageRecord, deliveries: readonly Delivery[]) =>
      writeTrace(table, { record, deliveries }, clock()),
    clock,
  };
}

const urls = { route: 'route', deliver: 'deliver', relay: 'relay', report: 'report' };

/** Everybody at acme.example whose name does not begin with "no". */
const directory: Directory = {
  findAddress(address) {
    const [local = '', domain] = address.toLowerCase().split('@');
    return Promise.resolve(domain === 'acme.example' && !local.startsWith('no') ? [person(local)] : []);
  },
  findName: () => Promise.resolve([]),
  group: () => Promise.resolve(undefined),
};

const people = new Map<string, Entry>();

function person(local: string): Entry {
  const known = people.get(local) ?? written(local);
  people.set(local, known);
  return known;
}

function written(local: string): Entry {
  const name = `${local}/Acme`;
  const fields = forms.Person.parse({ lastName: local, internetAddress: `${local}@acme.example` });
  const quotaMB = local === 'full' ? 0.00001 : 0;
  return {
    form: 'Person',
    name,
    document: { name, ...fields, quotaMB },
    keys: ['internet-address'],
  };
}
