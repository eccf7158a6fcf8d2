import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPassword, nobodysPassword, verifyPassword } from '../../../mail/directory/password.ts';

test('a password verifies against its hash, another does not', async () => {
  const stored = await hashPassword('correct horse');
  assert.match(stored, /^scrypt\$32768\$8\$1\$[A-Za-z0-9+/]+=*\$[A-Za-z0-9+/]+=*$/);
  assert.equal(await verifyPassword('correct horse', stored), true);
  assert.equal(await verifyPassword('correct horsE', stored), false);
});

test('one password has one hash in every Unicode form, and a new salt each time', async () => {
  const [one, other] = await Promise.all([hashPassword('Z\u00fcrich'), hashPassword('Z\u00fcrich')]);
  assert.notEqual(one, other);
  assert.equal(await verifyPassword('Zu\u0308rich', one), true);
});

const [salt, hash] = [Buffer.alloc(16).toString('base64'), Buffer.alloc(32).toString('base64')];
const unreadable: readonly (readonly [why: string, stored: string])[] = [
  ['nothing', ''],
  ['the password itself', 'secret'],
  ['another scheme', `bcrypt$16384$8$1$${salt}$${hash}`],
  ['a cost that is no power of two', `scrypt$16385$8$1$${salt}$${hash}`],
  ['a cost nobody can pay', `scrypt$1073741824$8$1$${salt}$${hash}`],
  ['no rounds', `scrypt$16384$8$0$${salt}$${hash}`],
  ['a hash of no length', `scrypt$16384$8$1$${salt}$AA==`],
];

for (const [why, stored] of unreadable)
  test(`matches nothing: ${why}`, async () => {
    assert.equal(await verifyPassword('', stored), false);
  });

test("nobody's password costs a verification and never matches", async () => {
  assert.equal(await verifyPassword('', nobodysPassword), false);
  const [, N, r, p] = nobodysPassword.split('$');
  assert.deepEqual([N, r, p], (await hashPassword('x')).split('$').slice(1, 4));
});
