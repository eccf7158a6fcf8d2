/**
 * Makes what runs on AWS out of the sources: one file for each function, and the listener's. esbuild takes all
 * functions in one go. The SDK goes in with them: it starts faster than Lambda's own, and is the one that was tested.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync, type BuildOptions } from 'esbuild';
import { sourceRoot } from './source-root.ts';

/** Bundled CommonJS packages ask for Node's own modules through it. */
const requireBanner =
  "import{createRequire as postern}from'node:module';const require=postern(import.meta.url);";

const options: BuildOptions = {
  absWorkingDir: sourceRoot,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'esm',
  minify: true,
  logLevel: 'error',
  mainFields: ['module', 'main'],
  banner: { js: requireBanner },
};

export const entryOf = (folder: string): string => `functions/${folder}/handler.ts`;

/** `<to>/<folder of the function>/index.mjs`, which exports `handler`. */
export function bundleFunctions(to: string): void {
  const folders = readdirSync(join(sourceRoot, 'functions'));
  const entryPoints = Object.fromEntries(folders.map((folder) => [`${folder}/index`, entryOf(folder)]));
  buildSync({ ...options, entryPoints, outdir: to });
}

/** `<to>/main.mjs`. */
export function bundleListener(to: string): void {
  buildSync({ ...options, entryPoints: ['listener/main.ts'], outdir: to });
}

let made: string | undefined;

/** Where this process has its functions, made when the first is asked for and gone with the process. */
export function bundledFunction(folder: string): string {
  if (made === undefined) {
    const all = mkdtempSync(join(tmpdir(), 'postern-functions-'));
    process.once('exit', () => rmSync(all, { recursive: true, force: true }));
    bundleFunctions(all);
    made = all;
  }
  return join(made, folder);
}
