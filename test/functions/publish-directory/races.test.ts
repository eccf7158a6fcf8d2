/** Two publishers at once, each a step behind the other: what one did not see the other, or the full pass, sees. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fullPass } from '../../../functions/publish-directory/full-pass.ts';
import { publish, type Publisher } from '../../../functions/publish-directory/publish.ts';
import { configuration, person, server, startHarness, type Harness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

/** A publisher to whom something happens just before its first call of this kind. */
function overtaken(call: 'publish' | 'reject', happens: () => Promise<void>): Publisher {
  const { publisher } = harness;
  let yet = false;
  const first = async (): Promise<void> => {
    if (yet) return;
    yet = true;
    await happens();
  };
  const views: Publisher['views'] = {
    ...publisher.views,
    async publish(change) {
      if (call === 'publish') await first();
      return publisher.views.publish(change);
    },
    async reject(was, next) {
      if (call === 'reject') await first();
      return publisher.views.reject(was, next);
    },
  };
  return { ...publisher, views };
}

describe('what comes between judging a document and writing down that it waits', () => {
  test('an address that is let go', async () => {
    const owner = person('Jane Doe/Acme', { internetAddress: 'jane@acme.example' });
    const heir = person('Joe Doe/Acme', { internetAddress: 'jane@acme.example' });
    await harness.write(owner);
    await harness.put(heir);
    await publish(
      overtaken('reject', () => harness.end('Person', owner.name)),
      [heir],
    );
    assert.deepEqual(await harness.problems('Person', heir.name), []);
    assert.equal((await harness.directory.findAddress('jane@acme.example'))[0]?.name, heir.name);
  });

  test('a group that a list names', async () => {
    const naming = { ...configuration, inboundRelay: { allowHosts: ['Partners'] } };
    const partners = { form: 'Group', name: 'Partners', members: ['[10.0.0.1]'] };
    await harness.write(server);
    await harness.put(naming);
    await publish(
      overtaken('reject', () => harness.write(partners)),
      [naming],
    );
    assert.deepEqual(await harness.problems('Configuration', '*'), []);
    assert.deepEqual(Object.keys((await harness.settings())?.groups ?? {}), ['partners']);
  });
});

test('a Configuration published while its group goes has its problem by the next full pass', async () => {
  const naming = { ...configuration, inboundRelay: { allowHosts: ['Fleeting'] } };
  const fleeting = { form: 'Group', name: 'Fleeting', members: ['[10.0.0.2]'] };
  await harness.write(configuration, fleeting);
  await harness.put(naming);
  await publish(
    overtaken('publish', () => harness.end('Group', 'Fleeting')),
    [naming],
  );
  await fullPass(harness.publisher);
  assert.match(
    (await harness.problems('Configuration', '*'))[0] ?? '',
    /^inboundRelay\.allowHosts\[0\]: no group is named "Fleeting"/,
  );
  await harness.write(fleeting);
  assert.deepEqual(await harness.problems('Configuration', '*'), []);
});

test('an item that changes while it is judged is judged as it stands, and a deleted one stays deleted', async () => {
  const first = person('Ann/Acme', { internetAddress: 'first@acme.example' });
  const second = { ...first, internetAddress: 'second@acme.example' };
  await harness.put(first);
  await publish(
    overtaken('publish', () => harness.put(second)),
    [first],
  );
  assert.equal((await harness.directory.findAddress('second@acme.example')).length, 1);
  assert.deepEqual(await harness.directory.findAddress('first@acme.example'), []);
  await harness.put(first);
  await publish(
    overtaken('publish', () => harness.remove('Person', first.name)),
    [first],
  );
  assert.equal(await harness.item('Person', first.name), undefined);
  assert.deepEqual(await harness.directory.findAddress('first@acme.example'), []);
});
