/**
 * Builds the listener's image with buildah, on a base put together from this machine's Node, the libraries it needs and
 * three programs for the Dockerfile's RUN: nothing is fetched. Needs root on Linux (chroot isolation, no daemon).
 */
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { contextOfImage } from '../../infra/listener-image.ts';

const run = promisify(execFile);

/** Why no image can be built here; undefined: it can. */
export function noImageHere(): string | undefined {
  if (process.platform !== 'linux') return 'images are built on Linux only';
  if (process.getuid?.() !== 0) return 'building an image by chroot takes root';
  try {
    execFileSync('buildah', ['--version'], { stdio: 'ignore' });
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'buildah is not installed, or mounts are not allowed';
  }
}

export interface Image extends AsyncDisposable {
  /** Its root file system, mounted. */
  readonly root: string;
  readonly megabytes: number;
  readonly user: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

export async function buildImage(): Promise<Image> {
  const folder = mkdtempSync(join(tmpdir(), 'postern-image-'));
  const storage = [
    '--root',
    join(folder, 'storage'),
    '--runroot',
    join(folder, 'run'),
    '--storage-driver',
    'vfs',
  ];
  const buildah = async (...args: string[]): Promise<string> =>
    (await run('buildah', [...storage, ...args], { maxBuffer: 1e8 })).stdout.trim();
  await buildBase(buildah, join(folder, 'base'));
  const context = join(folder, 'context');
  mkdirSync(context);
  contextOfImage(context);
  const build = ['build', '--isolation', 'chroot', '--pull-never', '--build-arg', 'BASE=localhost/base'];
  await buildah(...build, '--tag', 'listener', context);
  const container = await buildah('from', '--pull-never', 'localhost/listener');
  const root = await buildah('mount', container);
  const { OCIv1 } = JSON.parse(await buildah('inspect', container)) as {
    OCIv1: { config: { User: string; Cmd: string[]; Env: string[] } };
  };
  return {
    root,
    megabytes: Number((await run('du', ['-sm', root])).stdout.split('\t')[0]),
    user: OCIv1.config.User,
    command: OCIv1.config.Cmd,
    environment: Object.fromEntries(OCIv1.config.Env.map((each) => each.split(/=(.*)/s).slice(0, 2))),
    async [Symbol.asyncDispose]() {
      await buildah('umount', container);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** As the official image has it: Node in the path, a user `node` of id 1000. */
async function buildBase(buildah: (...args: string[]) => Promise<string>, root: string): Promise<void> {
  const programs = new Map([
    [process.execPath, '/usr/local/bin/node'],
    ...['sh', 'mkdir', 'chown'].map((name): [string, string] => [`/bin/${name}`, `/bin/${name}`]),
  ]);
  for (const [from, to] of programs) {
    copy(from, join(root, to));
    for (const library of librariesOf(from)) copy(library, join(root, library));
  }
  for (const name of ['app', 'etc', 'proc', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0::/:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n');
  writeFileSync(join(root, 'etc', 'group'), 'root:x:0:\nnode:x:1000:\n');
  const container = await buildah('from', 'scratch');
  await buildah('copy', container, root, '/');
  await buildah('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', container);
  await buildah('commit', '--rm', container, 'localhost/base');
}

function librariesOf(program: string): string[] {
  return execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
