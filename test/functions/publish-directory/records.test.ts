import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { publishRecords, type StreamRecord } from '../../../functions/publish-directory/records.ts';
import type { Publisher } from '../../../functions/publish-directory/publish.ts';
import { configuration, person, server, startHarness, type Document, type Harness } from './harness.ts';

let harness: Harness;
before(async () => {
  harness = await startHarness();
});
after(() => harness.stop());

function record({ form, name }: Document, SequenceNumber: string): StreamRecord {
  return { dynamodb: { Keys: { form: { S: form }, name: { S: name } }, SequenceNumber } };
}

/** A publisher that cannot write this document. */
function failing(name: string): Publisher {
  const { views } = harness.publisher;
  const publish: typeof views.publish = (change) =>
    change.name === name ? Promise.reject(new Error('throttled')) : views.publish(change);
  return { ...harness.publisher, views: { ...views, publish } };
}

const good = person('Good/Acme', { internetAddress: 'good@acme.example' });
const bad = person('Bad/Acme');

test('a batch in any order, with repetitions, publishes all its documents', async () => {
  const documents = [configuration, server, good, server, good];
  await harness.put(configuration, server, good);
  const answer = await publishRecords(
    harness.publisher,
    documents.map((one, index) => record(one, String(index))),
  );
  assert.deepEqual(answer, { batchItemFailures: [] });
  assert.ok(await harness.settings());
});

test('a document that cannot be written fails its own records, and the others are published', async () => {
  await harness.put(bad, { ...good, lastName: 'Better' });
  const answer = await publishRecords(failing('bad/acme'), [
    record(bad, '7'),
    record(good, '8'),
    record(bad, '9'),
  ]);
  assert.deepEqual(answer, { batchItemFailures: [{ itemIdentifier: '7' }, { itemIdentifier: '9' }] });
  assert.equal((await harness.directory.findName('Better')).length, 1);
  assert.equal((await harness.item('Person', bad.name))?.marks.publishedAt, undefined);
});

test('a batch whose settings cannot be written fails whole, and is done by the next try', async () => {
  const { settings } = harness.publisher;
  const broken = {
    ...harness.publisher,
    settings: { ...settings, write: () => Promise.reject(new Error('S3 is away')) },
  };
  await harness.put({ ...server, greeting: 'Hello' });
  await assert.rejects(publishRecords(broken, [record(server, '1')]), /S3 is away/);
  assert.equal((await harness.settings())?.server.greeting, '');
  assert.equal(
    (await harness.item('Server', server.name))?.marks.publishedAt,
    undefined,
    'it is not in force yet',
  );
  await publishRecords(harness.publisher, [record(server, '1')]);
  assert.equal((await harness.settings())?.server.greeting, 'Hello');
  assert.ok((await harness.item('Server', server.name))?.marks.publishedAt);
});

test('a record without keys is passed over', async () => {
  assert.deepEqual(await publishRecords(harness.publisher, [{}]), { batchItemFailures: [] });
});
