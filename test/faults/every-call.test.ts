/**
 * Promises 2 and 3, call by call: every AWS call on the way of a message fails in turn, in every way in which calls and
 * processes fail; the run then goes on by redelivery and sweeps. Nothing is lost, nothing doubled, nothing left owed.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Envelope } from '../../mail/envelope/envelope.ts';
import type { Settings } from '../../mail/directory/settings.ts';
import { outboundSettings } from '../builders/outbound.ts';
import {
  assertMailbox,
  assertNothingOwed,
  assertOutcomes,
  assertReported,
  assertTraced,
  copiesTo,
  reportIds,
} from './checks.ts';
import { waysOf, type Fault, type WayToFail } from './faults.ts';
import { World } from './world.ts';

const relayed = outboundSettings({
  routing: { smtpOutsideLocalDomain: true, relayHost: 'relay.example:587' },
});

interface Way {
  readonly name: string;
  readonly settings?: Settings;
  readonly envelope: Partial<Envelope> & { id: string };
  readonly prepare?: (world: World) => void;
  readonly check: (world: World) => void;
}

function to(...addresses: string[]): Envelope['recipients'] {
  return addresses.map((address) => ({ address }));
}

function refusing(world: World): void {
  world.remote = (address, tries) => {
    if (address.startsWith('refused')) return { outcome: 'failed', reply: '550 5.1.1 No', replyBy: 'smtp' };
    if (address.startsWith('late') && tries < 2)
      return { outcome: 'waiting', reply: '450 4.2.1 Later', replyBy: 'smtp' };
    return { outcome: 'relayed', reply: '250 2.0.0 Ok', replyBy: 'smtp' };
  };
}

const runs: Way[] = [
  {
    name: 'from outside into one mailbox',
    envelope: { id: 'in' },
    check(world) {
      assertOutcomes(world, 'in', { 'alice@acme.example': 'delivered' });
      assertMailbox(world, 'mail/alice', ['in']);
      assert.deepEqual(world.reports(), []);
    },
  },
  {
    name: "Bob's message to everybody: delivered, relayed, tried again, refused, unknown",
    envelope: {
      id: 'out',
      from: 'bob@acme.example',
      recipients: [
        { address: 'alice@acme.example', notify: 'SUCCESS,FAILURE' },
        ...to('anna@there.example', 'late@there.example', 'refused@there.example', 'nobody@acme.example'),
      ],
    },
    prepare: refusing,
    check(world) {
      assertOutcomes(world, 'out', {
        'alice@acme.example': 'delivered',
        'anna@there.example': 'relayed',
        'late@there.example': 'relayed',
        'refused@there.example': 'failed',
        'nobody@acme.example': 'failed',
      });
      assertReported(world, 'out', {
        'alice@acme.example': 'delivered',
        'refused@there.example': 'failed',
        'nobody@acme.example': 'failed',
      });
      assertMailbox(world, 'mail/alice', ['out']);
      assertMailbox(world, 'mail/bob', reportIds(world, 'out'));
    },
  },
  {
    name: 'from <>: whatever becomes of it, nobody is told',
    envelope: {
      id: 'null',
      from: '',
      recipients: [
        { address: 'alice@acme.example', notify: 'SUCCESS' },
        { address: 'anna@there.example', notify: 'SUCCESS' },
        ...to('late@there.example', 'refused@there.example'),
      ],
    },
    prepare: refusing,
    check(world) {
      assertOutcomes(world, 'null', {
        'alice@acme.example': 'delivered',
        'anna@there.example': 'relayed',
        'late@there.example': 'relayed',
        'refused@there.example': 'failed',
      });
      assert.deepEqual(world.reports(), []);
      assert.ok(world.aws.objects.has('kept/null'));
    },
  },
  {
    name: 'over quota, returned to a sender who is unknown: the report itself is dead',
    settings: outboundSettings({ delivery: { overQuota: 'return' } }),
    envelope: { id: 'dead', from: 'nosuch@acme.example', recipients: to('full@acme.example') },
    check(world) {
      assertOutcomes(world, 'dead', { 'full@acme.example': 'failed' });
      assertMailbox(world, 'mail/full', []);
      const dead = world.deliveries().filter(({ state }) => state === 'dead');
      assert.deepEqual(
        dead.map(({ message, from }) => [message, from]),
        [['dead-r1', '']],
      );
      assert.ok(world.aws.objects.has('kept/dead-r1'), 'its body is kept');
      assert.deepEqual(
        [...world.aws.objects.keys()].filter((key) => key.startsWith('mailboxes/')),
        [],
      );
    },
  },
  {
    name: 'held by a rule, then for a person',
    envelope: {
      id: 'held',
      rules: [{ action: 'hold', document: 'Configuration *', rule: 'big' }] as unknown as NonNullable<
        Envelope['rules']
      >,
    },
    check(world) {
      assert.deepEqual(
        world.deliveries().map(({ state, reason }) => [state, reason]),
        [['held', 'rule big']],
      );
      assert.ok(world.aws.objects.has('kept/held'));
      assertMailbox(world, 'mail/alice', []);
    },
  },
];

async function run(way: Way, fault?: Fault): Promise<{ world: World; accepted: boolean }> {
  const world = new World(way.settings ?? relayed, fault);
  way.prepare?.(world);
  const accepted = await world.accept(way.envelope);
  await world.untilQuiet();
  return { world, accepted };
}

for (const way of runs)
  test(`every call of a message ${way.name}`, async (t) => {
    const { world: well } = await run(way);
    check(way, well);
    const faults = well.faults.calls.flatMap((call, n) =>
      waysOf(call).map((how) => ({ at: n + 1, way: how })),
    );
    t.diagnostic(`${well.faults.calls.length} calls, ${faults.length} faults`);
    for (const fault of faults) await broken(way, fault);
  });

async function broken(way: Way, fault: Fault): Promise<void> {
  const { world, accepted } = await run(way, fault);
  const { component = '', command = '' } = world.faults.hit ?? {};
  try {
    // Without a 250 the message may be there or not; what is there is whole, and there once.
    if (accepted || world.messages().length > 0) check(way, world);
    checkCopies(world, fault.way);
  } catch (cause) {
    throw new Error(`${component}: ${command}, call ${fault.at}, ${fault.way}`, { cause });
  }
}

function check(way: Way, world: World): void {
  if (!way.name.startsWith('held')) assertNothingOwed(world);
  else assert.deepEqual(world.waking(), []);
  assertTraced(world);
  way.check(world);
}

/** The one outbound window: the remote's 250 was heard, and the record (of dead mail: the body to keep) never written. */
function checkCopies(world: World, way: WayToFail): void {
  const { component, command } = world.faults.hit ?? {};
  const between = isOfKeeping(world) || (command === 'PutItemCommand' && way === 'killed before');
  const unrecorded = component === 'relay' && between && way.startsWith('killed');
  for (const address of ['anna@there.example', 'late@there.example'])
    assert.ok(copiesTo(world, address) <= (unrecorded ? 2 : 1), `${address} got it more than once`);
}

/** A copy of the body, and an update of record `m` before and after it; a claim is an update, too. */
function isOfKeeping({ faults }: World): boolean {
  const { hit, before } = faults;
  if (hit?.command !== 'UpdateItemCommand') return hit?.command === 'CopyObjectCommand';
  return before?.command === 'UpdateItemCommand' || before?.command === 'CopyObjectCommand';
}
