/**
 * The synthesized template, kept until something that goes into it changes: infra/, the settings files, the
 * variables' names, cdk.json, the lock file. Synthesis runs in a process of its own, so that the CDK's memory is
 * given back.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Refusal, textOf } from './sentence.ts';
import { readTemplateFile } from './template.ts';

export const sourceRoot = fileURLToPath(new URL('..', import.meta.url));

const inputs = [
  'infra/**/*.ts',
  'functions/*/settings.ts',
  'listener/settings.ts',
  'aws/variables.ts',
  'cdk.json',
  'package-lock.json',
];

/** Of the local gateway; made anew only when its sources changed. */
export async function localTemplate(): Promise<unknown> {
  const folder = join(sourceRoot, 'node_modules', '.cache', 'postern');
  const file = join(folder, `template-${hashOfInputs()}.json`);
  if (!existsSync(file)) await synthesize(folder, file);
  return readTemplateFile(file);
}

/** Written beside and renamed: two that synthesize at once do not disturb each other. */
async function synthesize(folder: string, file: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const draft = `${file}.${process.pid}`;
  const environment = { ...process.env, CDK_DISABLE_VERSION_CHECK: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' };
  const program = join(sourceRoot, 'infra', 'synth-local.ts');
  await promisify(execFile)(process.execPath, [program, draft], { cwd: sourceRoot, env: environment }).catch(
    (error: unknown) => {
      throw new Refusal(`The template cannot be made from infra/ and cdk.json: ${reasonOf(error)}`, {
        cause: error,
      });
    },
  );
  renameSync(draft, file);
}

/** What the synthesis said, without the stack below it. */
function reasonOf(error: unknown): string {
  const { stderr } = error as { stderr?: string };
  const said = /^(?:\w*Error): (.*)$/m.exec(stderr ?? '')?.[1];
  return said ?? textOf(error);
}

function hashOfInputs(): string {
  const hash = createHash('sha256');
  for (const path of globSync(inputs, { cwd: sourceRoot }).sort())
    hash
      .update(path)
      .update('\0')
      .update(readFileSync(join(sourceRoot, path)))
      .update('\0');
  return hash.digest('hex').slice(0, 24);
}
