import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DirectoryUnavailable } from '../../../mail/directory/directory.ts';
import { refreshingSettings } from '../../../mail/directory/refreshing-settings.ts';
import type { Settings, SettingsSource } from '../../../mail/directory/settings.ts';
import { settingsOf } from '../policy/world.ts';

/** What was published, a clock that the test moves, and a count of reads. */
function prepared(): { source: SettingsSource; at: (seconds: number) => void; store: Store } {
  let now = 0;
  const store: Store = { published: undefined, broken: false, reads: 0 };
  const source = refreshingSettings({
    refreshSeconds: 5,
    clock: () => new Date(now),
    async read() {
      store.reads += 1;
      await Promise.resolve();
      if (store.broken) throw new Error('table views is away');
      return store.published;
    },
  });
  return { source, at: (seconds) => (now = seconds * 1_000), store };
}
interface Store {
  published: Settings | undefined;
  broken: boolean;
  reads: number;
}
const first = settingsOf({});
const second = { ...first, version: 'two' };

describe('settings held in memory', () => {
  test('are unavailable where none were ever published', async () => {
    const { source } = prepared();
    await assert.rejects(source.current(), DirectoryUnavailable);
  });

  test('are read again when asked for after 5 seconds, and not before', async () => {
    const { source, at, store } = prepared();
    store.published = first;
    assert.equal(await source.current(), first);
    store.published = second;
    at(4.9);
    assert.equal(await source.current(), first);
    at(5);
    assert.equal(await source.current(), second);
    assert.equal(store.reads, 2);
  });

  test('are read once for all who ask together', async () => {
    const { source, store } = prepared();
    store.published = first;
    const all = await Promise.all(Array.from({ length: 20 }, () => source.current()));
    assert.deepEqual([new Set(all).size, store.reads], [1, 1]);
  });

  test('serve for 60 seconds without confirmation, then are unavailable, then recover', async () => {
    const { source, at, store } = prepared();
    store.published = first;
    await source.current();
    store.broken = true;
    at(60);
    assert.equal(await source.current(), first);
    at(61.1);
    await assert.rejects(source.current(), {
      name: 'DirectoryUnavailable',
      message: 'Settings could not be read.',
    });
    store.broken = false;
    at(62.2);
    assert.equal(await source.current(), first);
  });

  test('are not asked for at every turn while the store is broken', async () => {
    const { source, at, store } = prepared();
    store.broken = true;
    await assert.rejects(source.current(), DirectoryUnavailable);
    at(0.5);
    await assert.rejects(source.current(), DirectoryUnavailable);
    assert.equal(store.reads, 1);
  });

  test('that were withdrawn serve no longer than those that cannot be confirmed', async () => {
    const { source, at, store } = prepared();
    store.published = first;
    await source.current();
    store.published = undefined;
    at(61);
    await assert.rejects(source.current(), /No settings are published/);
  });
});
