/**
 * A run that dies at one step, and the same records given to another: what the first left undone is done, although
 * nothing of the documents themselves shows it.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { currentSettings } from '../../../aws/settings-source.ts';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import {
  configuration,
  ownServer,
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

const killed = (): Promise<never> => Promise.reject(new Error('killed'));

/** A publisher that dies when it comes to this step. */
function dyingAt(step: 'waiting' | 'settings' | 'reject' | 'mark'): Publisher {
  const { publisher } = harness;
  if (step === 'settings') return { ...publisher, settings: { ...publisher.settings, pointer: killed } };
  if (step === 'mark') return { ...publisher, table: { ...publisher.table, mark: killed } };
  return { ...publisher, views: { ...publisher.views, [step]: killed } };
}

/** The first run ends at `step`; the stream gives the same records again. */
async function interrupted(
  step: Parameters<typeof dyingAt>[0],
  ...sources: readonly Document[]
): Promise<void> {
  const failures = await publish(dyingAt(step), sources).catch((error: unknown) => new Map([['', error]]));
  assert.match(String([...failures.values()][0]), /killed|follows/);
  assert.equal((await publish(harness.publisher, sources)).size, 0);
}

describe('an address that others wait for', () => {
  const owner = person('Owner/Acme', { internetAddress: 'one@acme.example' });
  const heir = person('Heir/Acme', { internetAddress: 'one@acme.example' });
  const third = person('Third/Acme', { internetAddress: 'one@acme.example' });
  const taken = (name: string): string[] => [
    `internetAddress: "one@acme.example" is the address of Person "${name}" already; an address belongs to one document`,
  ];

  test('comes to the next one although the run that let it go saw nobody waiting', async () => {
    await harness.write(owner, heir);
    const moved = { ...owner, internetAddress: 'two@acme.example' };
    await harness.put(moved);
    await interrupted('waiting', moved);
    assert.equal((await harness.directory.findAddress('one@acme.example'))[0]?.name, heir.name);
    assert.deepEqual(await harness.problems('Person', heir.name), []);
    await harness.write(third);
    assert.deepEqual(await harness.problems('Person', third.name), taken(heir.name));
  });

  test('also when its owner is deleted', async () => {
    await harness.remove('Person', heir.name);
    await interrupted('waiting', heir);
    assert.equal((await harness.directory.findAddress('one@acme.example'))[0]?.name, third.name);
    assert.deepEqual(await harness.problems('Person', third.name), []);
  });

  test('also when it goes on from one to another, and the last mark fails', async () => {
    // Second has the address that Fourth waits for, and waits itself for that of Third.
    const second = person('Second/Acme', { internetAddress: 'first@acme.example' });
    await harness.write(second);
    await harness.write(person('Fourth/Acme', { internetAddress: 'first@acme.example' }));
    await harness.write({ ...second, internetAddress: 'one@acme.example' });
    const moved = { ...third, internetAddress: 'three@acme.example' };
    await harness.put(moved);
    await interrupted('mark', moved);
    for (const name of [third.name, second.name, 'Fourth/Acme'])
      assert.deepEqual(await harness.problems('Person', name), [], name);
    assert.equal((await harness.directory.findAddress('first@acme.example'))[0]?.name, 'Fourth/Acme');
  });

  test('is named with its owner as that document is spelled now', async () => {
    await harness.write(owner, { ...heir, internetAddress: 'two@acme.example' });
    await harness.write({ ...owner, internetAddress: 'two@acme.example' });
    await harness.remove('Person', owner.name);
    await harness.write(person('OWNER/Acme', { internetAddress: 'two@acme.example' }));
    assert.match(
      (await harness.problems('Person', heir.name))[0] ?? '',
      /is the address of Person "OWNER\/Acme"/,
    );
    await harness.end('Person', 'OWNER/Acme');
    assert.deepEqual(await harness.problems('Person', heir.name), []);
  });

  test('leaves nothing behind where nobody waits', async () => {
    for (const { form, name } of [heir, third, person('Second/Acme'), person('Fourth/Acme')])
      await harness.end(form, name);
    const left = (await harness.views()).filter(
      ({ sort, key }) => sort !== '-' || !String(key).startsWith('waits#'),
    );
    assert.deepEqual(left, []);
  });
});

describe('settings', () => {
  const own = { ...configuration, name: ownServer, routing: { maximumMessageSize: 1 } };

  test('lose a Configuration although the run that ended it never came to them', async () => {
    await harness.write(configuration, own, server);
    assert.equal((await harness.settings())?.configuration.name, ownServer);
    await harness.remove('Configuration', ownServer);
    await interrupted('settings', own);
    assert.equal((await harness.settings())?.configuration.name, '*');
    assert.deepEqual(
      await harness.publisher.views.kept([{ form: 'Configuration', name: 'mail1/acme' }]),
      new Map(),
    );
  });

  test('of a server that went are gone although the run that ended it never came to them', async () => {
    const other = { ...server, name: 'Mail2/Acme', hostName: 'mail2.acme.example' };
    await harness.write(other);
    assert.ok(await harness.publisher.settings.pointer(other.name));
    await harness.remove('Server', other.name);
    await interrupted('settings', other);
    assert.equal(await harness.publisher.settings.pointer(other.name), undefined);
    assert.equal((await harness.settings())?.servers.length, 1);
  });

  test('tell a list of its group although the run could not write its problem down', async () => {
    const partners = { form: 'Group', name: 'Partners', members: ['[10.0.0.1]'] };
    await harness.write(partners, { ...configuration, inboundRelay: { allowHosts: ['Partners'] } });
    const otherwise = { ...partners, groupType: 'acl-only' };
    await harness.put(otherwise);
    await interrupted('reject', otherwise);
    assert.match(
      (await harness.problems('Configuration', '*'))[0] ?? '',
      /group "Partners" is of type acl-only/,
    );
    await harness.write(configuration);
  });
});

test('a document that was rejected before, and cannot be marked, holds up nobody', async () => {
  const bad = { ...configuration, name: 'Nowhere/Acme' };
  await harness.write(bad);
  await harness.put(bad);
  const { table } = harness.publisher;
  const mark: typeof table.mark = (item, marks) =>
    item.name === bad.name ? killed() : table.mark(item, marks);
  const bystander = person('Bystander/Acme');
  await harness.put(bystander);
  const failures = await publish({ ...harness.publisher, table: { ...table, mark } }, [bystander]);
  assert.deepEqual([...failures.keys()], ['Configuration#Nowhere/Acme']);
  assert.ok((await harness.item('Person', bystander.name))?.marks.publishedAt);
  await harness.end('Configuration', bad.name);
});

describe('a set of settings in S3', () => {
  const current = async () => (await harness.publisher.settings.pointer(ownServer))!;
  const overwrite = (Key: string, Body: string) =>
    harness.s3.send(new PutObjectCommand({ Bucket: harness.bucket, Key, Body }));
  const damages: readonly (readonly [string, (Key: string) => Promise<unknown>])[] = [
    ['deleted', (Key) => harness.s3.send(new DeleteObjectCommand({ Bucket: harness.bucket, Key }))],
    ['emptied', (Key) => overwrite(Key, '{}')],
    ['cut off', (Key) => overwrite(Key, '{"version":')],
  ];
  for (const [what, damage] of damages)
    test(`${what} by hand is unreadable, and written anew by the full pass`, async () => {
      const { objectKey, version, forwardingKey } = await current();
      await damage(objectKey);
      await assert.rejects(currentSettings(harness.publisher.settings, ownServer, undefined));
      await fullPass(harness.publisher);
      const now = await current();
      assert.notEqual(now.objectKey, objectKey);
      assert.deepEqual([now.version, now.forwardingKey], [version, forwardingKey]);
      assert.equal((await harness.settings())?.server.name, ownServer);
      assert.match(harness.logged.at(-1) ?? '', /^fault Published settings are gone or altered/);
    });

  test('altered by hand is written anew, too: its version is what it says', async () => {
    const pointer = await current();
    const settings = await harness.publisher.settings.read(pointer);
    const open = { ...settings, server: { ...settings.server, allHostsExternal: true } };
    await overwrite(pointer.objectKey, JSON.stringify(open));
    await fullPass(harness.publisher);
    assert.equal((await harness.settings())?.server.allHostsExternal, false);
  });

  test('that is whole is left alone', async () => {
    const pointer = await current();
    const lines = harness.logged.length;
    await fullPass(harness.publisher);
    assert.deepEqual(await current(), pointer);
    assert.deepEqual(harness.logged.slice(lines), []);
  });
});
