/**
 * The gate: types, lint, format and every test. `npm test` runs it; `npm test -- PATH…` runs the checks and only the
 * tests below those paths. The last line is `N passed, N failed`; each check counts as one, each test as one.
 * Plain JavaScript, so that an old Node can at least say what it lacks.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { delimiter, join, relative } from 'node:path';
import { run } from 'node:test';
import { fileURLToPath } from 'node:url';
import { inspect } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const checks = [
  { name: 'types', command: ['tsc', '--noEmit'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
];
/** Compiled code is kept between the files of a run and between runs, as `npm start` keeps its own. */
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'postern', 'code');
/** Test files run side by side; more than two starve each other on a small machine. */
const sideBySide = 2;
/** Longer than any test may take: what hangs is named instead of holding the gate for ever. */
const patienceMs = 180_000;

async function main() {
  const started = Date.now();
  const outcomes = await Promise.all(checks.map(runCheck));
  const tests = await runTests(testFiles(process.argv.slice(2)));
  const failures = [...outcomes.filter((outcome) => outcome.failure), ...tests.failures];
  for (const { name, failure } of failures) console.log(`\n✖ ${name}\n${indented(failure)}`);
  const passed = outcomes.filter((outcome) => !outcome.failure).length + tests.passed;
  for (const skipped of tests.skipped) console.log(`- skipped: ${skipped}`);
  console.log(`\n${seconds(started)}`);
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
      console.log(`${code === 0 ? '✔' : '✖'} ${name} (${seconds(started)})`);
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
  const outcome = { passed: 0, failures: [], skipped: /** @type {string[]} */ ([]) };
  if (files.length === 0)
    outcome.failures.push({ name: 'tests', failure: 'There is no test file at this place.' });
  if (files.length === 0) return outcome;
  const paths = files.map((file) => join(root, file));
  const events = run({ files: paths, concurrency: sideBySide, timeout: patienceMs, cwd: root });
  const started = Date.now();
  for await (const { type, data } of events) {
    if (type === 'test:stdout' || type === 'test:stderr') remember(data);
    if (type === 'test:pass' || type === 'test:fail') clock(data);
    if (type === 'test:pass') pass(outcome, data);
    if (type === 'test:fail') fail(outcome, data);
  }
  console.log(
    `${outcome.failures.length === 0 ? '✔' : '✖'} tests of ${files.length} files (${seconds(started)})`,
  );
  console.log(`  slowest: ${slowest(5)}`);
  return outcome;
}

/** Milliseconds that each file's own tests took. */
const times = new Map();

function clock({ file, nesting, details }) {
  if (file && nesting === 0) times.set(file, (times.get(file) ?? 0) + details.duration_ms);
}

function slowest(count) {
  const byTime = [...times].sort(([, one], [, other]) => other - one).slice(0, count);
  return byTime.map(([file, ms]) => `${place(file)} ${(ms / 1000).toFixed(1)} s`).join(', ');
}

function pass(outcome, { name, file, skip, todo, details }) {
  const reason = skip ?? todo;
  if (details.type === 'suite') return;
  if (isFile(name)) outcome.failures.push({ name: place(name), failure: `No test ran.${said(file)}` });
  else if (reason === undefined) outcome.passed += 1;
  else outcome.skipped.push(`${place(file)} › ${name} ${reason === true ? '' : reason}`);
}

/** A parent fails with its subtests; only the subtest says something. */
function fail(outcome, { name, file, line, details }) {
  const error = details.error;
  if (error?.failureType === 'subtestsFailed') return;
  const failure = isFile(name)
    ? { name: place(name), failure: `The file failed.${said(file)}` }
    : { name: `${place(file)}:${line} › ${name}`, failure: readable(error?.cause ?? error) };
  outcome.failures.push(failure);
}

/** The runner reports a file itself where it has no test or its process failed. */
const isFile = (name) => name.endsWith('.test.ts');

/** An assertion's stack has its difference; of other errors the cause matters too. The runner's own frames do not. */
function readable(error) {
  const text = error?.code === 'ERR_ASSERTION' ? error.stack : inspect(error);
  return text.replace(/^ *at .*node:internal.*\n?/gm, '');
}

/** What each file printed, kept for the case that it fails before it has any test. */
const output = new Map();
const remember = ({ file, message }) => output.set(file, (output.get(file) ?? '') + message);
const said = (file) => (output.has(file) ? `\n${output.get(file)}` : '');

const place = (file) => (file ? relative(root, file) : '');
const seconds = (started) => `${((Date.now() - started) / 1000).toFixed(1)} s`;
const indented = (text) => text.trimEnd().replace(/^/gm, '  ');

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(
    `This is Node ${process.versions.node}, and Postern needs 24. "npm ci" installs it among the packages; ` +
      'install scripts must be allowed (no --ignore-scripts), and "npm test" then finds it by itself.',
  );
  process.exitCode = 1;
} else await main();
