/** `node infra/synth-local.ts OUTFILE` writes the template of the gateway on one machine as JSON. */
import { writeFile } from 'node:fs/promises';
import { synthesize } from './synthesize.ts';

const [outFile] = process.argv.slice(2);
if (outFile === undefined) {
  console.error('Usage: node infra/synth-local.ts OUTFILE');
  process.exit(2);
}
await writeFile(outFile, JSON.stringify(await synthesize({ local: true }), undefined, 1));
