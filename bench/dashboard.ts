/**
 * Records what the dashboard shows: two minutes of mail through the gateway of `npm start`, and the figures of its log
 * lines in steps of five seconds. `node bench/dashboard.ts` writes bench/results/dashboard.json; `npm run docs` draws
 * docs/dashboard.svg from it and from the dashboard of the template.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { createTransport } from 'nodemailer';
import { withGateway, type LocalGateway } from './local-gateway.ts';

const seconds = 120;
/** Until everything has run once, nothing is recorded. */
const warmUp = 20;
const step = 5;
const file = join(import.meta.dirname, 'results', 'dashboard.json');

/** A row of the saved query. */
interface Refusals {
  readonly refusals: number;
  readonly reason: string;
  readonly stage: string;
  readonly document: string;
  readonly field: string;
}

interface Letter {
  readonly from: string;
  readonly to: string;
}
const stranger = 'you@elsewhere.example';

/** What arrives in a second: mail for our own people in waves, Bob's to the world, and what is refused. */
function lettersOf(second: number): { inward: Letter[]; outward: Letter[] } {
  const wave = Math.round(4 + 3 * Math.sin(second / 12));
  const to = ['alice@acme.example', 'team@acme.example', 'support@acme.example'];
  const inward = Array.from({ length: wave }, (_, n) => ({ from: stranger, to: to[n % 3]! }));
  if (second % 3 === 0) inward.push({ from: stranger, to: 'nobody@acme.example' });
  if (second % 4 === 0) inward.push({ from: stranger, to: 'someone@elsewhere.example' });
  const outward = second % 2 === 0 ? [{ from: 'bob@acme.example', to: 'someone@elsewhere.example' }] : [];
  return { inward, outward };
}

async function send({ endpoints }: LocalGateway): Promise<Date> {
  const [port, submission] = [endpoints.smtp, endpoints.submission].map((at) => Number(at.split(':').at(-1)));
  const common = { host: '127.0.0.1', pool: true, tls: { rejectUnauthorized: false } };
  const inbound = createTransport({ ...common, port, ignoreTLS: true });
  const auth = { user: 'bob@acme.example', pass: 'postern' };
  const outbound = createTransport({ ...common, port: submission, auth });
  const from = new Date(Date.now() + warmUp * 1_000);
  const under: Promise<unknown>[] = [];
  for (let second = -warmUp; second < seconds; second++) {
    const { inward, outward } = lettersOf(second);
    const mail = (letter: Letter) => ({ ...letter, subject: 'A letter', text: 'Hello.' });
    // A refusal is what is wanted here.
    for (const letter of inward) under.push(inbound.sendMail(mail(letter)).catch(() => undefined));
    for (const letter of outward) under.push(outbound.sendMail(mail(letter)).catch(() => undefined));
    await pause(Math.max(0, from.getTime() + (second + 1) * 1_000 - Date.now()));
  }
  await Promise.all(under);
  // The listener writes its figures every ten seconds.
  await pause(12_000);
  for (const transport of [inbound, outbound]) transport.close();
  return from;
}

interface Line {
  readonly _aws?: {
    Timestamp: number;
    CloudWatchMetrics: { Dimensions: string[][]; Metrics: { Name: string; Unit?: string }[] }[];
  };
  readonly message?: string;
  readonly timestamp?: string;
  readonly [name: string]: unknown;
}

function linesOf(data: string): Line[] {
  const folder = join(data, 'log');
  const texts = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  return texts.flatMap((text) => text.split('\n').filter((line) => line.startsWith('{"'))).map(parsed);
}

const parsed = (line: string): Line => JSON.parse(line) as Line;

/** Values by `Accepted listener`, then by step. */
function seriesOf(lines: readonly Line[], from: Date): Record<string, (number | null)[]> {
  const values = new Map<string, { unit: string; steps: number[][] }>();
  for (const line of lines) {
    const at = Math.floor(((line._aws?.Timestamp ?? 0) - from.getTime()) / 1_000 / step);
    if (line._aws === undefined || at < 0 || at >= seconds / step) continue;
    for (const { Name, Unit = 'None' } of line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics)) {
      const key = `${Name} ${String(line['service'])}`;
      const known = values.get(key) ?? {
        unit: Unit,
        steps: Array.from({ length: seconds / step }, () => []),
      };
      known.steps[at]?.push(...[line[Name]].flat().map(Number));
      values.set(key, known);
    }
  }
  const series = [...values].map(
    ([key, { unit, steps }]) => [key, steps.map(unit === 'Milliseconds' ? p95 : sum)] as const,
  );
  return Object.fromEntries(series.toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const p95 = (values: readonly number[]): number | null =>
  values.toSorted((one, other) => one - other)[Math.ceil(values.length * 0.95) - 1] ?? null;

/** As the saved query groups them. */
function refusalsOf(lines: readonly Line[]): Refusals[] {
  const groups = new Map<string, Refusals>();
  for (const { message, reason, stage, because } of lines) {
    if (message !== 'Refused') continue;
    const { document = '', field = '' } = (because ?? {}) as { document?: string; field?: string };
    const group = { reason: String(reason), stage: String(stage), document, field };
    const key = JSON.stringify(group);
    groups.set(key, { ...group, refusals: (groups.get(key)?.refusals ?? 0) + 1 });
  }
  return [...groups.values()].toSorted((one, other) => other.refusals - one.refusals);
}

const figures = await withGateway(
  [],
  async (gateway) => {
    const from = await send(gateway);
    const lines = linesOf(gateway.data);
    return { from: from.toISOString(), step, series: seriesOf(lines, from), refusals: refusalsOf(lines) };
  },
  { POSTERN_TICK: '10' },
);
writeFileSync(file, `${JSON.stringify(figures, undefined, 1)}\n`);
console.log(`${Object.keys(figures.series).length} series in ${file}; npm run docs draws them.`);
