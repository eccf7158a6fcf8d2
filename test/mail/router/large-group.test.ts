/** Ten thousand members in nested groups, in circles and overlapping: each gets one copy, each look-up is made once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cachedDirectory } from '../../../mail/directory/cached-directory.ts';
import type { Directory, Entry } from '../../../mail/directory/directory.ts';
import { forms } from '../../../mail/document/forms.ts';
import { foldName } from '../../../mail/document/names.ts';
import { limit } from '../../../mail/router/limited.ts';
import { routeMessage } from '../../../mail/router/route-message.ts';
import { routerWorld } from './world.ts';

const size = 10_000;
const groups = 40;

function largeDirectory(): { directory: Directory; busiest: () => number; asked: () => number } {
  const entries = new Map<string, Entry>();
  const members = new Map<string, string[]>();
  const document = { ...forms.Person.parse({}) };
  for (let n = 0; n < size; n += 1) {
    const name = `Person ${n}/Acme`;
    const person = { ...document, name, internetAddress: `p${n}@acme.example` };
    entries.set(foldName(name), { form: 'Person', name, document: person, keys: ['full-name'] });
  }
  for (let g = 0; g < groups; g += 1) {
    const name = `G${g}`;
    const own = Array.from({ length: size / groups }, (_, n) => `Person ${g * (size / groups) + n}/Acme`);
    const others = Array.from({ length: 50 }, (_, n) => `Person ${(g * 97 + n * 31) % size}/Acme`);
    const outside = Array.from({ length: 50 }, (_, n) => `x${(g + n) % 60}@there.example`);
    members.set(name, [...own, ...others, ...outside, `G${(g + 1) % groups}`, `G${(g * 7) % groups}`, name]);
    const group = { ...forms.Group.parse({}), name };
    entries.set(foldName(name), { form: 'Group', name, document: group, keys: ['full-name'] });
  }
  let [running, busiest, asked] = [0, 0, 0];
  const ask = async <T>(answer: T): Promise<T> => {
    busiest = Math.max(busiest, (running += 1));
    asked += 1;
    await new Promise(setImmediate);
    running -= 1;
    return answer;
  };
  const find = (name: string) => [entries.get(foldName(name))].flatMap((entry) => (entry ? [entry] : []));
  const directory: Directory = {
    findAddress: () => ask([]),
    findName: (name) => ask(find(name)),
    group: (name) => ask({ ...forms.Group.parse({ members: members.get(name) }), name }),
  };
  return { directory, busiest: () => busiest, asked: () => asked };
}

test('each member has one copy', async () => {
  const large = largeDirectory();
  const directory = cachedDirectory(large.directory, { seconds: 5, now: () => 0 });
  const given = routerWorld({
    configuration: { routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example' } },
    envelope: { recipients: [{ address: 'G0@acme.example' }] },
  });
  const { deliveries } = await routeMessage({ ...given, directory });
  const files = deliveries.flatMap(({ mailFile }) => (mailFile === undefined ? [] : [mailFile]));
  assert.equal(files.length, size);
  assert.equal(new Set(files).size, size);
  const outside = deliveries.filter(({ transport }) => transport === 'smtp');
  const addresses = outside.flatMap(({ recipients }) => recipients.map(({ address }) => address));
  assert.equal(addresses.length, 60);
  assert.equal(new Set(addresses).size, 60);
  assert.ok(outside.every(({ recipients }) => recipients.length <= 100));
  // Each person and group by name, each group's members, and the group's own address.
  assert.ok(large.asked() <= size + 2 * groups + 3);
  assert.ok(large.busiest() <= 200);
});

test('a limit lets everybody through, in order, after failures, too', async () => {
  const run = limit(2);
  const done: number[] = [];
  let running = 0;
  const work = async (n: number): Promise<void> => {
    assert.ok((running += 1) <= 2);
    await new Promise(setImmediate);
    running -= 1;
    done.push(n);
    if (n % 3 === 0) throw new Error('broken');
  };
  const results = await Promise.allSettled(Array.from({ length: 20 }, (_, n) => run(() => work(n))));
  assert.deepEqual(
    done,
    Array.from({ length: 20 }, (_, n) => n),
  );
  assert.equal(results.filter(({ status }) => status === 'rejected').length, 7);
});

test('members written as addresses are found by their owner alone: no names are asked', async () => {
  const asked: string[] = [];
  const person = { ...forms.Person.parse({ internetAddress: 'p@acme.example' }), name: 'P/Acme' };
  const found: Entry = { form: 'Person', name: 'P/Acme', document: person, keys: ['internet-address'] };
  const all = { ...forms.Group.parse({ members: ['p@acme.example', 'q@acme.example'] }), name: 'All' };
  const own: Entry = { form: 'Group', name: 'All', document: all, keys: ['internet-address'] };
  const directory: Directory = {
    findAddress: (address) =>
      Promise.resolve(address === 'p@acme.example' ? [found] : address === 'all@acme.example' ? [own] : []),
    findName(name) {
      asked.push(name);
      return Promise.resolve([]);
    },
    group: () => Promise.resolve(all),
  };
  const given = routerWorld({ envelope: { recipients: [{ address: 'all@acme.example' }] } });
  const { deliveries } = await routeMessage({ ...given, directory });
  assert.deepEqual(
    deliveries.flatMap(({ recipients }) => recipients.map(({ address, outcome }) => `${address} ${outcome}`)),
    ['all@acme.example expanded', 'q@acme.example failed', 'p@acme.example waiting'],
  );
  assert.ok(!asked.includes('p@acme.example'));
  assert.ok(asked.includes('q@acme.example'), 'whom nobody owns is looked up as any other');
});
