/** What outbound work keeps in the spool table beside records, over the embedded DynamoDB. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { awsHops } from '../../aws/hops.ts';
import { awsPolicyStore } from '../../aws/policy-store.ts';
import { sesPointers } from '../../aws/ses-pointers.ts';
import { awsSpool } from '../../aws/spool.ts';
import { hour, later, minute } from '../../mail/spool/keys.ts';
import { rested } from '../../mail/spool/standing.ts';
import { messageRecord, now, outbound } from '../builders/spool.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

const work = { transport: 'smtp', nextHop: 'relay.example:587' } as const;
const clock = (): Date => now;

let services: TestServices;

before(async () => {
  services = await startTestServices();
});
after(() => services.stop());

const table = () => ({ client: services.dynamodb, table: services.spool });

test('a hop is marked as slow, and alone, beside its failures; opening forgets all of it', async () => {
  const hops = awsHops({ ...table(), clock });
  await hops.slow(work, later(now, minute), false);
  assert.deepEqual((await hops.state(work))?.aloneUntil, undefined);
  await hops.close(work, later(now, 2 * minute), '421 busy');
  await hops.slow(work, later(now, 3 * minute), true);
  const state = await hops.state(work);
  assert.deepEqual(
    [state?.slowUntil, state?.aloneUntil, state?.failures, state?.lastReply],
    [later(now, 3 * minute), later(now, 3 * minute), 1, '421 busy'],
  );
  await hops.open(work);
  assert.equal(await hops.state(work), undefined);
});

test('a closed hop is opened for a probe, which knows that it failed; an open one is left alone', async () => {
  const hops = awsHops({ ...table(), clock });
  const closed = { transport: 'smtp', nextHop: 'closed.example' } as const;
  await hops.close(closed, later(now, hour), '421 busy');
  await hops.probe(closed);
  const state = await hops.state(closed);
  assert.deepEqual([state?.closedUntil, state?.failures], [now.toISOString(), 1]);
  await hops.probe(work);
  assert.equal(await hops.state(work), undefined);
});

test('what is due is found behind much that is not', async () => {
  const keepMessage = (): Promise<void> => Promise.resolve();
  const spool = awsSpool({ ...table(), clock, keepMessage, onFault: () => assert.fail() });
  const many = Array.from({ length: 60 }, (_, n) => ({
    message: `wait${n}`,
    dueAt: later(now, hour),
    at: -n,
  }));
  const few = Array.from({ length: 5 }, (_, n) => ({
    message: `due${n}`,
    dueAt: later(now, -minute),
    at: n,
  }));
  await Promise.all(
    [...many, ...few].map(({ message, dueAt, at }) => {
      const one = rested(outbound({ message, state: 'deferred', dueAt }), later(now, at * minute));
      return spool.plan({ message: messageRecord({ message }), deliveries: [one] });
    }),
  );
  const hops = awsHops({ ...table(), clock });
  const found = await hops.due(work, now.toISOString(), 3);
  assert.deepEqual(
    found.map(({ message }) => message),
    ['due0', 'due1', 'due2'],
  );
  assert.equal((await hops.due(work, now.toISOString(), 100)).length, 5);
});

test('a policy and a pointer are found again by name', async () => {
  const store = awsPolicyStore(table());
  const policy = { mode: 'enforce', mx: ['mx.there.example'], maxAge: 60 } as const;
  const kept = { id: 'one', policy, fetchedAt: now.toISOString(), until: later(now, minute) };
  assert.equal(await store.read('there.example'), undefined);
  await store.write('there.example', kept);
  const read = await store.read('there.example');
  assert.deepEqual([read?.id, read?.policy, read?.until], ['one', policy, kept.until]);
  const pointers = sesPointers({ ...table(), clock });
  await pointers.write('ses-1', { message: 'm1', part: 'd#0002' });
  assert.deepEqual(await pointers.read('ses-1'), { message: 'm1', part: 'd#0002' });
  assert.equal(await pointers.read('ses-2'), undefined);
});
