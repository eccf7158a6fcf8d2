/**
 * The publisher over embedded DynamoDB and S3: tables of its own per test file, documents put as people put them,
 * records as the stream would carry them.
 */
import {
  CreateTableCommand,
  DeleteItemCommand,
  DynamoDBClient,
  paginateScan,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import { directoryTable, type SourceItem } from '../../../aws/directory-table.ts';
import { viewsDirectory } from '../../../aws/directory.ts';
import { fromItem } from '../../../aws/items.ts';
import { settingsStore } from '../../../aws/settings-store.ts';
import { standingViews } from '../../../aws/standing-views.ts';
import { awsViews } from '../../../aws/views.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import { idOf, type SourceKey } from '../../../mail/directory/kept.ts';
import type { Directory } from '../../../mail/directory/directory.ts';
import type { Settings } from '../../../mail/directory/settings.ts';
import { embeddedServices } from '../../builders/embedded-services.ts';

export const ownServer = 'Mail1/Acme';

export interface Harness {
  readonly publisher: Publisher;
  readonly directory: Directory;
  readonly client: DynamoDBClient;
  readonly s3: S3Client;
  readonly tables: { readonly directory: string; readonly views: string };
  readonly bucket: string;
  /** Outcomes that were logged, newest last. */
  readonly logged: string[];
  put(...documents: readonly Document[]): Promise<void>;
  remove(form: string, name: string): Promise<void>;
  /** Puts and publishes, as the stream would. */
  write(...documents: readonly Document[]): Promise<void>;
  end(form: string, name: string): Promise<void>;
  item(form: string, name: string): Promise<SourceItem | undefined>;
  problems(form: string, name: string): Promise<readonly string[]>;
  settings(): Promise<Settings | undefined>;
  views(): Promise<Record<string, unknown>[]>;
  /** All views, and all items with their marks, as lines in order. */
  state(): Promise<string[]>;
  stop(): Promise<void>;
}
export type Document = SourceKey & Record<string, unknown>;

const at = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

export async function startHarness(): Promise<Harness> {
  const { endpoints, number, release } = await embeddedServices();
  const client = new DynamoDBClient(at(endpoints.dynamodb));
  const s3 = new S3Client({ ...at(endpoints.s3), forcePathStyle: true });
  const tables = { directory: `directory-${number}`, views: `views-${number}` };
  const bucket = `directory-${number}`;
  await s3.send(new CreateBucketCommand({ Bucket: bucket }));
  await createTable(client, tables.directory, ['form', 'name']);
  await createTable(client, tables.views, ['key', 'sort']);
  const harness = over({ client, s3, tables, bucket });
  return {
    ...harness,
    async stop() {
      client.destroy();
      s3.destroy();
      await release();
    },
  };
}

async function createTable(
  client: DynamoDBClient,
  TableName: string,
  [hash, range]: [string, string],
): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [hash, range].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: hash, KeyType: 'HASH' },
        { AttributeName: range, KeyType: 'RANGE' },
      ],
    }),
  );
}

type Parts = Pick<Harness, 'client' | 's3' | 'tables' | 'bucket'>;

function over(parts: Parts): Omit<Harness, 'stop'> {
  const { client, s3, tables, bucket } = parts;
  const logged: string[] = [];
  const publisher: Publisher = {
    table: directoryTable({ client, table: tables.directory }),
    views: awsViews({ client, table: tables.views }),
    standing: standingViews({ client, table: tables.views }),
    settings: settingsStore({ client, table: tables.views, s3, bucket }),
    clock: () => new Date(),
    ownServer,
    outside: { warnings: () => Promise.resolve([]) },
    log: {
      published: ({ form, name, outcome }) => void logged.push(`${form} ${name} ${outcome}`),
      fault: (what, cause) => void logged.push(`fault ${what} ${String(cause)}`),
    },
  };
  const item = async (form: string, name: string) =>
    (await publisher.table.read([{ form, name }])).get(idOf({ form, name }));
  async function put(...documents: readonly Document[]): Promise<void> {
    for (const document of documents)
      await client.send(
        new PutItemCommand({
          TableName: tables.directory,
          Item: marshall(document, { removeUndefinedValues: true }),
        }),
      );
  }
  async function remove(form: string, name: string): Promise<void> {
    await client.send(new DeleteItemCommand({ TableName: tables.directory, Key: marshall({ form, name }) }));
  }
  async function views(): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    const pages = paginateScan({ client }, { TableName: tables.views, ConsistentRead: true });
    for await (const { Items = [] } of pages)
      found.push(...Items.map((one) => fromItem<Record<string, unknown>>(one)));
    return found;
  }
  return {
    ...parts,
    publisher,
    logged,
    directory: viewsDirectory({ client, table: tables.views }),
    put,
    remove,
    item,
    async write(...documents) {
      await put(...documents);
      const failures = await publish(publisher, documents);
      if (failures.size > 0) throw [...failures.values()][0];
    },
    async end(form, name) {
      await remove(form, name);
      await publish(publisher, [{ form, name }]);
    },
    problems: async (form, name) => (await item(form, name))?.marks.problems ?? [],
    async settings() {
      const pointer = await publisher.settings.pointer(ownServer);
      return pointer && publisher.settings.read(pointer);
    },
    views,
    async state() {
      const items: object[] = [];
      for await (const page of publisher.table.scan())
        items.push(...page.map(({ form, name, hash, marks }) => ({ form, name, hash, marks })));
      return [...(await views()), ...items].map((one) => JSON.stringify(one)).sort();
    },
  };
}

/** A first set of documents that publishes. */
export const server: Document = {
  form: 'Server',
  name: ownServer,
  hostName: 'mail1.acme.example',
  domain: 'ACME',
  smtpListener: true,
};
export const configuration: Document = { form: 'Configuration', name: '*' };
export const globalDomain: Document = {
  form: 'GlobalDomain',
  name: 'Acme',
  primaryDomain: 'acme.example',
  aliases: ['acme.test'],
};
export function person(name: string, fields: Record<string, unknown> = {}): Document {
  return { form: 'Person', name, ...fields };
}
