/**
 * `npm start`: the whole gateway on one machine. Plain JavaScript, so that an old Node can still say what is
 * missing; everything else is in start.ts.
 */
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const found = process.versions.node;
if (Number(found.split('.')[0]) < 24) {
  console.error(
    `Postern needs Node 24 and this is Node ${found}; \`npm ci\` installs the right one beside it (with --ignore-scripts it does not), then use \`npm start\`.`,
  );
  process.exit(1);
}
// Compiled code is kept between starts; threads and the synthesis take the folder from the environment.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('../node_modules/.cache/postern/code', import.meta.url),
);
module.enableCompileCache(process.env.NODE_COMPILE_CACHE);
await import('./start.ts');
