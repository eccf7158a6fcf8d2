/**
 * Look-ups and claims damaged by hand: after the next full pass the table is what it was. Every damage, a kill at any
 * call, publications in between; and what it costs where nothing is wrong.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  DeleteItemCommand,
  paginateScan,
  PutItemCommand,
  UpdateItemCommand,
  type AttributeValue,
  type DynamoDBClient,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { standingViews } from '../../../aws/standing-views.ts';
import { awsViews } from '../../../aws/views.ts';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import { restoreViews } from '../../../functions/publish-directory/repair-views.ts';
import { contentHash } from '../../../mail/directory/content.ts';
import { configuration, globalDomain, person, server, startHarness, type Harness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.write(server, configuration, { ...globalDomain, default: true }, jane, joe, many);
});
after(() => harness.stop());

const jane = person('Jane Doe/Acme', { lastName: 'Doe', internetAddress: 'jane@acme.example' });
const joe = person('Joe Roe/Acme', { lastName: 'Roe', internetAddress: 'joe@acme.example' });
const many = {
  form: 'Group',
  name: 'Many',
  internetAddress: 'many@acme.example',
  members: Array.from({ length: 2_000 }, (_, n) => `m${n}@acme.example`),
};

interface Key {
  readonly key: string;
  readonly sort: string;
}
const janesId = 'Person#jane doe/acme';
const joesId = 'Person#joe roe/acme';
const janesName: Key = { key: 'name#doe', sort: janesId };
const janesAddress: Key = { key: 'address#jane@acme.example', sort: '-' };
const joesAddress: Key = { key: 'address#joe@acme.example', sort: '-' };
const theDefault: Key = { key: 'default#GlobalDomain', sort: '-' };
const janesKept: Key = { key: 'doc#Person', sort: 'jane doe/acme' };

async function remove(key: Key): Promise<void> {
  await harness.client.send(new DeleteItemCommand({ TableName: harness.tables.views, Key: marshall(key) }));
}

async function set(key: Key, attribute: string, value: unknown): Promise<void> {
  await harness.client.send(
    new UpdateItemCommand({
      TableName: harness.tables.views,
      Key: marshall(key),
      UpdateExpression: 'SET #a = :v',
      ExpressionAttributeNames: { '#a': attribute },
      ExpressionAttributeValues: marshall({ ':v': value }),
    }),
  );
}

async function forge(key: Key, content: object = {}): Promise<void> {
  const entry = { form: 'Person', name: 'Eve/Acme', keys: ['user-name'], document: '{"name":"Eve/Acme"}' };
  const Item = marshall({ ...entry, ...key, ...content });
  await harness.client.send(new PutItemCommand({ TableName: harness.tables.views, Item }));
}

/** A digest of each item but for the version, which every write renews. */
async function state(): Promise<Record<string, string>> {
  const { client, tables } = harness;
  const found: Record<string, string> = {};
  for (const TableName of [tables.views, tables.directory])
    for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true }))
      for (const item of Items) {
        const { version: _, standing, ...rest } = unmarshall(item);
        const stands: unknown = JSON.parse(String(standing ?? '{}'));
        found[Object.values(unmarshall(keysOf(item))).join(' ')] = contentHash({ ...rest, stands });
      }
  return found;
}

function keysOf({ key, sort, form, name }: Record<string, AttributeValue>): Record<string, AttributeValue> {
  return key === undefined ? { form: form!, name: name! } : { key, sort: sort! };
}

const damages: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['a name deleted', () => remove(janesName)],
  ['an address deleted', () => remove(janesAddress)],
  ['the default deleted', () => remove(theDefault)],
  ['everything of a person deleted', () => Promise.all([janesName, janesAddress].map(remove))],
  ['a document altered', () => set(janesName, 'document', '{"name":"Jane Doe/Acme","mailFile":"mail/eve"}')],
  ['a document cut off', () => set(janesAddress, 'document', '{"name":')],
  ['a document that is a number', () => set(janesAddress, 'document', 5)],
  ['something packed', () => set(janesName, 'packed', new Uint8Array([1, 2]))],
  ['an end that was added', () => set(janesName, 'expiresAt', 4_000_000_000)],
  ['how it is found altered', () => set(janesName, 'keys', ['internet-address'])],
  ['a name of another owner', () => set(janesName, 'owner', joesId)],
  ['an address of another owner', () => set(janesAddress, 'owner', joesId)],
  ['an address of nobody', () => set(janesAddress, 'owner', 'Person#nobody/acme')],
  ['an address of no form', () => set(janesAddress, 'owner', 'eve')],
  ['an address whose owner is a number', () => set(janesAddress, 'owner', 7)],
  [
    'two addresses exchanged',
    () => Promise.all([set(janesAddress, 'owner', joesId), set(joesAddress, 'owner', janesId)]),
  ],
  ['the default of another form', () => set(theDefault, 'owner', 'Server#mail1/acme')],
  ['a further name', () => forge({ key: 'name#eve', sort: janesId }, { owner: janesId })],
  ['a further address', () => forge({ key: 'address#eve@acme.example', sort: '-' }, { owner: janesId })],
  ['a name of nobody', () => forge({ key: 'name#eve', sort: 'Person#eve/acme' })],
  [
    'an address of nobody more',
    () => forge({ key: 'address#e@acme.example', sort: '-' }, { owner: 'Person#e/acme' }),
  ],
  ['an address without an owner', () => forge({ key: 'address#e@acme.example', sort: '-' })],
  ['an address of no name', () => forge({ key: 'address#e@acme.example', sort: '-' }, { owner: 'Person#' })],
  [
    'an address of a name not folded',
    () => forge({ key: 'address#e@acme.example', sort: '-' }, { owner: 'Person#Jane Doe/Acme' }),
  ],
  ['an entry of no document', () => forge({ key: 'name#doe', sort: 'zzz' })],
  ['another default', () => forge({ key: 'default#Server', sort: '-' })],
  ['what stands forgotten', () => set(janesKept, 'standing', '{}')],
  [
    'what stands invented',
    () =>
      set(
        janesKept,
        'standing',
        '{"name#eve\\u0000Person#jane doe/acme":"x","name#\\u0000":"x","doc#Person\\u0000joe roe/acme":"x"}',
      ),
  ],
];

describe('the full pass puts right', () => {
  let whole: Record<string, string>;
  before(async () => {
    await fullPass(harness.publisher);
    whole = await state();
  });
  for (const [what, damage] of damages)
    test(what, async () => {
      await damage();
      assert.notDeepEqual(await state(), whole, 'the damage is done');
      await fullPass(harness.publisher);
      assert.deepEqual(await state(), whole);
      assert.match(harness.logged.at(-1) ?? '', /^fault Look-ups were gone, altered or of no document/);
    });

  test('all of them at once, and the next one finds nothing to do', async () => {
    for (const [, damage] of damages) await damage();
    await fullPass(harness.publisher);
    const before = await harness.state();
    const lines = harness.logged.length;
    await fullPass(harness.publisher);
    assert.deepEqual(await state(), whole);
    assert.deepEqual(await harness.state(), before);
    assert.deepEqual(harness.logged.slice(lines), []);
  });
});

/** Counts calls by the names of their commands; `dies`: at which call. */
function watched(client: DynamoDBClient, dies = Infinity): { calls: string[]; client: DynamoDBClient } {
  const calls: string[] = [];
  const send = async (command: { constructor: { name: string } }): Promise<unknown> => {
    calls.push(command.constructor.name);
    if (calls.length === dies) await client.send(command as never);
    if (calls.length >= dies) throw new Error('killed');
    return client.send(command as never);
  };
  return { calls, client: { send } as unknown as DynamoDBClient };
}

async function repaired(publisher: Publisher): Promise<void> {
  const repair = await restoreViews(publisher);
  await repair.clear();
  repair.end();
}

function over(client: DynamoDBClient): Publisher {
  const table = { client, table: harness.tables.views };
  return { ...harness.publisher, views: awsViews(table), standing: standingViews(table) };
}

describe('a repair', () => {
  test('that is killed, at whatever call, is finished by the next one', async () => {
    const whole = await state();
    let died = 0;
    for (let dies = 1; dies < 400; dies += 1) {
      await Promise.all([remove(janesName), set(joesAddress, 'owner', janesId)]);
      await forge({ key: 'name#eve', sort: 'Person#eve/acme' });
      const { client, calls } = watched(harness.client, dies);
      await repaired(over(client)).catch((error: unknown) =>
        assert.match(String(error), /killed|could not be/),
      );
      const isDone = calls.length < dies;
      if (!isDone) died += 1;
      await fullPass(harness.publisher);
      assert.deepEqual(await state(), whole, `killed at call ${dies}`);
      if (isDone) break;
    }
    assert.ok(died > 10 && died < 300, `it was killed ${died} times, and was done in the end`);
  });

  test('costs a scan where nothing is wrong, and little for what is', async () => {
    await harness.write(...Array.from({ length: 60 }, (_, n) => crowd(n)));
    const clean = watched(harness.client);
    await repaired(over(clean.client));
    assert.deepEqual([...new Set(clean.calls)], ['ScanCommand']);
    await remove({ key: 'address#c7@acme.example', sort: '-' });
    await forge({ key: 'name#eve', sort: 'Person#c8/acme' }, { owner: 'Person#c8/acme' });
    const mending = watched(harness.client);
    await repaired(over(mending.client));
    const others = mending.calls.filter((name) => name !== 'ScanCommand').sort();
    assert.deepEqual(others, [
      ...Array<string>(4).fill('BatchGetItemCommand'),
      ...Array<string>(2).fill('TransactWriteItemsCommand'),
    ]);
  });

  test('that was overtaken by a publication leaves it alone', async () => {
    await set(janesName, 'document', '{}');
    const { views } = harness.publisher;
    const moved = { ...jane, lastName: 'Miller', internetAddress: 'miller@acme.example' };
    let passed = false;
    const overtaken: typeof views.publish = async (change) => {
      if (!passed) {
        passed = true;
        await harness.write(moved);
      }
      return views.publish(change);
    };
    await repaired({ ...harness.publisher, views: { ...views, publish: overtaken } });
    assert.ok(passed);
    assert.deepEqual(await harness.directory.findAddress('jane@acme.example'), []);
    assert.equal((await harness.directory.findName('Miller'))[0]?.name, jane.name);
    await harness.write(jane);
    await fullPass(harness.publisher);
  });

  test('that meets what it cannot read says so, and the rest is repaired', async () => {
    await set(janesKept, 'standing', '{');
    await Promise.all([remove(joesAddress), set(janesAddress, 'document', '{}')]);
    const repair = await restoreViews(harness.publisher);
    assert.equal((await harness.directory.findAddress('joe@acme.example'))[0]?.name, joe.name);
    await repair.clear();
    assert.throws(() => repair.end(), /The views of 1 documents could not be repaired/);
    assert.notDeepEqual(await harness.directory.findName('Doe'), [], 'nothing of hers is taken away');
    await remove(janesKept);
    await fullPass(harness.publisher);
  });
});

const crowd = (n: number) => person(`C${n}/Acme`, { internetAddress: `c${n}@acme.example` });

describe('a claim', () => {
  const heir = person('Heir/Acme', { internetAddress: 'jane@acme.example' });

  test('that was deleted comes back to its owner, not to who waits for it', async () => {
    await harness.write(heir);
    await remove(janesAddress);
    await fullPass(harness.publisher);
    assert.equal((await harness.directory.findAddress('jane@acme.example'))[0]?.name, jane.name);
    assert.match((await harness.problems('Person', heir.name))[0] ?? '', /Person "Jane Doe\/Acme" already/);
  });

  test('that another one took meanwhile stays with that one, and its first owner is told', async () => {
    await remove(janesAddress);
    await publish(harness.publisher, [heir]);
    await harness.write(heir);
    assert.deepEqual(await harness.problems('Person', heir.name), []);
    for (const pass of ['first', 'next']) {
      await fullPass(harness.publisher);
      assert.match(
        (await harness.problems('Person', jane.name))[0] ?? '',
        /^internetAddress: "jane@acme.example" is the address of Person "Heir\/Acme" already/,
        pass,
      );
    }
    await harness.end('Person', heir.name);
    assert.deepEqual(await harness.problems('Person', jane.name), []);
    assert.equal((await harness.directory.findAddress('jane@acme.example'))[0]?.name, jane.name);
  });

  test('of nobody goes, and who waits for it comes into force', async () => {
    const late = person('Late/Acme', { internetAddress: 'late@acme.example' });
    await forge({ key: 'address#late@acme.example', sort: '-' }, { owner: joesId });
    await harness.write(late);
    assert.equal((await harness.problems('Person', late.name)).length, 1);
    await fullPass(harness.publisher);
    assert.deepEqual(await harness.problems('Person', late.name), []);
    assert.equal((await harness.directory.findAddress('late@acme.example'))[0]?.name, late.name);
    await harness.end('Person', late.name);
  });
});

test('of a kept version that is lost nothing goes before its item is published again', async () => {
  await remove(janesKept);
  const { views } = harness.publisher;
  const found: number[] = [];
  const publishing: typeof views.publish = async (change) => {
    const done = await views.publish(change);
    found.push((await harness.directory.findName('Doe')).length);
    return done;
  };
  await fullPass({ ...harness.publisher, views: { ...views, publish: publishing } });
  assert.deepEqual([...new Set(found)], [1]);
  assert.equal((await views.kept([{ form: 'Person', name: 'jane doe/acme' }])).size, 1);
  assert.ok((await harness.item('Person', jane.name))?.marks.publishedAt);
});
