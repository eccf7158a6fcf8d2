/**
 * What is bundled into each function: a start reads all of it. A package that turns up here unasked came in by an
 * import of something beside what was wanted; `esbuild`'s metafile tells by which.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { bundleFunctions } from '../../infra/bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-bundles-'));
after(() => rmSync(folder, { recursive: true }));
const { outputs } = bundleFunctions(folder);

const always = ['@aws-lambda-powertools/logger', '@aws-lambda-powertools/metrics', 'ipaddr.js'];
const moves = ['client-dynamodb', 'client-s3', 'client-sqs'];
const batch = '@aws-lambda-powertools/batch';

interface Allowed {
  readonly clients: readonly string[];
  readonly others: readonly string[];
  readonly kilobytes: number;
}

const functions: Readonly<Record<string, Allowed>> = {
  'route-mail': { clients: moves, others: [...always, batch], kilobytes: 720 },
  'deliver-to-mailbox': { clients: moves, others: [...always, batch], kilobytes: 660 },
  'retry-deferred': { clients: moves, others: always, kilobytes: 640 },
  // nodemailer: its quoted-printable and parameters, for messages of our own.
  'report-failure': { clients: moves, others: [...always, batch, 'nodemailer'], kilobytes: 670 },
  'relay-outbound': {
    clients: [...moves, 'client-secrets-manager', 'client-ses'],
    others: [...always, 'nodemailer'],
    kilobytes: 750,
  },
  // The only one that validates: documents by zod, their patterns by re2js.
  'publish-directory': {
    clients: ['client-dynamodb', 'client-s3', 'client-secrets-manager'],
    others: [...always, 're2js', 'zod'],
    kilobytes: 950,
  },
};

test('every function is in the table', () => {
  assert.deepEqual(Object.keys(outputs).map(folderOf).sort(), Object.keys(functions).sort());
});

for (const [output, { inputs, imports, bytes }] of Object.entries(outputs)) {
  const name = folderOf(output);
  const { clients, others, kilobytes } = functions[name]!;
  const packages = packagesOf(Object.keys(inputs).filter((path) => inputs[path]!.bytesInOutput > 0));

  test(`${name} carries the SDK clients and packages it needs, no others`, () => {
    const sdk = packages.filter((each) => each.startsWith('@aws-sdk/client-'));
    assert.deepEqual(sdk, clients.map((client) => `@aws-sdk/${client}`).toSorted());
    assert.deepEqual(packages.filter(isOurChoice), others.toSorted());
  });

  test(`${name} is at most ${kilobytes} KB`, () => {
    assert.ok(bytes <= kilobytes * 1024, `${Math.ceil(bytes / 1024)} KB`);
  });

  // An import of node:http loads undici and HTTP/2 with it (infra/bundle.ts).
  test(`${name} asks for Node's modules by require`, () => {
    assert.deepEqual([...new Set(imports.map(({ kind }) => kind))], ['require-call']);
  });
}

function folderOf(output: string): string {
  return output.split('/').at(-2)!;
}

/** The innermost package of each path, sorted. */
function packagesOf(paths: readonly string[]): string[] {
  const found = paths.map((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1]);
  return [...new Set(found.filter((each) => each !== undefined))].sort();
}

/** What the SDK and Powertools bring with them is theirs to say. */
function isOurChoice(name: string): boolean {
  const theirs = ['mnemonist', 'obliterator', '@aws-lambda-powertools/commons'];
  return !/^@(?:aws|aws-sdk|smithy)\//.test(name) && !theirs.includes(name);
}
