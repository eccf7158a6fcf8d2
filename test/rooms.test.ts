/** Imports go one way. The made-up violations prove that the check can fail. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { importsOf, violations } from './rooms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const pattern = '{mail,aws,listener,functions,infra,local,cli,test,bench,docs}/**/*.{ts,mjs}';

test('every source of the project keeps to the rooms', () => {
  const sources = globSync(pattern, { cwd: root }).map((path) => ({
    path,
    text: readFileSync(join(root, path), 'utf8'),
  }));
  assert.ok(sources.length > 20, 'the sources were found');
  assert.deepEqual(violations(sources), []);
});

/** What is written where, and a word of the complaint; '' where it is right. */
const cases: readonly (readonly [path: string, text: string, complaint: string])[] = [
  ['mail/a/a.ts', `import { x } from '../../aws/clients.ts';`, 'may not import from aws/'],
  ['mail/a/a.ts', `import type { X } from '../../listener/x.ts';`, 'may not import from listener/'],
  ['mail/a/a.ts', `import { readFile } from 'node:fs/promises';`, 'imports node:fs/promises'],
  ['mail/a/a.ts', `import { S3Client } from '@aws-sdk/client-s3';`, 'imports @aws-sdk/client-s3'],
  ['mail/a/a.ts', `const at = Date.now();`, 'the clock'],
  ['mail/a/a.ts', `const at = new Date(text); // not new Date()`, ''],
  ['mail/a/a.ts', `const home = process.env['HOME'];`, 'the process'],
  ['mail/a/a.ts', `import { z } from 'zod';\nimport { b } from '../b/b.ts';`, ''],
  ['aws/a.ts', `import { SQSClient } from '@aws-sdk/client-sqs';`, ''],
  ['aws/a.ts', `import { h } from '../functions/route-mail/handler.ts';`, 'may not import from functions/'],
  ['listener/a.ts', `import { S3Client } from '@aws-sdk/client-s3';`, 'imports @aws-sdk/client-s3'],
  ['functions/a/a.ts', `const x = await import('@aws-sdk/client-sqs');`, 'imports @aws-sdk/client-sqs'],
  ['functions/a/a.ts', `export { x } from '../../local/x.ts';`, 'may not import from local/'],
  ['cli/a.ts', `import { x } from '../listener/x.ts';`, 'may not import from listener/'],
  ['infra/a.ts', `import { settings } from '../functions/route-mail/settings.ts';`, ''],
  ['infra/a.ts', `import { variables } from '../aws/variables.ts';`, ''],
  ['infra/a.ts', `import { dynamodb } from '../aws/clients.ts';`, 'may not import from aws/'],
  [
    'infra/a.ts',
    `import { handler } from '../functions/route-mail/handler.ts';`,
    'may not import from functions/',
  ],
  ['infra/a.ts', `import { z } from 'zod';`, 'imports zod'],
  ['local/a.ts', `import { synthesize } from '../infra/synthesize.ts';`, 'may not import from infra/'],
  ['local/a.ts', `import { Stack } from 'aws-cdk-lib';`, 'imports aws-cdk-lib'],
  ['local/a.ts', `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';`, ''],
  ['aws/a.ts', `import { x } from '../test/builders/x.ts';`, 'may not import from test/'],
  ['bench/a.ts', `import { x } from '../test/builders/x.ts';`, 'may not import from test/'],
  ['test/a.test.ts', `import { synthesize } from '../infra/synthesize.ts';`, ''],
  ['mail/utils/a.ts', ``, 'says nothing'],
  ['mail/a/index.ts', ``, 'says nothing'],
  ['lib/a.ts', `import './b.ts';`, 'stands in no room'],
];

for (const [path, text, complaint] of cases)
  test(`${path}: ${text || 'its name'} is ${complaint === '' ? 'right' : 'refused'}`, () => {
    const found = violations([{ path, text }]);
    if (complaint === '') return assert.deepEqual(found, []);
    assert.equal(found.length, 1, found.join('\n'));
    assert.ok(found[0]?.includes(complaint), found[0]);
  });

test('imports are found however they are written', () => {
  const text = [
    `import a from 'a';`,
    `import {\n  b,\n} from "b";`,
    `import 'c';`,
    `export * from 'd';`,
    `await import('e');`,
    `const f = require('f');`,
    `// import g from 'g';`,
    `/* import h from 'h'; */`,
    `type I = import('i').I;`,
  ].join('\n');
  assert.deepEqual(importsOf({ path: 'mail/a.ts', text }), ['a', 'b', 'c', 'd', 'e', 'f', 'i']);
});
