import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { stsPolicies, type StsDoors } from '../../../functions/relay-outbound/sts-policies.ts';
import { DnsUnavailable, type KeptPolicy } from '../../../mail/relay/doors.ts';
import { hour, later } from '../../../mail/spool/keys.ts';

const start = new Date('2026-11-21T12:00:00.000Z');
const enforce = 'version: STSv1\nmode: enforce\nmx: mx1.there.example\nmax_age: 604800\n';

let now: Date;
let txt: string[][] | Error;
let text: string | Error;
let fetched: number;
let problems: string[];
let store: Map<string, KeptPolicy>;

beforeEach(() => {
  now = start;
  txt = [['v=STSv1; id=one;']];
  text = enforce;
  fetched = 0;
  problems = [];
  store = new Map();
});

test('fetched once, then kept while the id is the same', async () => {
  const { mode } = await policies();
  assert.equal(mode(await ask()), 'enforce');
  await ask();
  assert.equal(fetched, 1);
  txt = [['v=STSv1; id=two;']];
  text = enforce.replace('enforce', 'testing');
  assert.equal(mode(await ask()), 'testing');
  assert.equal(fetched, 2);
});

test('a new worker knows what an earlier one was promised', async () => {
  await policies();
  await ask();
  text = new Error('no connection');
  txt = [];
  const { mode } = await policies();
  assert.equal(mode(await ask()), 'enforce');
});

const losses: readonly [lose: () => void, why: string][] = [
  [() => (txt = []), 'the record is gone'],
  [() => (txt = new DnsUnavailable('no DNS')), 'DNS is silent'],
  [() => ((txt = [['v=STSv1; id=two;']]), (text = new Error('no connection'))), 'the host is silent'],
  [() => ((txt = [['v=STSv1; id=two;']]), (text = 'nonsense')), 'the new policy is nonsense'],
];
for (const [lose, why] of losses)
  test(`what was promised stays in force, and ends with its time: ${why}`, async () => {
    const { mode } = await policies();
    await ask();
    lose();
    assert.equal(mode(await ask()), 'enforce');
    now = new Date(later(start, 169 * hour));
    assert.equal(await ask(), undefined);
  });

test('a policy that cannot be had is told of, once in five minutes, and mail goes on', async () => {
  await policies();
  text = new Error('no connection');
  assert.equal(await ask(), undefined);
  assert.equal(await ask(), undefined);
  assert.equal(fetched, 1);
  assert.match(problems.join(), /no connection/);
});

test('it is looked at again once a day', async () => {
  await policies();
  await ask();
  now = new Date(later(start, 25 * hour));
  await ask();
  assert.equal(fetched, 2);
});

test('a host at a private address is not asked', async () => {
  await policies();
  assert.equal(await ask(() => false), undefined);
  assert.equal(fetched, 0);
  assert.match(problems.join(), /no address that may be reached/);
});

test('a store that cannot be read keeps the mail waiting', async () => {
  await policies({ read: () => Promise.reject(new Error('throttled')) });
  await assert.rejects(ask(), /throttled/);
});

let ask: (mayReach?: () => boolean) => ReturnType<ReturnType<typeof stsPolicies>>;

function policies(change: Partial<StsDoors['store']> = {}) {
  const doors: StsDoors = {
    resolver: {
      txt: () => (txt instanceof Error ? Promise.reject(txt) : Promise.resolve(txt)),
      addresses: () => Promise.resolve(['192.0.2.1']),
    },
    host: {
      read: () => {
        fetched += 1;
        return text instanceof Error ? Promise.reject(text) : Promise.resolve(text);
      },
    },
    store: {
      read: (domain) => Promise.resolve(store.get(domain)),
      write: (domain, kept) => Promise.resolve(void store.set(domain, kept)),
      ...change,
    },
    clock: () => now,
    onProblem: (_domain, { message }) => void problems.push(message),
    onFault: (what) => void problems.push(what),
  };
  const find = stsPolicies(doors);
  ask = (mayReach = () => true) => find('there.example', mayReach);
  return Promise.resolve({ mode: (policy: { mode: string } | undefined) => policy?.mode });
}
