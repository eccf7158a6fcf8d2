/**
 * The sample domain: what an empty directory is given at the first start, so that mail can be sent at once. Put into
 * the table as an administrator would, and published the same way.
 */
import {
  BatchWriteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { hashPassword } from '../mail/directory/password.ts';
import { isLoopback } from './options.ts';

export interface SampleOptions {
  readonly client: DynamoDBClient;
  readonly directoryTable: string;
  readonly viewsTable: string;
  readonly server: string;
}

type SampleDocument = Readonly<Record<string, unknown>> & { readonly form: string; readonly name: string };

const wellKnownPassword = 'postern';

/**
 * Writes the sample into an empty directory and waits until it is published. Answers Bob's password when it was
 * written now: the well-known one, or a random one where others than this machine can reach the listener.
 */
export async function provideSample(options: SampleOptions, host: string): Promise<string | undefined> {
  const empty = await directoryIsEmpty(options);
  const password = isLoopback(host) ? wellKnownPassword : randomBytes(12).toString('base64url');
  if (empty) await writeSample(options, await hashPassword(password));
  await sampleJudged(options);
  return empty ? password : undefined;
}

/** Nothing was ever put here, and nothing ever published. */
async function directoryIsEmpty(options: SampleOptions): Promise<boolean> {
  const counts = await Promise.all(
    [options.directoryTable, options.viewsTable].map(async (TableName) => {
      const { Count } = await options.client.send(new ScanCommand({ TableName, Limit: 1 }));
      return Count ?? 0;
    }),
  );
  return counts.every((count) => count === 0);
}

async function writeSample(options: SampleOptions, passwordHash: string): Promise<void> {
  const requests = sampleDocuments(options.server, passwordHash).map((document) => ({
    PutRequest: { Item: marshall(document) },
  }));
  await options.client.send(
    new BatchWriteItemCommand({ RequestItems: { [options.directoryTable]: requests } }),
  );
}

/** Resolves when every sample document that is there was judged; a later start may find some deleted. */
async function sampleJudged(options: SampleOptions): Promise<void> {
  const keys = sampleDocuments(options.server, '').map(({ form, name }) => marshall({ form, name }));
  for (const Key of keys) {
    for (;;) {
      const command = new GetItemCommand({ TableName: options.directoryTable, Key, ConsistentRead: true });
      const { Item } = await options.client.send(command);
      if (Item === undefined || Item['publishedAt'] !== undefined || Item['problems'] !== undefined) break;
      await pause(50);
    }
  }
}

export function sampleDocuments(server: string, passwordHash: string): SampleDocument[] {
  const host = `${server
    .split('/')[0]
    ?.toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')}.acme.example`;
  return [
    { form: 'Configuration', name: '*', routing: { smtpOutsideLocalDomain: true, relayHost: 'ses' } },
    {
      form: 'GlobalDomain',
      name: 'Acme',
      default: true,
      dominoDomains: ['ACME'],
      primaryDomain: 'acme.example',
    },
    person('Alice'),
    { ...person('Bob'), password: passwordHash },
    {
      form: 'Group',
      name: 'Team',
      internetAddress: 'team@acme.example',
      members: ['Alice Example/Acme', 'Bob Example/Acme'],
    },
    {
      form: 'MailInDatabase',
      name: 'Support',
      internetAddress: 'support@acme.example',
      mailFile: 'mail/support',
    },
    // Last: it names its postmaster, and documents may be judged one by one.
    {
      form: 'Server',
      name: server,
      hostName: host,
      domain: 'ACME',
      smtpListener: true,
      postmaster: 'Alice Example/Acme',
    },
  ];
}

function person(firstName: string): SampleDocument {
  const local = firstName.toLowerCase();
  return {
    form: 'Person',
    name: `${firstName} Example/Acme`,
    firstName,
    lastName: 'Example',
    shortNames: [local],
    internetAddress: `${local}@acme.example`,
    mailFile: `mail/${local}`,
  };
}
