/**
 * One gateway for all end-to-end cases of a process that need nothing of their own at its start: it has the sample, and
 * resolvers that know no name. The runner gives the files that import this one a process (test/run.mjs); alone, each
 * has its own. Cases run one after the other; each finds the sample's documents and mail files without older mail.
 *
 *     const gateway = await sharedGateway(t);
 */
import { after, type TestContext } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { dnsServer } from './dns-server.ts';
import { type SharedGateway, startTestGateway, type TestGateway, until } from './gateway.ts';
import { settingsVersion } from './mail-world.ts';

interface Document {
  readonly form: string;
  readonly name: string;
  readonly [field: string]: unknown;
}

interface Sample {
  readonly documents: readonly Document[];
  readonly version: string | undefined;
}

interface Running {
  readonly gateway: TestGateway;
  readonly sample: Sample;
  readonly dns: string;
}

/** Undone in reverse once the last test of the process has ended. */
const opened: (() => unknown)[] = [];
/** The gateway that nobody has; a case that fails does not give it back, for nobody knows what it has left. */
let free: Promise<Running> | undefined;

after(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** The gateway, and in `env` what its components were told, for a command beside it. */
export async function sharedGateway(
  t: TestContext,
): Promise<SharedGateway & { readonly env: Readonly<Record<string, string>> }> {
  const taken = free ?? start();
  free = undefined;
  const { gateway, sample, dns } = await taken;
  const older = await mailOf(gateway);
  t.after(async () => {
    if (!hasPassed(t)) return;
    await restore(gateway, sample);
    free = taken;
  });
  return {
    ...gateway,
    env: { DNS_SERVERS: dns },
    mail: (mailFile, count = 1) =>
      until(`${mailFile} has ${count} messages`, async () => {
        const rows = (await gateway.mail(mailFile, 0)).filter(({ id }) => !older.has(`${mailFile} ${id}`));
        return rows.length >= count ? rows : undefined;
      }),
  };
}

/** Its types do not know yet what Node's context of a test has. */
const hasPassed = (t: TestContext): boolean => (t as unknown as { readonly passed: boolean }).passed;

async function start(): Promise<Running> {
  const dns = await dnsServer({});
  opened.push(() => dns.close());
  const process = { after: (close: () => unknown) => void opened.push(close) };
  const gateway = await startTestGateway(process, { env: { DNS_SERVERS: dns.address } });
  const sample = { documents: await documentsOf(gateway), version: await settingsVersion(gateway) };
  return { gateway, sample, dns: dns.address };
}

/** Without what publishing has written. */
async function documentsOf(gateway: TestGateway): Promise<Document[]> {
  const items = await itemsOf(gateway, 'directory');
  return items.map((item) => {
    const { publishedAt: _, problems: __, warnings: ___, ...document } = item;
    return document as Document;
  });
}

async function mailOf(gateway: TestGateway): Promise<ReadonlySet<string>> {
  const rows = await itemsOf(gateway, 'mailboxes');
  return new Set(rows.map(({ mailFile, id }) => `${mailFile} ${id}`));
}

/** Of a table that one page holds. */
async function itemsOf({ clients, endpoints }: TestGateway, table: 'directory' | 'mailboxes') {
  const { Items = [], LastEvaluatedKey } = await clients.dynamodb.send(
    new ScanCommand({ TableName: endpoints.tables[table], ConsistentRead: true }),
  );
  if (LastEvaluatedKey !== undefined)
    throw new Error(`The ${table} of a shared gateway have grown too large.`);
  return Items.map((item) => unmarshall(item));
}

/** Puts the sample's documents back, deletes all others, and waits until that is in force. */
async function restore(gateway: TestGateway, { documents, version }: Sample): Promise<void> {
  const { dynamodb } = gateway.clients;
  const TableName = gateway.endpoints.tables.directory;
  const there = await documentsOf(gateway);
  for (const document of documents)
    if (!there.some((one) => isDeepStrictEqual(one, document)))
      await dynamodb.send(new PutItemCommand({ TableName, Item: marshall(document) }));
  for (const { form, name } of there)
    if (!documents.some((one) => one.form === form && one.name === name))
      await dynamodb.send(new DeleteItemCommand({ TableName, Key: marshall({ form, name }) }));
  // Records are read in order: what was written before this has been judged when it is.
  for (const document of documents.slice(0, 1)) await gateway.put(document);
  await until('the settings are those of the sample', async () =>
    (await settingsVersion(gateway)) === version ? true : undefined,
  );
}
