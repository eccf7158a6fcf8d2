/**
 * Many writers in any order, several publishers at once, each killed at a random call: in the end the views are
 * what the kept versions compile to, and those equal the table for every document without problems, and every
 * problem is still one.
 *
 * `WRITERS=200 node --test …` is the large form: 200 writers of 2,000 documents.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { directoryTable } from '../../../aws/directory-table.ts';
import { settingsStore } from '../../../aws/settings-store.ts';
import { awsViews } from '../../../aws/views.ts';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { gather } from '../../../functions/publish-directory/cases.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import { loadWorld } from '../../../functions/publish-directory/world.ts';
import { compileSettings } from '../../../mail/directory/compile-settings.ts';
import { contentHash } from '../../../mail/directory/content.ts';
import { viewsOf } from '../../../mail/directory/document-views.ts';
import { formNames } from '../../../mail/document/forms.ts';
import type { SourceKey } from '../../../mail/directory/kept.ts';
import {
  configuration,
  globalDomain,
  person,
  server,
  startHarness,
  type Document,
  type Harness,
} from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

/** The same numbers in every run. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** A client whose process dies at the given call: before it or, as likely, after it took effect. */
function mortal(client: DynamoDBClient, calls: number, roll: (below: number) => number): DynamoDBClient {
  let left = calls;
  const send = async (command: never): Promise<unknown> => {
    left -= 1;
    if (left > 0) return client.send(command);
    if (left === 0 && roll(2) === 0) await client.send(command);
    throw new Error('killed');
  };
  return { send } as unknown as DynamoDBClient;
}

function publisherOver(client: DynamoDBClient): Publisher {
  const { tables, bucket, s3 } = harness;
  return {
    ...harness.publisher,
    table: directoryTable({ client, table: tables.directory }),
    views: awsViews({ client, table: tables.views }),
    settings: settingsStore({ client, table: tables.views, s3, bucket }),
    log: { published: () => undefined, fault: () => undefined },
  };
}

const writers = Number(process.env['WRITERS'] ?? 20);
const turns = 12;
/** Two thousand documents in the large form. */
const people = Math.max(12, writers * 10 - 100);
const shared = Math.ceil(people / 8);

/** A version of some document: some invalid, some claiming the same address, some referring to others. */
function someDocument(roll: (below: number) => number): Document {
  const n = roll(people);
  const group = `Group ${roll(4)}`;
  const choices: Document[] = [
    person(`Person ${n}/Acme`, {
      firstName: `First ${roll(3)}`,
      internetAddress: `a${roll(shared)}@acme.example`,
    }),
    person(`Person ${n}/Acme`, {
      shortNames: [`s${roll(20)}`],
      internetAddress: roll(4) === 0 ? 'wrong' : `p${n}@acme.example`,
    }),
    {
      form: 'MailInDatabase',
      name: `Base ${roll(shared)}`,
      internetAddress: `a${roll(shared)}@acme.example`,
    },
    {
      form: 'Group',
      name: group,
      members: [`Person ${n}/Acme`, `Group ${roll(4)}`],
      groupType: roll(5) === 0 ? 'acl-only' : 'mail-only',
    },
    { ...configuration, inboundRelay: { allowHosts: [group] } },
    { ...configuration, name: group },
    { ...globalDomain, name: `Domain ${roll(3)}`, default: roll(2) === 0 },
    { ...server, greeting: `Hello ${roll(9)}` },
  ];
  return choices[roll(choices.length)]!;
}

async function writer(seed: number, told: (source: SourceKey) => void): Promise<void> {
  const roll = dice(seed);
  for (let turn = 0; turn < turns; turn += 1) {
    const document = someDocument(roll);
    if (roll(5) === 0) await harness.remove(document.form, document.name);
    else await harness.put(document);
    told(document);
  }
}

/** Takes what was told, in any order and twice; a killed run gives its batch back, as Lambda would. */
async function publishing(seed: number, queue: SourceKey[], ended: () => boolean): Promise<void> {
  const roll = dice(seed);
  while (!ended() || queue.length > 0) {
    const batch = queue.splice(roll(Math.max(queue.length - 9, 1)), 10);
    if (batch.length === 0) await new Promise((resolve) => setImmediate(resolve));
    else if (!(await survived(mortal(harness.client, 5 + roll(80), roll), batch))) queue.push(...batch);
    else if (roll(3) === 0 && !ended()) queue.push(batch[0]!);
  }
}

let killed = 0;
async function survived(client: DynamoDBClient, batch: readonly SourceKey[]): Promise<boolean> {
  try {
    return (await publish(publisherOver(client), batch)).size === 0;
  } catch (error) {
    assert.match(String(error), /killed/);
    killed += 1;
    return false;
  }
}

test('killed publishers and writers in any order leave nothing wrong', async () => {
  const queue: SourceKey[] = [];
  const writing = Array.from({ length: writers }, (_, index) =>
    writer(100 + index, (source) => void queue.push(source)),
  );
  let ended = false;
  const publishers = [1, 2, 3].map((seed) => publishing(seed, queue, () => ended));
  await Promise.all(writing);
  ended = true;
  await Promise.all(publishers);
  assert.ok(killed > 3, 'publishers were killed');
  await viewsAreWhatIsKept();
  await keptIsWhatIsInTheTable();
  await nothingIsLeftToDo();
});

/** Whoever waits waits for something that is still so, in words that are still true: the full pass changes nothing. */
async function nothingIsLeftToDo(): Promise<void> {
  const before = await harness.state();
  await fullPass(harness.publisher);
  assert.deepEqual(await harness.state(), before);
}

async function viewsAreWhatIsKept(): Promise<void> {
  const { views, settings } = harness.publisher;
  const expected = new Map<string, string>();
  for (const form of formNames)
    for (const kept of await views.keptOfForm(form))
      for (const view of viewsOf(kept.form, kept.name, kept.document as never)) {
        const { name, document, keys } = JSON.parse(JSON.stringify(view)) as typeof view;
        expected.set(`${view.key} ${view.sort}`, contentHash({ name, document, keys }));
      }
  const found = new Map<string, string>();
  for (const { key, sort, name, document, keys } of await harness.views()) {
    if (!/^(?:name|address|default)#/.test(String(key))) continue;
    const unpacked: unknown = document === undefined ? undefined : JSON.parse(document as string);
    found.set(`${String(key)} ${String(sort)}`, contentHash({ name, document: unpacked, keys }));
  }
  assert.ok(found.size > 20, 'there is something to compare');
  assert.deepEqual(found, expected);
  const { world } = await loadWorld(views, []);
  for (const [name, document] of world.documents.Server)
    assert.equal((await settings.pointer(name))?.version, compileSettings(document, world)?.version, name);
}

async function keptIsWhatIsInTheTable(): Promise<void> {
  let published = 0;
  for await (const page of harness.publisher.table.scan()) {
    for (const one of await gather(harness.publisher, page)) {
      const { marks } = one.item!;
      assert.notEqual(
        marks.publishedAt === undefined,
        marks.problems === undefined,
        'each item has one of the two',
      );
      if (marks.problems !== undefined) continue;
      published += 1;
      assert.equal(one.kept?.publishedAt, marks.publishedAt);
      assert.deepEqual(one.kept?.document, one.valid?.document);
    }
  }
  assert.ok(published > 5);
  for (const form of formNames)
    for (const source of await harness.publisher.views.keptSources(form)) {
      const [one] = await gather(harness.publisher, [source]);
      assert.ok(
        one?.item !== undefined || one?.rejected?.state === 'deleted',
        `${form} ${source.name} has an item or a reason`,
      );
    }
}
