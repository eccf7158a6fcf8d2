/**
 * The gate: types, lint, format and every test. `npm test` runs it; `npm test -- PATH…` runs the checks and only the
 * tests below those paths. The last line is `N passed, N failed`; each check counts as one, each test as one.
 * Plain JavaScript, so that an old Node can at least say what it lacks.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const checks = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
];
/** Rooms whose test files share a process: they start nothing that outlives a test, and import the same things. */
const shared = [['mail'], ['aws'], ['functions'], ['listener'], ['local'], ['faults'], ['infra', 'docs']];
/** So do the files that import this: they share a gateway. */
const gateway = '/shared-gateway.ts';
/** Compiled code is kept between the files of a run and between runs, as `npm start` keeps its own. */
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'postern', 'code');

async function main() {
  const started = Date.now();
  const [outcomes, tests] = await Promise.all([
    Promise.all(checks.map(runCheck)),
    runTests(testFiles(process.argv.slice(2))),
  ]);
  const failures = [...outcomes.filter((outcome) => outcome.failure), ...tests.failures];
  for (const { name, failure } of failures) console.log(`\n✖ ${name}\n${indented(failure)}`);
  const passed = outcomes.filter((outcome) => !outcome.failure).length + tests.passed;
  for (const skipped of tests.skipped) console.log(`- skipped: ${skipped}`);
  console.log(`\n${seconds(Date.now() - started)}`);
  console.log(`${passed} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 ? 0 : 1;
}

function runCheck({ name, command: [program, ...args] }) {
  const started = Date.now();
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`,
  };
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('error', (error) =>
      resolve({ name, failure: `${program} could not be started: ${error.message}` }),
    );
    child.on('close', (code) => {
      console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds(Date.now() - started)})`);
      resolve(code === 0 ? { name } : { name, failure: output || `${program} ended with ${code}.` });
    });
  });
}

function testFiles(wanted) {
  const all = readdirSync(join(root, 'test'), { recursive: true })
    .map((file) => join('test', file))
    .filter((file) => file.endsWith('.test.ts'))
    .sort();
  const below = wanted.map((path) => relative(root, join(process.cwd(), path)));
  return all.filter((file) => below.length === 0 || below.some((path) => file.startsWith(path)));
}

async function runTests(files) {
  const { runBatches } = await import('./batches.ts');
  const { localTemplate } = await import('../local/template-cache.ts');
  const outcome = { passed: 0, failures: [], skipped: /** @type {string[]} */ ([]) };
  if (files.length === 0)
    outcome.failures.push({ name: 'tests', failure: 'There is no test file at this place.' });
  // Once for all gateways; the tests of a gateway say what is wrong with it.
  await localTemplate().catch(() => undefined);
  for await (const { batch, ms, passed, failures } of runBatches(batchesOf(files), root)) {
    const left = passed.filter((test) => test.left !== undefined);
    outcome.passed += passed.length - left.length;
    for (const { name, failure } of failures) outcome.failures.push({ name: placed(name), failure });
    for (const { file, name, left: why } of left)
      outcome.skipped.push(`${placed(file)} › ${name}${why === true ? '' : ` (${why})`}`);
    const many = batch.files.length > 1 ? `${batch.files.length} files, ` : '';
    console.log(`${failures.length === 0 ? '✔' : '✖'} ${batch.name} (${many}${seconds(ms)})`);
  }
  return outcome;
}

/** A batch for rooms that share a process and for the files that share a gateway, one for each other file. */
function batchesOf(files) {
  const byName = Map.groupBy(files, (file) => {
    const rooms = shared.find((each) => each.includes(file.split('/')[1]));
    if (rooms !== undefined) return rooms.map((room) => `test/${room}`).join(', ');
    return readFileSync(join(root, file), 'utf8').includes(gateway) ? 'test, one gateway' : file;
  });
  const batches = [...byName].map(([name, paths]) => ({ name, files: paths }));
  return batches.sort((one, other) => rank(one) - rank(other));
}

/** What takes longest begins first, so that no lane is left over at the end. */
const order = ['test/functions', 'test, one gateway', 'test/infra', 'test/end-to-end', 'test/cli', 'test/'];
const rank = ({ name }) => order.findIndex((place) => name.startsWith(place));
const placed = (name) => name.replaceAll(root, '');
const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
const indented = (text) => text.trimEnd().replace(/^/gm, '  ');

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This is Node ${process.versions.node}, and Postern needs 24. "npm ci" installs it among the packages; ` +
      'install scripts must be allowed (no --ignore-scripts), and "npm test" then finds it by itself.',
  );
  process.exitCode = 1;
} else await main();
