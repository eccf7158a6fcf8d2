import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cachedDirectory } from '../../../mail/directory/cached-directory.ts';
import { DirectoryUnavailable, type Directory, type Entry } from '../../../mail/directory/directory.ts';

function prepared(): {
  directory: Directory;
  asked: string[];
  at: (ms: number) => void;
  fail: (on: boolean) => void;
} {
  const asked: string[] = [];
  let now = 0;
  let failing = false;
  const answer = async (question: string): Promise<Entry[]> => {
    asked.push(question);
    await Promise.resolve();
    if (failing) throw new Error('away');
    return [];
  };
  const inner: Directory = {
    findAddress: (text) => answer(`address ${text}`),
    findName: (text) => answer(`name ${text}`),
    group: async (name) => void (await answer(`group ${name}`)),
  };
  const directory = cachedDirectory(inner, { seconds: 5, now: () => now });
  return { directory, asked, at: (ms) => (now = ms), fail: (on) => (failing = on) };
}

describe('cached look-ups', () => {
  test('are asked once in 5 seconds, whatever the case, also where nobody is found', async () => {
    const { directory, asked, at } = prepared();
    await Promise.all([directory.findAddress('a@acme.example'), directory.findAddress('A@ACME.example')]);
    at(4_999);
    await directory.findAddress('a@acme.example');
    assert.equal(asked.length, 1);
    at(5_000);
    await directory.findAddress('a@acme.example');
    assert.equal(asked.length, 2);
  });

  test('keep questions of different kinds apart', async () => {
    const { directory, asked } = prepared();
    await directory.findName('sales');
    await directory.group('sales');
    await directory.findAddress('sales');
    assert.equal(asked.length, 3);
  });

  test('do not keep failures, and name them', async () => {
    const { directory, asked, fail } = prepared();
    fail(true);
    await assert.rejects(
      directory.group('x'),
      (error) => error instanceof DirectoryUnavailable && error.cause instanceof Error,
    );
    fail(false);
    await directory.group('x');
    assert.equal(asked.length, 2);
  });

  test('are bounded: the oldest answer makes room', async () => {
    const { directory, asked } = prepared();
    for (let index = 0; index <= 10_000; index += 1) await directory.findName(`n${index}`);
    await directory.findName('n1');
    assert.equal(asked.length, 10_001, 'n1 is still there');
    await directory.findName('n0');
    assert.equal(asked.length, 10_002, 'n0 had to go');
  });
});
