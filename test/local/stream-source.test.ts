/** The stream's event source, over a stream in memory. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import test from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { StreamSource, type StreamSourceOptions } from '../../local/stream-source.ts';
import type { StreamRecord } from '../../local/services/stream-client.ts';

const record = (number: number): StreamRecord => ({
  eventID: randomUUID(),
  eventName: 'MODIFY',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  dynamodb: {
    ApproximateCreationDateTime: 0,
    Keys: { form: { S: 'Person' }, name: { S: String(number) } },
    SequenceNumber: String(number),
    SizeBytes: 1,
    StreamViewType: 'KEYS_ONLY',
  },
});

interface World {
  readonly records: StreamRecord[];
  place: string | undefined;
  /** Sequence numbers of each batch that the function saw. */
  readonly batches: number[][];
  readonly passedOver: number[];
}

const numbers = (records: readonly StreamRecord[]): number[] =>
  records.map(({ dynamodb }) => Number(dynamodb.SequenceNumber));

/** Runs until `until` holds after a batch, or the records are all done with. */
async function run(
  world: World,
  handler: (batch: number[], world: World) => unknown,
  mapping: Partial<StreamSourceOptions['mapping']> = {},
  until: (world: World) => boolean = ({ place }) => place === world.records.at(-1)?.dynamodb.SequenceNumber,
): Promise<World> {
  const finished = Promise.withResolvers<void>();
  const check = (): void => {
    if (until(world)) finished.resolve();
  };
  const source = new StreamSource({
    open: async () => ({
      arn: 'arn:stream',
      after: async (place) => {
        await pause(1);
        return world.records.filter(({ dynamodb }) => Number(dynamodb.SequenceNumber) > Number(place ?? 0));
      },
    }),
    places: {
      of: () => world.place,
      keep(_, number) {
        world.place = number;
        check();
      },
    },
    mapping: { batchSize: 100, bisect: true, retries: 2, reportBatchItemFailures: true, ...mapping },
    async invoke(event) {
      const batch = numbers((event as { Records: StreamRecord[] }).Records);
      world.batches.push(batch);
      check();
      return handler(batch, world);
    },
    giveUp: async (records) => void world.passedOver.push(...numbers(records)),
    onFault: () => undefined,
    firstRetryMs: 1,
  });
  await finished.promise;
  await source.stop();
  return world;
}

const worldOf = (count: number, place?: string): World => ({
  records: Array.from({ length: count }, (_, n) => record(n + 1)),
  place,
  batches: [],
  passedOver: [],
});
const failing = (...ids: number[]) => ({
  batchItemFailures: ids.map((id) => ({ itemIdentifier: String(id) })),
});

test('records come in order, in batches of the mapping', async () => {
  const { batches } = await run(worldOf(5), () => undefined, { batchSize: 2 });
  assert.deepEqual(batches, [[1, 2], [3, 4], [5]]);
});

test('a later start reads on after the kept place', async () => {
  const { batches } = await run(worldOf(3, '2'), () => undefined);
  assert.deepEqual(batches, [[3]]);
});

test('what a stopped run had not finished is read again', async () => {
  const world = worldOf(3);
  await run(
    world,
    () => Promise.reject(new Error('no')),
    { bisect: false, retries: -1 },
    ({ batches }) => batches.length > 1,
  );
  assert.equal(world.place, undefined);
  world.batches.length = 0;
  await run(world, () => undefined);
  assert.deepEqual(world.batches, [[1, 2, 3]]);
});

test('a partial failure is read again from the first record that failed', async () => {
  const { batches } = await run(worldOf(4), (_, { batches }) =>
    batches.length === 1 ? failing(3, 4) : undefined,
  );
  assert.deepEqual(batches, [
    [1, 2, 3, 4],
    [3, 4],
  ]);
});

test('a batch that throws is halved until the poison stands alone, which is passed over after its tries', async () => {
  const { batches, passedOver, place } = await run(worldOf(4), (batch) => {
    if (batch.includes(3)) throw new Error('poison');
  });
  assert.deepEqual(batches, [[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [3], [4]]);
  assert.deepEqual(passedOver, [3]);
  assert.equal(place, '4');
});

test('without halving the whole batch is tried and passed over', async () => {
  const { batches, passedOver } = await run(worldOf(2), () => Promise.reject(new Error('no')), {
    bisect: false,
  });
  assert.equal(batches.length, 3);
  assert.deepEqual(passedOver, [1, 2]);
});

test('a record that recovers within its tries is not passed over', async () => {
  const { passedOver } = await run(worldOf(1), (_, { batches }) =>
    batches.length < 3 ? failing(1) : undefined,
  );
  assert.deepEqual(passedOver, []);
});
