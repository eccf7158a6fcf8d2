import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { openDataFolder } from '../../local/data-folder.ts';

const dataFolder = new URL('../../local/data-folder.ts', import.meta.url).href;

function temporary(t: test.TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'postern-folder-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

/** Another process that holds the folder until it is killed. */
async function holder(path: string): Promise<ReturnType<typeof spawn>> {
  const program = `
    const { openDataFolder } = await import(${JSON.stringify(dataFolder)});
    openDataFolder(${JSON.stringify(path)});
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a second gateway is refused while the first lives, and takes over when it was killed', async (t) => {
  const path = temporary(t);
  const child = await holder(path);
  assert.throws(() => openDataFolder(path), { name: 'Refusal', message: /^Another gateway is running on / });
  child.kill('SIGKILL');
  await once(child, 'exit');
  openDataFolder(path).release();
});

test('within one process too, and until it is released', (t) => {
  const path = temporary(t);
  const first = openDataFolder(path);
  assert.throws(() => openDataFolder(path), { name: 'Refusal' });
  first.release();
  openDataFolder(path).release();
});

test('a folder that is a file, or lies in one, is refused with a sentence that names it', (t) => {
  const file = join(temporary(t), 'file');
  writeFileSync(file, '');
  for (const path of [file, join(file, 'below')])
    assert.throws(() => openDataFolder(path), {
      name: 'Refusal',
      message: `The folder ${path} cannot be used: there is a file where a folder should be; choose another with POSTERN_DATA.`,
    });
});

test('a lock that is not ours is refused with a sentence', (t) => {
  const path = temporary(t);
  writeFileSync(join(path, 'lock'), 'x'.repeat(4096));
  assert.throws(() => openDataFolder(path), {
    name: 'Refusal',
    message: /lock cannot be used \(.*\); delete it/,
  });
});
