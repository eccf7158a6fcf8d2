/** What lies under kept/: let go when nothing needs it, and tried again by itself once that is switched on. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { awsObjects } from '../../../aws/objects.ts';
import { keptMessages, keptPass } from '../../../aws/kept-messages.ts';
import { awsSpool, putVersion } from '../../../aws/spool.ts';
import { tidyKept, type KeptDoors } from '../../../functions/retry-deferred/kept.ts';
import { DirectoryUnavailable } from '../../../mail/directory/directory.ts';
import { bodyKeyOf, hour, keptKeyOf, later, restOf } from '../../../mail/spool/keys.ts';
import { dying, isDueDead } from '../../../mail/spool/dead.ts';
import { isNeeded } from '../../../mail/spool/kept.ts';
import type { Delivery, Recipient, ReportRecord } from '../../../mail/spool/records.ts';
import { configuration, delivery, messageRecord, now, waiting } from '../../builders/spool.ts';
import { startTestServices, type TestServices } from '../../builders/services.ts';
import { outboundSettings } from '../../builders/outbound.ts';

const failed: Partial<Recipient> = { outcome: 'failed' };
const held: Partial<Delivery> = { state: 'held', wake: restOf('m1') };
const ended: Partial<Delivery> = {
  state: 'delivered',
  recipients: [waiting('a@acme.example', { outcome: 'delivered' })],
};
const owing: Partial<Delivery> = {
  state: 'failed',
  recipients: [waiting('a@acme.example', { ...failed, owes: 'failed' })],
};
const unspooled = { part: 'r#01', wake: 'w#00' } as ReportRecord;

describe('a copy is needed', () => {
  const old = new Date(later(now, -2 * hour));
  for (const [why, needed, change] of [
    ['while something is held', true, { deliveries: [delivery(ended), delivery(held)] }],
    ['while something is dead', true, { deliveries: [delivery({ state: 'dead' })] }],
    ['while something waits to be routed', true, { deliveries: [delivery({ transport: 'route' })] }],
    ['while somebody still waits for it', true, { deliveries: [delivery({ state: 'deferred' })] }],
    ['until the sender is told', true, { deliveries: [delivery(owing)] }],
    ['until the report is spooled', true, { deliveries: [delivery(ended)], reports: [unspooled] }],
    ['until the plan is written', true, { message: messageRecord({ phase: 'planned' }) }],
    ['in the hour in which it was made', true, { since: new Date(later(now, -1000)) }],
    ['while the message may lie in its queue', true, { message: undefined, deliveries: [] }],
    ['no more once all has ended', false, {}],
    ['no more where nobody knows the message', false, { message: undefined, since: new Date(0) }],
  ] as const)
    test(`${why}: ${needed ? 'yes' : 'no'}`, () => {
      const given = {
        message: messageRecord(),
        deliveries: [delivery(ended)],
        reports: [],
        since: old,
        ...change,
      };
      assert.equal(isNeeded(given, given.since, now), needed);
    });
});

describe('over S3 and DynamoDB', () => {
  let services: TestServices;
  const on = outboundSettings({ undeliverable: { processDeadMail: true } });
  let settings = outboundSettings();
  let time = new Date();

  before(async () => {
    services = await startTestServices();
  });
  after(() => services.stop());

  function doors(): KeptDoors {
    const { dynamodb, s3, bucket, spool } = services;
    const table = { client: dynamodb, table: spool };
    const clock = (): Date => time;
    return {
      kept: keptMessages({ dynamodb, table: spool, s3, bucket }),
      pass: keptPass({ dynamodb, table: spool }),
      spool: awsSpool({ ...table, clock, keepMessage: () => Promise.resolve(), onFault: () => undefined }),
      settings: { current: () => Promise.resolve(settings) },
      put: (next, version) => putVersion(table, next, version),
      clock,
      onFault: (cause) => assert.fail(cause as Error),
      remainingMilliseconds: () => 55_000,
    };
  }

  async function kept(id: string, change: Partial<Delivery>): Promise<void> {
    const { dynamodb, spool: table, s3, bucket } = services;
    const options = { client: dynamodb, table, clock: () => time, onFault: () => undefined };
    const spool = awsSpool({ ...options, keepMessage: () => Promise.resolve() });
    const plan = {
      message: messageRecord({ message: id }),
      deliveries: [delivery({ message: id, ...change })],
    };
    await spool.plan(plan);
    await awsObjects({ client: s3, bucket }).putJson(keptKeyOf(id), {});
    await keptMessages({ dynamodb, table, s3, bucket }).keep(id);
  }

  const left = async (): Promise<string[]> => (await doors().kept.list('', 1000)).map(({ id }) => id);
  const dead = (id: string) =>
    dying(delivery({ message: id, from: '', recipients: [waiting('a@acme.example', failed)] }), {
      now: time,
      configuration: configuration(),
    });

  test('what nothing needs goes, and its record m in 30 days; the rest stays', async () => {
    for (let n = 0; n < 120; n++) await kept(`e${n}`, ended);
    await kept('h1', { state: 'held', wake: restOf('h1') });
    time = new Date(Date.now() + 2 * hour);
    await tidyKept(doors());
    assert.ok((await left()).length > 1, 'so much in one run');
    await tidyKept(doors());
    assert.deepEqual(await left(), ['h1']);
    assert.ok((await doors().spool.message('e119'))?.expiresAt);
    assert.equal((await doors().spool.message('h1'))?.expiresAt, undefined);
  });

  test('dead mail of before is woken when processDeadMail is switched on, for its rounds from now', async () => {
    await kept('d1', { ...dead('d1'), acceptedAt: later(time, -40 * 24 * hour) });
    await tidyKept(doors());
    const [resting] = await doors().spool.deliveries('d1');
    assert.equal(resting?.wake, restOf('d1'));
    settings = { ...on, version: 'another' };
    await tidyKept(doors());
    const [woken] = await doors().spool.deliveries('d1');
    assert.ok(woken && isDueDead(woken, time));
    const after = dying({ ...woken, rounds: 1 }, { now: time, configuration: settings.configuration });
    assert.equal(after.state, 'dead', 'old as it is, it has its rounds');
  });

  test('what comes to rest while its copy is being removed is kept again', async () => {
    await kept('r1', ended);
    time = new Date(time.getTime() + 2 * hour);
    const again: string[] = [];
    const given = doors();
    await tidyKept({
      ...given,
      kept: {
        ...given.kept,
        remove: async (id) => {
          const [one] = await given.spool.deliveries(id);
          await given.put({ ...one!, state: 'held', version: 2 }, one!.version);
          await given.kept.remove(id);
        },
        keep: (id) => Promise.resolve(void again.push(id)),
      },
    });
    assert.deepEqual(again, ['r1']);
  });

  test('what is kept while its copy is being removed, to be written as held a moment later, is kept again', async () => {
    await kept('r2', ended);
    const { dynamodb, spool, s3, bucket } = services;
    await awsObjects({ client: s3, bucket }).putJson(bodyKeyOf('r2'), {});
    const other = keptMessages({ dynamodb, table: spool, s3, bucket });
    time = new Date(time.getTime() + 2 * hour);
    const given = doors();
    const remove = async (id: string): Promise<void> => {
      if (id === 'r2') await other.keep(id);
      await given.kept.remove(id);
    };
    await tidyKept({ ...given, kept: { ...given.kept, remove } });
    assert.ok((await left()).includes('r2'));
    assert.equal((await given.spool.message('r2'))?.expiresAt, undefined);
  });

  test('a copy that fails holds no other up', async () => {
    for (const id of ['f1', 'f2', 'f3']) await kept(id, ended);
    time = new Date(time.getTime() + 2 * hour);
    const told: string[] = [];
    const given = doors();
    const message = (id: string) =>
      id === 'f2' ? Promise.reject(new Error('unreadable')) : given.spool.message(id);
    await tidyKept({
      ...given,
      spool: { ...given.spool, message },
      onFault: (_, id) => told.push(id),
    });
    assert.deepEqual(told, ['f2']);
    assert.deepEqual(
      (await left()).filter((id) => id.startsWith('f')),
      ['f2'],
    );
  });

  test('before any settings are published nothing is looked at, and nothing fails', async () => {
    const given = doors();
    const read = () => Promise.reject(new Error('not yet'));
    const current = () => Promise.reject(new DirectoryUnavailable('none'));
    await tidyKept({ ...given, settings: { current }, pass: { ...given.pass, read } });
  });

  test('between passes nothing is listed', async () => {
    const given = doors();
    const list = () => Promise.reject(new Error('not yet'));
    await tidyKept({ ...given, kept: { ...given.kept, list } });
  });
});
