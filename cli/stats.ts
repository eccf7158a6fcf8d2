/** `postern stats`: today's counters. A local run keeps them in its data folder; on AWS they are CloudWatch metrics. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dynamodb } from '../aws/clients.ts';
import { awsSpoolDesk } from '../aws/spool-desk.ts';
import { counterOf, countedToday } from '../aws/counted.ts';
import type { Call, Command } from './command.ts';
import type { Gateway } from './gateway.ts';
import { table } from './output.ts';

const always = ['accepted', 'refused', 'delivered', 'relayed', 'deferred', 'failed', 'held', 'dead'];

async function stats({ gateway }: Call) {
  const counters = await countersOf(gateway);
  const open = await awsSpoolDesk({ client: dynamodb(), table: gateway.tables.spool }).list();
  const now = (state: string): number => open.filter((delivery) => delivery.state === state).length;
  const json: Record<string, number> = {
    ...Object.fromEntries(always.map((name) => [name, 0])),
    ...counters,
    held: now('held'),
    dead: now('dead'),
  };
  const rows = Object.entries(json).map(([name, value]) => [name, String(value)]);
  return { json, text: table(['TODAY', ''], rows) };
}

async function countersOf({ data, stack }: Gateway): Promise<Record<string, number>> {
  if (data !== undefined) return read(join(data, 'stats.json'));
  const counted = await countedToday({ client: dynamodb(), namespace: stack, now: new Date() });
  const sorted = Object.entries(counted).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [counterOf(name), value]));
}

function read(file: string): Record<string, number> {
  if (!existsSync(file)) return {};
  const { date, counters } = JSON.parse(readFileSync(file, 'utf8')) as {
    date: string;
    counters: Record<string, number>;
  };
  return date === new Date().toISOString().slice(0, 10) ? counters : {};
}

export const statsCommands: Record<string, Command> = {
  stats: { takes: '', does: "today's counters", run: stats },
};
