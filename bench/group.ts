/**
 * A group of 10,000 in nested groups that contain one another, on one machine: from the 250 to the last record of the plan,
 * with members written as names and as addresses, and no copy twice. Look-ups are written straight into table `views`, as
 * publish-directory would.
 */
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { BatchWriteItemCommand, DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { setTimeout as pause } from 'node:timers/promises';
import { toItem } from '../aws/items.ts';
import { awsSpool } from '../aws/spool.ts';
import { pack } from '../aws/packed.ts';
import { viewsOf } from '../mail/directory/document-views.ts';
import { forms } from '../mail/document/forms.ts';
import { foldName } from '../mail/document/names.ts';
import { submit, withGateway, type LocalGateway } from './local-gateway.ts';
import { messageOf } from './message.ts';
import type { Judged } from './targets.ts';

const size = 10_000;
const groups = 40;
const target = 10_000;
const patience = 120_000;
const kinds = ['names', 'addresses'] as const;

export async function group(): Promise<Judged[]> {
  const found: Judged[] = [];
  for (const kind of kinds) {
    const milliseconds = await withGateway([], (gateway) => measure(gateway, kind));
    appendFileSync(
      join(import.meta.dirname, 'results', 'group.jsonl'),
      `${JSON.stringify({ kind, milliseconds })}\n`,
    );
    found.push({
      what: `a group of ${size}, members as ${kind}: 250 to the whole plan`,
      target: `≤ ${target / 1000} s`,
      found: `${(milliseconds / 1000).toFixed(1)} s`,
      met: milliseconds <= target,
    });
  }
  return found;
}

async function measure({ port, endpoints }: LocalGateway, kind: (typeof kinds)[number]): Promise<number> {
  const credentials = { accessKeyId: 'bench', secretAccessKey: 'bench' };
  const client = new DynamoDBClient({ region: 'us-east-1', endpoint: endpoints.dynamodb, credentials });
  const { views, spool } = endpoints.tables;
  await write(client, views, [...people(), ...circles(kind)]);
  const started = performance.now();
  const id = await submit(port, ['g0@acme.example'], messageOf(2048));
  while (!(await isRouted(client, spool, id))) {
    if (performance.now() - started > patience) throw new Error('The group was not routed.');
    await pause(100);
  }
  const milliseconds = performance.now() - started;
  const files = await mailFiles(client, spool, id);
  client.destroy();
  if (files.length !== size || new Set(files).size !== size)
    throw new Error(`${files.length} copies for ${new Set(files).size} of ${size} mail files.`);
  return milliseconds;
}

type Row = Record<string, unknown>;

function people(): Row[] {
  return Array.from({ length: size }, (_, n) => {
    const name = `Person ${n}/Acme`;
    const fields = forms.Person.parse({ lastName: `Person${n}`, internetAddress: `p${n}@acme.example` });
    return rowsOf('Person', name, { name, ...fields });
  }).flat();
}

/** Each has its share of the people, some of everybody's, the next group, another one, and itself. */
function circles(kind: (typeof kinds)[number]): Row[] {
  const member = (n: number): string =>
    kind === 'names' ? `Person ${n % size}/Acme` : `p${n % size}@acme.example`;
  const share = size / groups;
  return Array.from({ length: groups }, (_, g) => {
    const name = `G${g}`;
    const own = Array.from({ length: share }, (_one, n) => member(g * share + n));
    const others = Array.from({ length: 50 }, (_one, n) => member(g * 97 + n * 31));
    const members = [...own, ...others, `G${(g + 1) % groups}`, `G${(g * 7) % groups}`, name];
    const fields = forms.Group.parse({ members, internetAddress: `g${g}@acme.example` });
    const document = { name, ...fields };
    const kept = {
      key: 'doc#Group',
      sort: foldName(name),
      form: 'Group',
      name: foldName(name),
      source: name,
    };
    const stored = { version: name, hash: '', publishedAt: '', warnings: [], standing: pack({}) };
    return [{ ...kept, ...stored, document: pack(document) }, ...rowsOf('Group', name, document)];
  }).flat();
}

function rowsOf(form: 'Person' | 'Group', name: string, document: object): Row[] {
  return viewsOf(form, foldName(name), document as never).map((view) => ({
    ...view,
    document: pack(view.document),
  }));
}

async function write(client: DynamoDBClient, table: string, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += 25) {
    const puts = rows.slice(at, at + 25).map((row) => ({ PutRequest: { Item: toItem(row) } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
  }
}

async function isRouted(client: DynamoDBClient, TableName: string, id: string): Promise<boolean> {
  const get = new GetItemCommand({
    TableName,
    Key: toItem({ message: id, part: 'm' }),
    ConsistentRead: true,
  });
  return (await client.send(get)).Item?.['phase']?.S === 'routed';
}

async function mailFiles(client: DynamoDBClient, table: string, id: string): Promise<string[]> {
  const nothing = (): void => undefined;
  const spool = awsSpool({
    client,
    table,
    clock: () => new Date(),
    keepMessage: () => Promise.resolve(),
    onFault: nothing,
  });
  return (await spool.deliveries(id)).flatMap(({ mailFile }) => (mailFile === undefined ? [] : [mailFile]));
}
