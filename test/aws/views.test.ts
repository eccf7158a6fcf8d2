/** Table `views` over the embedded DynamoDB: conditions, large documents, the pointer to the settings. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { foldName } from '../../mail/document/names.ts';
import { viewsOf } from '../../mail/directory/document-views.ts';
import { validate } from '../../mail/document/validate.ts';
import type { Kept, Rejected } from '../../mail/directory/kept.ts';
import type { Change } from '../../aws/publish-kept.ts';
import { awsViews } from '../../aws/views.ts';
import { person, startHarness, type Document, type Harness } from '../functions/publish-directory/harness.ts';
import { settingsOf } from '../mail/policy/world.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

function change(fields: Document, kept: Kept | undefined): Change {
  const { document } = validate('Person', fields);
  assert.ok(document !== undefined);
  const name = foldName(fields.name);
  const views = viewsOf('Person', name, document);
  const next = {
    source: fields.name,
    document,
    hash: 'h',
    publishedAt: '2026-01-01T00:00:00.000Z',
    warnings: [],
    views,
  };
  return { form: 'Person', name, kept, next };
}

async function keptOf(name: string): Promise<Kept | undefined> {
  return [...(await harness.publisher.views.kept([{ form: 'Person', name: foldName(name) }])).values()][0];
}

describe('kept versions', () => {
  test('are written by one of many who read the same one', async () => {
    const changes = Array.from({ length: 8 }, (_, index) =>
      change(person('Race/Acme', { lastName: `n${index}` }), undefined),
    );
    const outcomes = await Promise.all(changes.map((one) => harness.publisher.views.publish(one)));
    assert.deepEqual(outcomes.map(({ outcome }) => outcome).sort(), [
      'done',
      ...Array.from({ length: 7 }, () => 'lost'),
    ]);
  });

  test('give an address to one of many who ask for it, and say who has it', async () => {
    const changes = Array.from({ length: 8 }, (_, index) =>
      change(person(`P${index}/Acme`, { internetAddress: 'one@acme.example' }), undefined),
    );
    const outcomes = await Promise.all(changes.map((one) => harness.publisher.views.publish(one)));
    assert.equal(outcomes.filter(({ outcome }) => outcome === 'done').length, 1);
    const [winner] = await harness.directory.findAddress('one@acme.example');
    for (const outcome of outcomes)
      if (outcome.outcome === 'owned')
        assert.deepEqual(outcome.owner, { form: 'Person', name: winner?.name });
    assert.equal(
      outcomes.some(({ outcome }) => outcome === 'lost'),
      false,
    );
  });

  test('with nothing of the loser left behind', async () => {
    const all = await harness.publisher.views.kept(
      Array.from({ length: 8 }, (_, index) => ({ form: 'Person', name: `p${index}/acme` })),
    );
    assert.equal(all.size, 1);
  });

  test('hold a document of 399 KB, and so does its group look-up', async () => {
    const members = Array.from({ length: 15_900 }, (_, index) => `member${10_000 + index}@acme.example`);
    await harness.write({ form: 'Group', name: 'Large', members });
    assert.deepEqual(await harness.problems('Group', 'Large'), []);
    assert.equal((await harness.directory.group('LARGE'))?.members.length, 15_900);
    const [entry] = await harness.directory.findName('large');
    assert.equal('members' in (entry?.document ?? {}), false, 'look-ups leave the members out');
  });

  test('of a document with many names that was half written are finished by the next run', async () => {
    const aliases = person('Half/Acme', {
      userNames: Array.from({ length: 200 }, (_, index) => `half ${index}`),
    });
    const whole = change(aliases, undefined);
    const partial = { ...whole, next: { ...whole.next!, views: whole.next!.views.slice(0, 50) } };
    await harness.publisher.views.publish(partial);
    const kept = await keptOf('Half/Acme');
    await harness.publisher.views.publish({ ...whole, kept });
    assert.equal(Object.keys((await keptOf('Half/Acme'))?.standing ?? {}).length, whole.next?.views.length);
  });
});

test('names that no document can have are looked for nowhere: DynamoDB would refuse to look', async () => {
  const name = 'ü'.repeat(600);
  const refusing = awsViews({ client: { send: () => assert.fail('asked') } as never, table: 'none' });
  assert.deepEqual(await refusing.kept([{ form: 'Group', name }]), new Map());
});

test('whoever waits is found by what they wait for, until they wait no more', async () => {
  const { views } = harness.publisher;
  const ids = ['address#a@acme.example', 'address#b@acme.example', 'Person#nobody'];
  const waiter = (name: string, waitsFor: string[]): Rejected => ({
    form: 'Person',
    source: name,
    state: 'invalid',
    hash: 'h',
    problems: ['taken'],
    waitsFor,
  });
  const one = waiter('One/Acme', [ids[0]!]);
  const two = waiter('Two/Acme', [ids[0]!, ids[1]!]);
  await Promise.all([views.reject(undefined, one), views.reject(undefined, two)]);
  const names = async () => (await views.waiting(ids)).map(({ name }) => name).sort();
  assert.deepEqual(await names(), ['One/Acme', 'Two/Acme', 'Two/Acme']);
  await views.reject(one, undefined);
  await views.reject(two, waiter('Two/Acme', [ids[1]!]));
  assert.deepEqual(await names(), ['Two/Acme']);
});

describe('the pointer to the settings', () => {
  test('moves only from the one that was seen', async () => {
    const { settings } = harness.publisher;
    const one = settingsOf({});
    const two = { ...one, version: 'two' };
    assert.equal(await settings.write(one, undefined, 't1'), true);
    assert.equal(await settings.write(two, undefined, 't2'), false, 'there is one by now');
    const seen = await settings.pointer('CN=Mail1/O=ACME');
    assert.equal(await settings.write(two, seen, 't2'), true);
    assert.equal(await settings.write(one, seen, 't3'), false, 'an old set never comes back');
    assert.equal(await settings.remove(seen!), false);
    const now = await settings.pointer('Mail1/Acme');
    assert.equal((await settings.read(now!)).version, 'two');
    assert.equal(await settings.remove(now!), true);
    assert.equal(await settings.pointer('Mail1/Acme'), undefined);
  });
});

/** What no compression makes small: several of these fill a page of a query. */
const large = (): string[] =>
  Array.from({ length: 5_000 }, () => `${randomBytes(12).toString('hex')}@x.example`);

describe('look-ups', () => {
  test('of texts longer than any name ask nobody', async () => {
    assert.deepEqual(await harness.directory.findName('x'.repeat(3_000)), []);
    assert.deepEqual(await harness.directory.findName(''), []);
    assert.equal(await harness.directory.group('x'.repeat(3_000)), undefined);
    assert.equal(await harness.directory.group(''), undefined);
  });

  test('find everybody of a name, over several pages', async () => {
    const people = Array.from({ length: 16 }, (_, index) =>
      person(`Page ${index}/Acme`, { lastName: 'Page', sendAs: large() }),
    );
    await harness.write(...people);
    assert.equal((await harness.directory.findName('page')).length, 16);
  });
});
