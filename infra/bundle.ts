/**
 * Makes what runs on AWS out of the sources: one file for each function, and the listener's. esbuild takes all
 * functions in one go. The SDK goes in with them: it starts faster than Lambda's own, and is the one that was tested.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync, type BuildOptions, type Metafile } from 'esbuild';
import { sourceRoot } from './source-root.ts';

/**
 * Node's own modules are asked for by `require`. An `import` of node:http, fs or util reads everything they export,
 * which loads undici, HTTP/2 and more: a quarter of what a function's start cost. So the code is bundled as CommonJS
 * and stands in an ES module, which Lambda's handler and the listener's command name.
 */
const head =
  "import{createRequire as postern}from'node:module';" +
  'const require=postern(import.meta.url),module={exports:{}},exports=module.exports;';
const handlerFoot = 'const posternHandler=module.exports.handler;export{posternHandler as handler};';

const options = {
  absWorkingDir: sourceRoot,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  supported: { 'dynamic-import': false },
  minify: true,
  logLevel: 'error',
  mainFields: ['module', 'main'],
  banner: { js: head },
  metafile: true,
} satisfies BuildOptions;

export const entryOf = (folder: string): string => `functions/${folder}/handler.ts`;

/** `<to>/<folder of the function>/index.mjs`, which exports `handler`; returns what went into them. */
export function bundleFunctions(to: string): Metafile {
  const folders = readdirSync(join(sourceRoot, 'functions'));
  const entryPoints = Object.fromEntries(folders.map((folder) => [`${folder}/index`, entryOf(folder)]));
  return buildSync({ ...options, entryPoints, outdir: to, footer: { js: handlerFoot } }).metafile;
}

/** `<to>/main.mjs`. */
export function bundleListener(to: string): Metafile {
  return buildSync({ ...options, entryPoints: ['listener/main.ts'], outdir: to }).metafile;
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
