/**
 * `npx cdk deploy`, as docs/deploy.md has it, against an account that is a script: what arrives there is the template
 * with everything it speaks of. `CDK_DOCKER` stands in for Docker; the image itself is built in test/end-to-end/image.test.ts.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Template } from '../../infra/synthesize.ts';
import { ScriptedAccount } from '../builders/scripted-account.ts';
import { at, ofType } from './stack/template.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cdk = join(root, 'node_modules', '.bin', 'cdk');
const folder = mkdtempSync(join(tmpdir(), 'postern-deploy-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const dockerLog = join(folder, 'docker.log');
const docker = join(folder, 'docker');
writeFileSync(
  docker,
  [
    '#!/bin/sh',
    `echo "$@" >> ${dockerLog}`,
    // What was built is not there yet; a build finds its files in the folder it is started in.
    'case $1 in',
    '  login) cat > /dev/null ;;',
    '  inspect) exit 1 ;;',
    `  build) ls | sed 's/^/file /' >> ${dockerLog} ;;`,
    'esac',
  ].join('\n'),
);
chmodSync(docker, 0o755);

const account = new ScriptedAccount();
after(() => account[Symbol.asyncDispose]());
const env = {
  ...process.env,
  ...(await account.environment()),
  CDK_DOCKER: docker,
  CDK_DISABLE_CLI_TELEMETRY: 'true',
  CDK_DISABLE_VERSION_CHECK: '1',
  CI: '1',
  HOME: folder,
};

async function deploy(...more: string[]): Promise<{ code: number | null; said: string }> {
  const words = ['deploy', '--require-approval', 'never', ...more];
  const child = spawn(cdk, words, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said: (await said).join('') };
}

const output = join(folder, 'out');
const first = await deploy('--output', output);
const stack = account.stacks.get('postern');
const template = stack?.template as unknown as Template;

test('cdk deploy ends well, and asks for nothing that an account cannot know', () => {
  assert.equal(first.code, 0, first.said);
  assert.deepEqual(account.unknown, []);
});

test('it prints the outputs, which say what to do next', () => {
  for (const name of ['MxTarget', 'Dashboard', 'Bucket'])
    assert.ok(first.said.includes(`postern.${name} = the-${name}`), name);
});

test('the template that arrives is the synthesized one', () => {
  assert.deepEqual(template, JSON.parse(readFileSync(join(output, 'postern.template.json'), 'utf8')));
  assert.equal(ofType(template, 'AWS::DynamoDB::Table').length, 4);
  assert.deepEqual(stack?.capabilities, ['CAPABILITY_IAM', 'CAPABILITY_NAMED_IAM', 'CAPABILITY_AUTO_EXPAND']);
});

test('every function’s code is there: a zip with its one file', () => {
  const functions = ofType(template, 'AWS::Lambda::Function');
  assert.equal(functions.length, 6);
  for (const { id, properties } of functions) {
    const zip = account.assets.get(String(at(properties, 'Code', 'S3Key')));
    assert.equal(zip?.subarray(0, 2).toString(), 'PK', id);
    assert.ok(zip?.includes('index.mjs'), id);
  }
});

test('the image is built for ARM64 out of two files, and pushed under the tag that the task names', () => {
  const log = readFileSync(dockerLog, 'utf8');
  assert.match(log, /^build .*--platform linux\/arm64/m);
  assert.deepEqual(log.match(/(?<=^file ).*$/gm), ['Dockerfile', 'main.mjs']);
  const [task] = ofType(template, 'AWS::ECS::TaskDefinition');
  const image = JSON.stringify(at(task?.properties, 'ContainerDefinitions', 0, 'Image'));
  const tag = /:([0-9a-f]{64})"/.exec(image)?.[1] ?? 'none';
  assert.match(log, new RegExp(`^push .*:${tag}$`, 'm'));
});

test('a second deployment of the same changes nothing', async () => {
  const { code, said } = await deploy('--app', output);
  assert.equal(code, 0, said);
  assert.match(said, /postern \(no changes\)/);
  assert.equal(account.executed, 1);
});
