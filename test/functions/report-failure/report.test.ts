/** Reports: any number of tries make one message; what of the original goes back; bodies that are missing. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { reportMessage, type ReportDoors } from '../../../functions/report-failure/report.ts';
import type { RouteWork } from '../../../mail/spool/doors.ts';
import { bodyKeyOf, keptKeyOf } from '../../../mail/spool/keys.ts';
import type { Envelope } from '../../../mail/envelope/envelope.ts';
import { outboundSettings } from '../../builders/outbound.ts';
import { delivery, envelope, messageRecord, now, waiting } from '../../builders/spool.ts';
import { process } from '../../faults/faults.ts';
import { World } from '../../faults/world.ts';

let world: World;
let routed: RouteWork[];
let faults: string[];

beforeEach(() => {
  world = new World(outboundSettings());
  world.now = now;
  routed = [];
  faults = [];
  world.aws.onSend = (_, body) => void routed.push(JSON.parse(body) as RouteWork);
});

const header = 'Subject: Hello\r\nFrom: bob@elsewhere.example\r\n\r\n';

/** A message whose one recipient has failed. */
function owing(body: string | undefined, change: Partial<Envelope> = {}): void {
  const facts = { size: body?.length ?? 100, headerSize: header.length, ...change };
  const recipients = [
    waiting('alice@acme.example', { outcome: 'failed', owes: 'failed', reply: 'No such user' }),
  ];
  put(messageRecord({ envelope: envelope({ id: 'm1', ...facts }) }));
  put(delivery({ state: 'failed', recipients }));
  if (body !== undefined) world.aws.objects.set(bodyKeyOf('m1'), Buffer.from(body));
}

function put(item: { message: string; part: string }): void {
  const plain = JSON.parse(JSON.stringify(item)) as Record<string, unknown>;
  world.aws.table('spool').set(`${item.message} ${item.part}`, plain);
}

function run(change: Partial<ReportDoors> = {}): Promise<void> {
  const told = { onReported: () => undefined, onFault: (what: string) => void faults.push(what) };
  return reportMessage('m1', { ...world.doors(process('report')), ...told, ...change });
}

function text(): string {
  return world.aws.objects.get(bodyKeyOf('m1-r1'))?.toString() ?? '';
}

test('one report, from <>, whose own failure is nobody’s business', async () => {
  owing(`${header}Hello.\r\n`);
  await run();
  const [work, ...others] = routed;
  assert.equal(others.length, 0);
  assert.deepEqual([work?.id, work?.envelope?.from, work?.envelope?.origin], ['m1-r1', '', 'report']);
  assert.deepEqual(work?.envelope?.recipients, [{ address: 'bob@elsewhere.example', notify: 'NEVER' }]);
  assert.equal(work?.envelope?.size, text().length);
  assert.match(text(), /Hello\.\r\n/);
  const { subject, from } = work?.envelope?.header ?? {};
  assert.deepEqual([subject, from], ['DELIVERY FAILURE: No such user', 'Postmaster@acme.example']);
});

test('from a postmaster that every reader of mail can write to', async () => {
  owing(`${header}Hello.\r\n`);
  const settings = outboundSettings();
  const [own] = settings.globalDomains;
  world.settings = { ...settings, globalDomains: [{ ...own!, primaryDomain: 'Bücher.example' }] };
  await run();
  assert.match(text(), /^From: Postmaster@xn--bcher-kva\.example\r$/m);
});

test('again and again, and two at once: still one', async () => {
  owing(`${header}Hello.\r\n`);
  await Promise.all([run(), run()]);
  await run();
  assert.equal(world.reports().length, 1);
  assert.deepEqual([...new Set(routed.map(({ id }) => id))], ['m1-r1']);
});

test('tried again after the words were changed: the envelope is that of what lies in the spool', async () => {
  owing(`${header}Hello.\r\n`);
  await run();
  const [first] = world.reports();
  put({ ...first!, wake: 'w#00', wakeAt: now.toISOString() } as never);
  world.settings = outboundSettings({ failureText: { transfer: 'Other words, and many more of them.' } });
  const before = text();
  await run();
  assert.equal(text(), before);
  assert.deepEqual(routed[1], routed[0]);
});

const bound = 50 * 1024;
const cases: [string, Partial<Envelope>, number, boolean][] = [
  ['a whole original of 50 KB', {}, bound, true],
  ['more than 50 KB: the header alone', {}, bound + 1, false],
  ['RET=HDRS: the header alone', { ret: 'HDRS' }, 1_000, false],
  ['RET=FULL', { ret: 'FULL' }, 1_000, true],
];
for (const [what, change, size, whole] of cases)
  test(`goes back: ${what}`, async () => {
    owing(header + 'x'.repeat(size - header.length), change);
    await run();
    assert.equal(text().includes('xxxx'), whole);
    assert.match(text(), whole ? /Content-Type: message\/rfc822/ : /Content-Type: text\/rfc822-headers/);
    assert.match(text(), /Subject: Hello/);
  });

test('a missing body: an alarm, and a report all the same', async () => {
  owing(undefined);
  await run();
  assert.deepEqual(faults, ['A body is missing from the spool']);
  assert.match(text(), /Message-ID: <x@elsewhere\.example>/);
});

test('of what was held for long, the kept copy goes back', async () => {
  owing(undefined, { size: header.length + 8 });
  world.aws.objects.set(keptKeyOf('m1'), Buffer.from(`${header}Hello.\r\n`));
  await run();
  assert.deepEqual(faults, []);
  assert.match(text(), /Hello\.\r\n/);
});

test('records that change each time: the work comes again', async () => {
  owing(`${header}Hello.\r\n`);
  const { writer } = world.doors(process('report'));
  await assert.rejects(
    run({ writer: { ...writer, write: () => Promise.resolve(false) } }),
    /changed whenever/,
  );
});

test('a message without a record m is a fault, not a silence', async () => {
  await assert.rejects(run(), /no record m/);
});
