/** docs/deploy.md has a row for each setting of cdk.json, and none that is not there; its outputs exist. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { settingNames } from '../../infra/deployment.ts';
import { synthesize } from '../../infra/synthesize.ts';

const page = readFileSync(new URL('../../docs/deploy.md', import.meta.url), 'utf8');

test('every setting has its row', () => {
  const cells = [...page.matchAll(/^\| (`[^|]+) \|/gm)].map(([, cell]) => cell ?? '');
  const described = cells.flatMap((cell) => [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name ?? ''));
  assert.deepEqual(described.sort(), [...settingNames].sort());
});

test('the outputs it speaks of are those of the stack', async () => {
  const { Outputs } = await synthesize({
    postern: { directSending: true, hostNames: ['mail.acme.example'] },
  });
  for (const name of ['MxTarget', 'DirectAddress', 'Spf', 'Dashboard', 'Records', 'Ptr']) {
    assert.ok(page.includes(`\`${name}\``), name);
    assert.ok(name in (Outputs ?? {}), name);
  }
});
