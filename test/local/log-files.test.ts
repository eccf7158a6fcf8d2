import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { logFile } from '../../local/log-files.ts';

test('lines are kept in the file and handed on whole, however they come', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-log-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const lines: string[] = [];
  const file = logFile(folder, 'listener', (line) => lines.push(line));
  for (const chunk of ['one\ntw', 'o\n\nthr', 'ee']) file.write(chunk);
  file.end('\n');
  await once(file, 'finish');
  assert.deepEqual(lines, ['one', 'two', '', 'three']);
  assert.equal(readFileSync(join(folder, 'listener.log'), 'utf8'), 'one\ntwo\n\nthree\n');
});
