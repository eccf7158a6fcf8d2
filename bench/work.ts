/** Work that no network is part of: header fields, a long deny list, loading a function. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { buildSync } from 'esbuild';
import { dropsOnArrival, hopCount } from '../mail/envelope/arrival-edits.ts';
import { headerFacts } from '../mail/envelope/header-facts.ts';
import { headerEnd, splitHeader } from '../mail/envelope/header.ts';
import { hostMatcher } from '../mail/document/matcher.ts';
import { variables } from '../aws/variables.ts';
import { settingsOf } from './documents.ts';
import { messageOf } from './message.ts';
import { figure, table } from './table.ts';
import { median, type Judged } from './targets.ts';

const folder = join(import.meta.dirname, '..');
const keep = (result: object): void =>
  appendFileSync(join(import.meta.dirname, 'results', 'work.jsonl'), `${JSON.stringify(result)}\n`);

export function work(): Promise<Judged[]> {
  return Promise.resolve([...headerWork(), ...denyList(), ...loading()]);
}

/** Microseconds of one call, compiled. */
function microseconds(work: () => unknown, times: number): number {
  for (let n = 0; n < times / 4; n++) work();
  const started = performance.now();
  for (let n = 0; n < times; n++) work();
  return ((performance.now() - started) * 1000) / times;
}

function headerWork(): Judged[] {
  const limit = 100;
  const hops = Array.from(
    { length: 12 },
    (_, n) =>
      `Received: from a${n}.example (b [192.0.2.1])\r\n\tby c${n}.example; Sat, 21 Nov 2026 00:00:00 +0000\r\n`,
  ).join('');
  const signature = `DKIM-Signature: v=1; a=rsa-sha256; d=example.com;\r\n\tb=${'x'.repeat(340)}\r\n`;
  return [2, 50, 5120].map((kb) => {
    const message = Buffer.from(hops + signature + messageOf(kb * 1024));
    const took = microseconds(() => {
      const header = splitHeader(message.subarray(0, headerEnd(message)));
      return [headerFacts(header), hopCount(header), dropsOnArrival(header, ['bench.invalid'])];
    }, 5_000);
    keep({ what: 'header', kb, microseconds: took });
    return {
      what: `header work, ${kb} KB`,
      target: `≤ ${limit} µs`,
      found: `${figure(took)} µs`,
      met: took <= limit,
    };
  });
}

function denyList(): Judged[] {
  const entries = Array.from({ length: 50_000 }, (_, n) =>
    n % 2 === 0 ? `[10.${n >> 12}.${(n >> 4) & 255}.${(n & 15) << 4}]` : `host${n}.deny${n % 100}.example`,
  );
  const settings = settingsOf();
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  const started = performance.now();
  const list = hostMatcher(entries, settings);
  const compiled = performance.now() - started;
  globalThis.gc?.();
  const mb = (process.memoryUsage().heapUsed - before) / 1e6;
  const took = microseconds(
    () => list.match({ address: '192.0.2.77', hostName: 'mail.remote.example' }),
    20_000,
  );
  keep({ what: 'deny-list', entries: entries.length, microseconds: took, mb, compiled });
  const found = `${figure(took)} µs, ${mb.toFixed(0)} MB, compiled in ${compiled.toFixed(0)} ms`;
  return [{ what: 'deny list of 50,000', target: '≤ 20 µs a decision', found, met: took <= 20 }];
}

function loading(): Judged[] {
  const target = { milliseconds: 130, mb: 1.1 };
  const work = mkdtempSync(join(tmpdir(), 'postern-bundles-'));
  const names = readdirSync(join(folder, 'functions'));
  const found = names.map((name) => {
    const outfile = join(work, `${name}.mjs`);
    bundle(join(folder, 'functions', name, 'handler.ts'), outfile);
    const milliseconds = median(Array.from({ length: 7 }, () => importTime(outfile)));
    return { name, mb: statSync(outfile).size / 1e6, milliseconds };
  });
  rmSync(work, { recursive: true });
  for (const one of found) keep({ what: 'bundle', ...one });
  const rows = found.map(({ name, mb, milliseconds }) => [name, mb.toFixed(2), milliseconds.toFixed(0)]);
  console.log(`\nBundled functions\n\n${table(['', 'MB', 'import, ms'], rows)}\n`);
  return found.map(({ name, mb, milliseconds }) => ({
    what: `bundle ${name}`,
    target: `≤ ${target.milliseconds} ms, ≤ ${target.mb} MB`,
    found: `${milliseconds.toFixed(0)} ms, ${mb.toFixed(2)} MB`,
    met: milliseconds <= target.milliseconds && mb <= target.mb,
  }));
}

/** As infra/gateway-function.ts has the CDK bundle them. */
function bundle(entry: string, outfile: string): void {
  buildSync({
    entryPoints: [entry],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    logLevel: 'error',
    mainFields: ['module', 'main'],
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
  });
}

function importTime(file: string): number {
  const program = `const t = performance.now(); await import(${JSON.stringify(file)}).catch(() => undefined); console.log(performance.now() - t); process.exit(0)`;
  const given = Object.fromEntries(Object.values(variables).map((name) => [name, 'bench']));
  const env = {
    ...process.env,
    ...given,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
  };
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
    env,
    encoding: 'utf8',
  });
  return Number(output.trim().split('\n').at(-1));
}
