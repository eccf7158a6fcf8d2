/** Every package has its reason in docs/decisions/dependencies.md, and every reason its package, pinned exactly. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Record<
  'dependencies' | 'devDependencies',
  Record<string, string>
>;
const [atRunTime = '', forBuilding = ''] = read('docs/decisions/dependencies.md').split('## For building');
const explained = (page: string): string[] =>
  [...page.matchAll(/^\| `([^`]+)` +\| +\S/gm)].map((row) => row[1] ?? '');

test('each package at run time has its line', () => {
  assert.deepEqual(explained(atRunTime).sort(), Object.keys(manifest.dependencies).sort());
});

test('each package for building and testing has its line', () => {
  assert.deepEqual(explained(forBuilding).sort(), Object.keys(manifest.devDependencies).sort());
});

test('versions are exact, so that two installations are the same', () => {
  const loose = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
  );
  assert.deepEqual(loose, []);
});
