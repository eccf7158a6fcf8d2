/** The daily report of TLS: any number of tries make one message; without a signature, or an address, there is none. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { awsBodyStore } from '../../../aws/body-store.ts';
import { awsTlsCounts, type KeptCounts } from '../../../aws/tls-counts.ts';
import { reportTls, type TlsReportDoors } from '../../../functions/report-failure/tls-report.ts';
import { tlsReports, minutesAfterMidnight } from '../../../functions/retry-deferred/tls-reports.ts';
import { keptTally } from '../../../functions/relay-outbound/tls-tally.ts';
import { DnsUnavailable } from '../../../mail/relay/doors.ts';
import type { TlsSession } from '../../../mail/relay/tls-counts.ts';
import { bodyKeyOf } from '../../../mail/spool/keys.ts';
import type { RouteWork, TlsReportWork } from '../../../mail/spool/doors.ts';
import { MemoryAws } from '../../builders/memory-aws.ts';
import { outboundSettings } from '../../builders/outbound.ts';

const [domain, day] = ['there.example', '2026-11-21'];
const signing = { dkimSigning: [{ domain: 'acme.example', selector: 'now', secret: 'dkim' }] };
const session: TlsSession = { domain, policy: { type: 'no-policy-found' }, result: 'success' };

let aws: MemoryAws;
let counts: KeptCounts;
let routed: RouteWork[];
let told: string[];
let now: Date;
let txt: Record<string, string[][] | Error>;

beforeEach(() => {
  aws = new MemoryAws();
  const client = { send: (command: never) => Promise.resolve(aws.run(command)) } as never;
  counts = awsTlsCounts({ client, table: 'spool' });
  routed = [];
  told = [];
  now = new Date('2026-11-22T01:00:00Z');
  txt = { [`_smtp._tls.${domain}`]: [['v=TLSRPTv1; rua=mailto:tls@there.example']] };
});

const resolver = {
  txt(name: string) {
    const found = txt[name] ?? [];
    return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
  },
  addresses: () => Promise.resolve(['198.51.100.1']),
};

function run(change: Partial<TlsReportDoors> = {}, configuration: object = signing): Promise<void> {
  const client = { send: (command: never) => Promise.resolve(aws.run(command)) } as never;
  return reportTls(
    { day, domain },
    {
      counts,
      resolver,
      settings: { current: () => Promise.resolve(outboundSettings(configuration)) },
      bodies: awsBodyStore({ client, bucket: 'bucket' }),
      queue: { route: (work) => Promise.resolve(void routed.push(work)) },
      clock: () => now,
      onReported: (id) => void told.push(id),
      ...change,
    },
  );
}

test('a message of our own: from the postmaster, signed, never reported, stopped by no policy', async () => {
  await counts.add(day, [{ ...session, sessions: 3 }]);
  await run();
  const [work, ...others] = routed;
  assert.equal(others.length, 0);
  const { envelope } = work!;
  assert.deepEqual(
    [envelope?.from, envelope?.origin, envelope?.tlsOptional, envelope?.recipients],
    ['postmaster@acme.example', 'report', true, [{ address: 'tls@there.example', notify: 'NEVER' }]],
  );
  const bytes = aws.objects.get(bodyKeyOf(work!.id));
  assert.equal(envelope?.size, bytes?.length);
  assert.match(bytes?.toString() ?? '', /^TLS-Report-Domain: there\.example\r$/m);
  assert.deepEqual(told, [work!.id]);
  assert.deepEqual(aws.rows('spool'), []);
});

test('cut short between any two steps, and tried again: the same message', async () => {
  await counts.add(day, [{ ...session, sessions: 3 }]);
  const broken = { route: () => Promise.reject(new Error('no queue')) };
  await assert.rejects(run({ queue: broken }));
  const first = [...aws.objects.values()].map(String);
  now = new Date('2026-11-22T02:00:00Z');
  await assert.rejects(run({ counts: { ...counts, remove: () => Promise.reject(new Error('throttled')) } }));
  await run();
  await run();
  assert.equal(new Set(routed.map(({ id }) => id)).size, 1);
  assert.deepEqual([...aws.objects.values()].map(String), first);
  assert.deepEqual(aws.rows('spool'), []);
});

const silent: readonly (readonly [what: () => void, configuration: object, why: string])[] = [
  [() => undefined, {}, 'our mail is not signed'],
  [
    () => undefined,
    { dkimSigning: [{ domain: 'other.example', selector: 'a', secret: 'a' }] },
    'another domain is',
  ],
  [() => (txt = {}), signing, 'nobody asks any more'],
];
for (const [change, configuration, why] of silent)
  test(`no report: ${why}`, async () => {
    await counts.add(day, [{ ...session, sessions: 3 }]);
    change();
    await run({}, configuration);
    assert.deepEqual([routed, aws.rows('spool')], [[], []]);
  });

test('while DNS is silent the counts stay', async () => {
  await counts.add(day, [{ ...session, sessions: 3 }]);
  txt[`_smtp._tls.${domain}`] = new DnsUnavailable('no DNS');
  await run();
  assert.deepEqual([routed.length, (await counts.read(day, domain)).length], [0, 1]);
});

function tally(on = true, faults: string[] = []) {
  return keptTally({ resolver, counts, clock: () => now, on, onFault: (what) => void faults.push(what) });
}

test('workers add up what they counted, for those who ask', async () => {
  const [one, other] = [tally(), tally()];
  for (const each of [one, other, one]) each.note(session);
  one.note({ ...session, domain: 'far.example' });
  await Promise.all([one.keep(), other.keep()]);
  const [found, ...rest] = await counts.read('2026-11-22', domain);
  assert.deepEqual([found?.sessions, rest], [3, []]);
  assert.deepEqual(await counts.domains('2026-11-22'), [domain]);
});

test('where DNS is silent they are kept for the time being; where reports are off nothing is', async () => {
  txt[`_smtp._tls.${domain}`] = new DnsUnavailable('no DNS');
  const [on, off] = [tally(), tally(false)];
  for (const each of [on, off]) each.note(session);
  await off.keep();
  assert.deepEqual(aws.rows('spool'), []);
  await on.keep();
  assert.equal(aws.rows('spool').length, 1);
});

test('counts that cannot be kept cost no mail', async () => {
  const faults: string[] = [];
  const one = tally(true, faults);
  one.note(session);
  txt[`_smtp._tls.${domain}`] = new Error('anything');
  await one.keep();
  assert.equal(faults.length, 1);
});

test('the sweep asks once a day, an hour later for what is left, and not before its time', async () => {
  const asked: TlsReportWork[] = [];
  const queue = { tlsReport: (work: TlsReportWork) => Promise.resolve(void asked.push(work)) };
  const ask = tlsReports({ counts, queue, clock: () => now, after: 30 });
  await counts.add(day, [
    { ...session, sessions: 1 },
    { ...session, result: 'validation-failure', sessions: 1 },
    { ...session, domain: 'far.example', sessions: 1 },
  ]);
  now = new Date('2026-11-22T00:29:59Z');
  assert.equal(await ask(), 0);
  now = new Date('2026-11-22T00:30:00Z');
  assert.equal(await ask(), 2);
  assert.equal(await ask(), 0);
  assert.deepEqual(asked.map((one) => `${one.day} ${one.domain}`).sort(), [
    `${day} far.example`,
    `${day} ${domain}`,
  ]);
  await counts.remove(day, domain);
  now = new Date('2026-11-22T01:30:00Z');
  assert.equal(await ask(), 1);
  await counts.remove(day, 'far.example');
  now = new Date('2026-11-22T02:30:00Z');
  assert.equal(await ask(), 0);
  await counts.add(day, [{ ...session, sessions: 1 }]);
  now = new Date('2026-11-22T03:30:00Z');
  assert.equal(await ask(), 0, 'nobody counts for a day that is over');
});

test('servers report at times of their own, within the first hours', () => {
  const times = ['Mail1/Acme', 'Mail2/Acme', 'Hub/Other'].map(minutesAfterMidnight);
  assert.equal(new Set(times).size, 3);
  assert.ok(times.every((minutes) => minutes >= 10 && minutes < 240));
});
