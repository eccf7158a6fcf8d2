#!/usr/bin/env node
// The `postern` command. Plain JavaScript, so that an old Node can still say what is wrong with it.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const wanted = 24;
const found = Number(process.versions.node.split('.')[0]);
if (found < wanted) {
  console.error(
    `postern needs Node ${wanted}; this is Node ${process.versions.node}. "npm ci" installs Node ${wanted} beside it and "npx postern" uses it (unless --ignore-scripts kept it out).`,
  );
  process.exit(1);
}
// Compiled code is kept between runs: it is half of the time that a short command takes.
module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/postern/code', import.meta.url)));
// Whoever reads only the beginning, as "head" does, has had enough.
process.stdout.on('error', (error) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
const { main } = await import('./main.ts');
process.exitCode = await main(process.argv.slice(2));
