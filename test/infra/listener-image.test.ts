/** What goes into the listener's image: one file that needs nothing beside it, and a Dockerfile that fetches a base only. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { contextOfImage } from '../../infra/listener-image.ts';

const folder = mkdtempSync(join(tmpdir(), 'postern-image-'));
after(() => rmSync(folder, { recursive: true }));
contextOfImage(folder);
const dockerfile = readFileSync(join(folder, 'Dockerfile'), 'utf8');
const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]+ /.test(line));

test('the build context is the Dockerfile and one file of less than 6 MB: four are character sets, SPF and DKIM', () => {
  assert.deepEqual(readdirSync(folder).sort(), ['Dockerfile', 'main.mjs']);
  assert.ok(statSync(join(folder, 'main.mjs')).size < 6_000_000);
});

test('the bundle runs where there are no packages, and says what it misses', async () => {
  const env = { PATH: process.env['PATH'] };
  const started = promisify(execFile)(process.execPath, [join(folder, 'main.mjs')], {
    cwd: folder,
    env: { ...env, HEALTH_PORT: '0' },
  });
  await assert.rejects(started, ({ code, stderr }: { code: number; stderr: string }) => {
    assert.match(stderr, /These environment variables are missing: POSTERN_SERVER, /);
    return code === 1;
  });
});

test('the base can be given', () => {
  assert.match(dockerfile, /^ARG BASE=\S+:24-slim\nFROM \$\{BASE\}$/m);
});

test('it does not run as root', () => {
  assert.ok(instructions.includes('USER node'));
  assert.ok(instructions.indexOf('USER node') < instructions.findIndex((line) => line.startsWith('CMD')));
});

test('the only folder it writes to is a volume that its user owns', () => {
  assert.ok(
    instructions.includes('RUN mkdir -p /staging /app/compiled && chown node:node /staging /app/compiled'),
  );
  assert.ok(instructions.includes('VOLUME ["/staging"]'));
});

test('what was compiled for the image is what its command looks for: same options, same user, same file', () => {
  const command = JSON.parse((instructions.at(-1) ?? '').slice('CMD '.length)) as string[];
  const compiling = instructions.indexOf(`RUN ${command.join(' ')} compile || true`);
  assert.ok(compiling > instructions.indexOf('USER node'));
  assert.match(dockerfile, /NODE_COMPILE_CACHE=\/app\/compiled$/m);
});

test('asked to compile, it leaves what it compiled in the folder, and serves nobody', async () => {
  const cache = join(folder, 'compiled');
  const env = { PATH: process.env['PATH'], NODE_COMPILE_CACHE: cache };
  await promisify(execFile)(process.execPath, [join(folder, 'main.mjs'), 'compile'], { env });
  const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  assert.equal(files.length, 1);
});

test('from what was compiled, it is healthy and all loaded within a second of CPU', async (t) => {
  const told = "process.on('exit',()=>console.log(JSON.stringify(process.cpuUsage())))";
  const env = {
    PATH: process.env['PATH'],
    NODE_COMPILE_CACHE: join(folder, 'compiled'),
    NODE_OPTIONS: `--import data:text/javascript,${told}`,
    HEALTH_PORT: '0',
  };
  // Without its variables it ends as soon as it would open the ports for mail.
  const started = promisify(execFile)(process.execPath, [join(folder, 'main.mjs')], { env });
  await assert.rejects(started, ({ stdout, stderr }: { stdout: string; stderr: string }) => {
    assert.match(stderr, /These environment variables are missing/);
    const { user, system } = JSON.parse(stdout) as NodeJS.CpuUsage;
    t.diagnostic(`${Math.round((user + system) / 1_000)} ms of CPU`);
    return user + system < 1_000_000;
  });
});

test('Node is process 1: signals reach it', () => {
  assert.match(instructions.at(-1) ?? '', /^CMD \["node", .*"main\.mjs"\]$/);
});
