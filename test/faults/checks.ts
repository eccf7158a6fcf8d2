/** What must hold when a run is quiet, whatever went wrong on the way (promises 2 and 3, and the spool's invariant). */
import assert from 'node:assert/strict';
import { tracePartition } from '../../aws/trace.ts';
import { keptKeyOf } from '../../mail/spool/keys.ts';
import type { Recipient } from '../../mail/spool/records.ts';
import { rests } from '../../mail/spool/standing.ts';
import type { World } from './world.ts';

/** Nothing is owed, nothing wakes, everything that has not come to rest for a person has ended. */
export function assertNothingOwed(world: World): void {
  assert.deepEqual(world.waking(), [], 'nothing wakes without need');
  for (const { message, part, state, recipients, wake, expiresAt, lease, hopKey } of world.deliveries()) {
    const name = `${message} ${part} ${state}`;
    assert.deepEqual(recipients.map(({ owes }) => owes).filter(Boolean), [], `${name} owes nothing`);
    assert.deepEqual([lease, hopKey], [undefined, undefined], `${name} is in nobody's hands`);
    const resting = state === 'held' || state === 'dead';
    assert.equal(wake?.startsWith('h#') ?? false, resting, `${name} rests for a person, or has ended`);
    assert.equal(expiresAt === undefined, resting, `${name} lives as long as it must`);
    if (!resting)
      assert.ok(
        recipients.every(({ outcome }) => outcome !== 'waiting'),
        `${name} has ended`,
      );
  }
  for (const { message, part, wake } of world.reports())
    assert.equal(wake, undefined, `${message} ${part} is spooled`);
  for (const { message, phase, expiresAt } of world.messages()) {
    assert.equal(phase, 'routed', `${message} is routed`);
    const resting = world.deliveries().some((one) => one.message === message && rests(one));
    // Of what has rested the hourly pass over kept/ ends both, the copy and record m.
    if (!resting && world.aws.objects.has(keptKeyOf(message))) continue;
    assert.equal(expiresAt === undefined, resting, `record m of ${message} lives as long as it must`);
  }
}

/** Each recipient of the message, by original address, in exactly one record and with this outcome. */
export function assertOutcomes(
  world: World,
  message: string,
  expected: Readonly<Record<string, string>>,
): void {
  const all = recipientsOf(world, message);
  assert.equal(all.length, new Set(all.map(({ original }) => original)).size, 'each recipient once');
  const outcomes = Object.fromEntries(all.map(({ original, outcome }) => [original, outcome]));
  assert.deepEqual(outcomes, expected);
}

function recipientsOf(world: World, message: string): Recipient[] {
  return world.deliveries().flatMap((one) => (one.message === message ? one.recipients : []));
}

/** Every message is found by its sender and its recipients. */
export function assertTraced(world: World): void {
  const pointers = new Set(
    world.aws.rows('spool').map(({ message, part }) => `${String(message)} ${String(part)}`),
  );
  for (const { message, acceptedAt, envelope } of world.messages())
    for (const word of [envelope.from, ...envelope.recipients.map(({ address }) => address)].filter(Boolean))
      assert.ok(
        pointers.has(`${tracePartition(word, acceptedAt.slice(0, 10))} ${message}`),
        `${message} is found by ${word}`,
      );
}

/** Each row of the mail file has its body, its own uid, and its octets counted; ids as given, each once. */
export function assertMailbox(world: World, mailFile: string, ids: readonly string[]): void {
  const rows = world.mailbox(mailFile);
  assert.deepEqual(rows.map(({ id }) => id).toSorted(), ids.toSorted(), `what ${mailFile} holds`);
  for (const { id, bodyKey } of rows)
    assert.ok(world.aws.objects.has(bodyKey), `${mailFile} has the body of ${id}`);
  assert.equal(new Set(rows.map(({ uid }) => uid)).size, rows.length, 'uids are given once');
  const account = world.aws
    .rows('mailboxes')
    .find((row) => row['mailFile'] === mailFile && row['id'] === '#account');
  assert.equal(
    account?.['octets'] ?? 0,
    rows.reduce((sum, { size }) => sum + size, 0),
    'octets are exact',
  );
}

/** Every debt in one report, and every report a message in the sender's mailbox. */
export function assertReported(
  world: World,
  message: string,
  expected: Readonly<Record<string, string>>,
): void {
  const reports = world.reports().filter((report) => report.message === message);
  const told = reports.flatMap(({ recipients }) =>
    recipients.map(({ original, owes }) => [original, owes] as const),
  );
  assert.equal(told.length, new Set(told.map(([original]) => original)).size, 'each debt is told once');
  assert.deepEqual(Object.fromEntries(told), expected);
}

export function reportIds(world: World, message: string): string[] {
  return world.reports().flatMap((one) => (one.message === message ? [one.reportId] : []));
}

export function copiesTo(world: World, address: string): number {
  return world.sent.filter(({ to }) => to.includes(address)).length;
}
