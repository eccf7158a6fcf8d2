/** Settings and look-ups as listener and functions read them, over stores that fail in the middle. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { viewsDirectory } from '../../aws/directory.ts';
import { currentSettings } from '../../aws/settings-source.ts';
import { settingsStore } from '../../aws/settings-store.ts';
import { cachedDirectory } from '../../mail/directory/cached-directory.ts';
import { refreshingSettings } from '../../mail/directory/refreshing-settings.ts';
import type { SettingsSource } from '../../mail/directory/settings.ts';
import {
  configuration,
  ownServer,
  person,
  server,
  startHarness,
  type Harness,
} from '../functions/publish-directory/harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
  await harness.write(server, configuration, person('Jane/Acme', { internetAddress: 'jane@acme.example' }));
});
after(() => harness.stop());

/** A client that can be taken away, and a clock that the test moves. */
function prepared() {
  let away = false;
  let now = 0;
  const send = (command: never): Promise<unknown> =>
    away ? Promise.reject(new Error('throttled')) : harness.client.send(command);
  const client = { send } as unknown as DynamoDBClient;
  const { s3, bucket, tables } = harness;
  const store = settingsStore({ client, table: tables.views, s3, bucket });
  const source: SettingsSource = refreshingSettings({
    refreshSeconds: 5,
    clock: () => new Date(now),
    read: (held) => currentSettings(store, ownServer, held),
  });
  const directory = cachedDirectory(viewsDirectory({ client, table: tables.views }), {
    seconds: 5,
    now: () => now,
  });
  return {
    source,
    directory,
    takeAway: (on: boolean) => void (away = on),
    at: (seconds: number) => void (now = seconds * 1_000),
  };
}

async function spoil(text: (whole: string) => string): Promise<void> {
  const settings = await harness.settings();
  const pointer = await harness.publisher.settings.pointer(ownServer);
  const Body = text(JSON.stringify(settings));
  await harness.s3.send(new PutObjectCommand({ Bucket: harness.bucket, Key: pointer!.objectKey, Body }));
}

const unavailable = { name: 'DirectoryUnavailable' };

describe('settings', () => {
  test('that are confirmed are the very set that is held', async () => {
    const { source, at } = prepared();
    const first = await source.current();
    at(6);
    assert.equal(await source.current(), first);
  });

  test('whose store is away serve for 60 seconds, then nobody decides anything', async () => {
    const { source, at, takeAway } = prepared();
    const first = await source.current();
    takeAway(true);
    at(59);
    assert.equal(await source.current(), first);
    at(61);
    await assert.rejects(source.current(), unavailable);
    takeAway(false);
    at(63);
    assert.equal((await source.current()).version, first.version);
  });

  const spoilt: [how: string, text: (whole: string) => string][] = [
    ['half of the set', (whole) => whole.slice(0, whole.length / 2)],
    ['nothing', () => ''],
    ['another version', (whole) => JSON.stringify({ ...(JSON.parse(whole) as object), version: 'other' })],
  ];
  for (const [how, text] of spoilt)
    test(`an object that holds ${how} is never served, and the set before it stays`, async () => {
      const holding = prepared();
      const first = await holding.source.current();
      await harness.write({ ...server, greeting: how });
      await spoil(text);
      holding.at(6);
      assert.equal(await holding.source.current(), first);
      await assert.rejects(prepared().source.current(), unavailable);
      await harness.write({ ...server, greeting: `${how} no more` });
      assert.equal((await prepared().source.current()).server.greeting, `${how} no more`);
    });
});

test('of old sets the last one stays, and who finds one gone reads the current one', async () => {
  const { s3, bucket, publisher } = harness;
  await harness.write({ ...server, greeting: 'old' });
  const old = await publisher.settings.pointer(ownServer);
  for (const greeting of ['next', 'after', 'now']) await harness.write({ ...server, greeting });
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: 'settings/' }));
  const now = await publisher.settings.pointer(ownServer);
  assert.deepEqual(Contents.map(({ Key }) => Key).sort(), [now?.objectKey, now?.previousKey].sort());

  const pointers = [old, now];
  const late = { ...publisher.settings, pointer: () => Promise.resolve(pointers.shift()) };
  assert.equal((await currentSettings(late, ownServer, undefined))?.server.greeting, 'now');
  await assert.rejects(
    currentSettings({ ...late, pointer: () => Promise.resolve(old) }, ownServer, undefined),
    { name: 'NoSuchKey' },
  );
});

describe('look-ups', () => {
  test('whose table is away are unavailable, never empty', async () => {
    const { directory, takeAway } = prepared();
    takeAway(true);
    await assert.rejects(directory.findAddress('jane@acme.example'), unavailable);
    await assert.rejects(directory.findName('nobody'), unavailable);
    await assert.rejects(directory.group('Sales'), unavailable);
    takeAway(false);
    assert.equal((await directory.findAddress('jane@acme.example')).length, 1);
  });

  test('that found nobody are asked again after seconds, those that failed at once', async () => {
    const { directory, at, takeAway } = prepared();
    assert.deepEqual(await directory.findAddress('late@acme.example'), []);
    await harness.write(person('Late/Acme', { internetAddress: 'late@acme.example' }));
    assert.deepEqual(await directory.findAddress('late@acme.example'), []);
    takeAway(true);
    at(5);
    await assert.rejects(directory.findAddress('late@acme.example'), unavailable);
    takeAway(false);
    assert.equal((await directory.findAddress('late@acme.example')).length, 1);
  });
});
