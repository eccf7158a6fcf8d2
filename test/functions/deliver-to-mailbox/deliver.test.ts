/** One delivery into one mail file, over small fakes: what is done with each outcome, and with each fault. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { MailLog } from '../../../aws/mail-log.ts';
import { deliver, type DeliverDoors } from '../../../functions/deliver-to-mailbox/deliver.ts';
import { DirectoryUnavailable, type Directory, type Entry } from '../../../mail/directory/directory.ts';
import type { Deposit } from '../../../mail/mailbox/mailbox.ts';
import { BodyMissing } from '../../../mail/spool/doors.ts';
import type { Delivery, Want } from '../../../mail/spool/records.ts';
import { wished } from '../../../mail/spool/steer.ts';
import { outboundSettings } from '../../builders/outbound.ts';
import { messageRecord, now, sending, envelope } from '../../builders/spool.ts';

interface Scene {
  readonly claimed?: Delivery | undefined;
  readonly configuration?: object;
  readonly trust?: 'untrusted' | 'softfail';
  readonly deposit?: () => 'deposited' | 'over quota';
  readonly lost?: boolean;
  /** Said while the worker was at it. */
  readonly want?: Want;
  readonly recordMissing?: boolean;
  /** What a look-up of a name finds; default: nobody is asked. */
  readonly findName?: Directory['findName'];
}

async function run(scene: Scene = {}) {
  const told: string[] = [];
  const reports: string[] = [];
  const deposits: Deposit[] = [];
  let settled: Delivery | undefined;
  const claimed = 'claimed' in scene ? scene.claimed : sending();
  const log = new Proxy({} as MailLog, { get: (_, name) => () => void told.push(String(name)) });
  const message = messageRecord({ envelope: envelope({ ...(scene.trust && { trust: scene.trust }) }) });
  const doors = {
    settings: { current: () => Promise.resolve(outboundSettings(scene.configuration)) },
    spool: {
      claim: () => Promise.resolve(claimed),
      message: () => Promise.resolve(scene.recordMissing === true ? undefined : message),
      settle(_: Delivery, next: Delivery) {
        settled = wished(next, scene.want, now);
        return Promise.resolve(scene.lost === true ? undefined : settled);
      },
    },
    directory: { findName: scene.findName ?? (() => assert.fail('nobody limits the mail file')) },
    mailbox: {
      async deposit(what: Deposit) {
        deposits.push(what);
        return Promise.resolve(scene.deposit?.() ?? 'deposited');
      },
    },
    queue: { report: ({ message: id }: { message: string }) => Promise.resolve(void reports.push(id)) },
    clock: () => now,
    log,
  } as unknown as DeliverDoors;
  await deliver({ message: 'm1', part: 'd#0001' }, '2026-11-21T12:02:00.000Z', doors);
  return { told, reports, deposits, settled };
}

function full(): 'over quota' {
  return 'over quota';
}

function missing(): never {
  throw new BodyMissing('spool/00/m1');
}

test('deposited: delivered, told once, nobody owed', async () => {
  const { told, reports, settled } = await run();
  assert.deepEqual([settled?.state, told, reports], ['delivered', ['delivered'], []]);
});

test('what is not ours to do is left alone', async () => {
  const { told, deposits, settled } = await run({ claimed: undefined });
  assert.deepEqual([settled, told, deposits], [undefined, [], []]);
});

describe('quota', () => {
  const quotaOf = { form: 'Person', name: 'Alice Example/Acme' } as const;
  const limited = sending({ quotaMB: 1, quotaOf });
  const says = (quotaMB: number, fields: object = {}, form = 'Person') => {
    const document = { name: quotaOf.name, quotaMB, mailFile: 'mail/alice', ...fields };
    return { form, name: document.name, document, keys: [] } as unknown as Entry;
  };
  const asPlanned = () => Promise.resolve([says(1)]);

  test('deliver: no limit is asked for', async () => {
    const { deposits } = await run({ claimed: limited });
    assert.equal(deposits[0]?.limit, undefined);
  });

  test('return: failed, and the sender is told', async () => {
    const configuration = { delivery: { overQuota: 'return' } };
    const { deposits, settled, reports, told } = await run({
      claimed: limited,
      configuration,
      deposit: full,
      findName: asPlanned,
    });
    assert.equal(deposits[0]?.limit, 1024 * 1024);
    assert.equal(settled?.recipients[0]?.failure, 'delivery');
    assert.deepEqual([settled?.state, told, reports], ['failed', ['failed'], ['m1']]);
  });

  test('hold: waits, with the reason, and expires like any other', async () => {
    const configuration = { delivery: { overQuota: 'hold' } };
    const scene = { configuration, deposit: full, findName: asPlanned };
    const { settled, reports } = await run({ ...scene, claimed: limited });
    assert.deepEqual([settled?.state, settled?.reason, reports], ['deferred', 'quota', []]);
    const late = sending({ quotaMB: 1, quotaOf, expireAt: '2026-11-21T11:00:00.000Z' });
    const after = await run({ ...scene, claimed: late });
    assert.deepEqual([after.settled?.state, after.reports], ['failed', ['m1']]);
  });

  test('hold, and an administrator said what is to be done meanwhile: that is told, and reported', async () => {
    const configuration = { delivery: { overQuota: 'hold' } };
    const scene = { configuration, deposit: full, findName: asPlanned, claimed: limited };
    const said = async (want: Want) => {
      const { told, reports } = await run({ ...scene, want });
      return [told, reports];
    };
    assert.deepEqual(await said('delete-report'), [['failed'], ['m1']]);
    assert.deepEqual(await said('delete'), [[], []]);
    assert.deepEqual(await said('hold'), [['held'], []]);
  });

  const megabyte = 1024 * 1024;
  const nowCases: [string, Partial<Delivery>, Entry[], number | undefined][] = [
    ['raised since the plan', {}, [says(2)], 2 * megabyte],
    ['lowered since', {}, [says(0.5)], megabyte / 2],
    ['removed since', {}, [says(0)], undefined],
    ['the name written otherwise', {}, [says(2, { name: 'alice example/ACME' })], 2 * megabyte],
    ['the document is gone', {}, [], megabyte],
    ['it has another mail file now: this one is as it was', {}, [says(2, { mailFile: 'mail/a' })], megabyte],
    ['a database of the same name', {}, [says(9, {}, 'MailInDatabase'), says(2)], 2 * megabyte],
    ['others who answer to the name', {}, [says(9, { name: 'Alice Example/Other' }), says(2)], 2 * megabyte],
    ['planned by a version that did not say whose quota it is', { quotaOf: undefined }, [says(9)], megabyte],
  ];
  for (const [what, change, found, limit] of nowCases)
    test(`the limit that holds: ${what}`, async () => {
      const { quotaOf: owner, ...planned } = { ...limited, ...change };
      const { deposits } = await run({
        claimed: owner === undefined ? planned : { ...planned, quotaOf: owner },
        configuration: { delivery: { overQuota: 'hold' } },
        findName: () => Promise.resolve(found),
      });
      assert.equal(deposits[0]?.limit, limit);
    });

  test('a directory that cannot be read: nothing is deposited, the delivery steps back', async () => {
    const { deposits, settled } = await run({
      claimed: limited,
      configuration: { delivery: { overQuota: 'return' } },
      findName: () => Promise.reject(new DirectoryUnavailable('down')),
    });
    assert.deepEqual([deposits, settled?.state, settled?.reason], [[], 'deferred', 'fault']);
  });
});

describe('folder', () => {
  const cases: [string, Scene['trust'], object, string][] = [
    ['trusted mail', undefined, { junkUntrusted: true }, 'Inbox'],
    ['untrusted mail', 'untrusted', { junkUntrusted: true }, 'Junk'],
    ['untrusted mail, junk off', 'untrusted', { junkUntrusted: false }, 'Inbox'],
    ['softfail, not asked for', 'softfail', { junkUntrusted: true, junkSoftfail: false }, 'Inbox'],
    ['softfail', 'softfail', { junkUntrusted: true, junkSoftfail: true }, 'Junk'],
    ['an exception', 'untrusted', { junkUntrusted: true, junkExceptions: ['elsewhere.example'] }, 'Inbox'],
  ];
  for (const [what, trust, delivery, folder] of cases)
    test(`${what}: ${folder}`, async () => {
      const { deposits } = await run({ ...(trust && { trust }), configuration: { delivery } });
      assert.equal(deposits[0]?.row.folder, folder);
    });
});

describe('faults', () => {
  test('a missing body is an alarm and a report, never a success', async () => {
    const { settled, told, reports } = await run({ deposit: missing });
    assert.deepEqual([settled?.state, told, reports], ['failed', ['fault', 'failed'], ['m1']]);
  });

  test('a lost lease: nothing is told, nothing reported', async () => {
    const { told, reports } = await run({ lost: true, deposit: missing });
    assert.deepEqual([told, reports], [['fault'], []]);
  });

  for (const [what, scene] of [
    ['the mailbox breaks', { deposit: () => assert.fail('broken') }],
    ['record m is missing', { recordMissing: true }],
  ] as [string, Scene][])
    test(`${what}: steps back, claims go on counting`, async () => {
      const { settled, told, reports } = await run({ ...scene, claimed: sending({ claims: 2 }) });
      assert.deepEqual([settled?.state, settled?.claims, settled?.lease], ['deferred', 2, undefined]);
      assert.equal(settled?.dueAt, '2026-11-21T12:02:00.000Z');
      assert.deepEqual([told, reports], [['fault', 'deferred'], []]);
    });
});
