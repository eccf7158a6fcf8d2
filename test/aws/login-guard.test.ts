/** Lock-out counters over the embedded DynamoDB. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { awsLoginGuard } from '../../aws/login-guard.ts';
import type { LoginGuard } from '../../mail/directory/login-guard.ts';
import { startTestServices, type TestServices } from '../builders/services.ts';

const minute = 60_000;
let services: TestServices;
let time = Date.parse('2026-11-21T12:00:00Z');
let guard: LoginGuard;
const clock = (): Date => new Date(time);

before(async () => {
  services = await startTestServices();
  guard = awsLoginGuard({ client: services.dynamodb, table: services.spool, clock });
});
after(() => services.stop());

async function fail(times: number, name: string, peer: (n: number) => string): Promise<void> {
  for (let n = 0; n < times; n++) await guard.failed({ name, peer: peer(n) });
}

test('ten failures of a peer, whatever the names, lock it for 15 minutes', async () => {
  const peer = '192.0.2.1';
  for (let n = 0; n < 9; n++) await guard.failed({ name: `name${n}`, peer });
  assert.equal(await guard.allows({ name: 'anybody', peer }), true);
  await guard.failed({ name: 'name9', peer });
  assert.equal(await guard.allows({ name: 'anybody', peer }), false);
  assert.equal(await guard.allows({ name: 'anybody', peer: '192.0.2.2' }), true);
  time += 15 * minute;
  assert.equal(await guard.allows({ name: 'anybody', peer }), true);
});

test('failures further apart than 15 minutes are not added up', async () => {
  const attempt = { name: 'slow', peer: '192.0.2.9' };
  for (let n = 0; n < 12; n++) {
    await guard.failed(attempt);
    time += 2 * minute;
  }
  assert.equal(await guard.allows(attempt), true);
});

test('an IPv6 peer counts by its /64', async () => {
  await fail(10, 'six', (n) => `2001:db8:1:2::${n + 1}`);
  assert.equal(await guard.allows({ name: 'other', peer: '2001:db8:1:2:ffff::1' }), false);
  assert.equal(await guard.allows({ name: 'other', peer: '2001:db8:1:3::1' }), true);
});

test('failures at the same time are all counted', async () => {
  const attempt = { name: 'crowd', peer: '192.0.2.30' };
  await Promise.all(Array.from({ length: 10 }, () => guard.failed(attempt)));
  assert.equal(await guard.allows(attempt), false);
});

test('a name under attack is closed to strangers, open to peers that know it', async () => {
  const known = { name: 'Alice', peer: '198.51.100.7' };
  await guard.succeeded(known);
  await fail(100, 'alice', (n) => `203.0.113.${n}`);
  assert.equal(await guard.allows({ name: 'ALICE', peer: '198.51.100.8' }), false);
  assert.equal(await guard.allows(known), true);
  assert.equal(await guard.allows({ name: 'Bob', peer: '198.51.100.8' }), true);
});

test('every item is one that the listener may write, has a TTL, and names nobody', async () => {
  const { Items = [] } = await services.dynamodb.send(new ScanCommand({ TableName: services.spool }));
  assert.ok(Items.length > 100);
  for (const item of Items) {
    assert.match(item['message']?.S ?? '', /^lock#(?:peer|pair|name|known)#/);
    assert.ok(Number(item['expiresAt']?.N) > time / 1000 - 3600);
    assert.doesNotMatch(JSON.stringify(item), /alice/i);
  }
});
