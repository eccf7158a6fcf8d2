/**
 * A run of the whole gateway on this machine, its AWS calls counted: messages one after the other, each to the end of
 * its way, as a quiet system has them. On a busy one batches are fuller and calls fewer.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import { submit, withGateway } from '../local-gateway.ts';
import { messageOf } from '../message.ts';

export interface Calls {
  readonly component: string;
  readonly operation: string;
  readonly calls: number;
  readonly octets: number;
  /** Write units of DynamoDB, those of transactions and indexes included. */
  readonly writes: number;
}

export interface CountedRun {
  readonly messages: number;
  readonly deliveries: number;
  readonly calls: readonly Calls[];
  readonly logOctets: number;
}

export interface RunPlan {
  readonly messages: number;
  readonly sizeKb: number;
  /** May be a fraction: 1.3 is one recipient, and two in three of ten messages. */
  readonly recipients: number;
}

const people = ['alice@acme.example', 'bob@acme.example', 'support@acme.example'];

export async function countedRun(plan: RunPlan): Promise<CountedRun> {
  const counts = mkdtempSync(join(tmpdir(), 'postern-cost-'));
  const counter = `${pathToFileURL(join(import.meta.dirname, 'count-calls.ts')).href}?${encodeURIComponent(counts)}`;
  try {
    return await withGateway(['--import', counter], async ({ port, data }) => {
      await deliver(port, { ...plan, messages: 5 });
      await quiet(counts);
      const before = { calls: read(counts), logOctets: logs(data) };
      const deliveries = await deliver(port, plan);
      await quiet(counts);
      return {
        messages: plan.messages,
        deliveries,
        calls: difference(read(counts), before.calls),
        logOctets: logs(data) - before.logOctets,
      };
    });
  } finally {
    rmSync(counts, { recursive: true, force: true });
  }
}

/** Recipients in all. */
async function deliver(port: number, { messages, sizeKb, recipients }: RunPlan): Promise<number> {
  let owed = 0;
  let sent = 0;
  for (let n = 0; n < messages; n++) {
    owed += recipients;
    const to = people.slice(0, Math.max(1, Math.floor(owed - sent)));
    sent += to.length;
    await submit(port, to, messageOf(sizeKb * 1024));
    await pause(100);
  }
  return sent;
}

function read(folder: string): Calls[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')) as Calls[]);
}

function difference(after: readonly Calls[], before: readonly Calls[]): Calls[] {
  return after.map((one) => {
    const earlier = before.find(
      (other) => other.component === one.component && other.operation === one.operation,
    );
    const less = (key: 'calls' | 'octets' | 'writes'): number => one[key] - (earlier?.[key] ?? 0);
    return { ...one, calls: less('calls'), octets: less('octets'), writes: less('writes') };
  });
}

/** No component has called anything for two seconds; the runtime polls for ever. */
async function quiet(folder: string): Promise<void> {
  const total = (): number =>
    read(folder)
      .filter((one) => one.component !== 'runtime' && one.component !== 'listener')
      .reduce((sum, one) => sum + one.calls, 0);
  for (let before = -1; before !== total(); await pause(2_000)) before = total();
}

function logs(data: string): number {
  const folder = join(data, 'log');
  return readdirSync(folder)
    .filter((name) => name !== 'rights.json')
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
