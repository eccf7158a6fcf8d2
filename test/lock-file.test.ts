/**
 * `npm ci` refuses a lock file that leaves out an optional package of another platform, and npm writes such a lock
 * file where its registry lacks that package. This says so before a clean clone does.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly inBundle?: boolean;
  readonly optionalDependencies?: Record<string, string>;
}

const text = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
const { packages } = JSON.parse(text) as { packages: Record<string, Locked> };

test('the lock file has every optional package that a locked one names', () => {
  const optional = Object.entries(packages)
    .filter(([, { inBundle }]) => inBundle !== true)
    .flatMap(([path, { optionalDependencies }]) =>
      Object.keys(optionalDependencies ?? {}).map((name) => ({ path, name })),
    );
  const missing = optional.filter(
    ({ path, name }) =>
      !(`node_modules/${name}` in packages) && !(`${path}/node_modules/${name}` in packages),
  );
  assert.ok(optional.length > 20);
  assert.deepEqual(missing, []);
});

test('the lock file names no registry: it is good for every mirror', () => {
  assert.doesNotMatch(text, /"resolved"/);
});
