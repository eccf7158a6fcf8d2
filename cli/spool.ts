/** `postern spool`: what waits, and what an administrator does about it (Domino: tell router show queues, MAIL.BOX). */
import { dynamodb, sqs } from '../aws/clients.ts';
import { awsSpoolDesk, type SpoolDesk } from '../aws/spool-desk.ts';
import { awsWorkQueue } from '../aws/work-queue.ts';
import { readTuning } from '../aws/variables.ts';
import { queueFor } from '../mail/relay/next-hop.ts';
import type { WorkQueue } from '../mail/spool/doors.ts';
import type { Delivery, State } from '../mail/spool/records.ts';
import { isOutbound, owesAnything } from '../mail/spool/standing.ts';
import { steer, type Steering } from '../mail/spool/steer.ts';
import type { Call, Command } from './command.ts';
import { Failure, Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { table } from './output.ts';
import { flag, option, word } from './words.ts';

const states: readonly State[] = [
  'pending',
  'sending',
  'deferred',
  'held',
  'dead',
  'delivered',
  'failed',
  'deleted',
];

function deskOf({ tables }: Gateway): SpoolDesk {
  return awsSpoolDesk({ client: dynamodb(), table: tables.spool });
}

/** What the other spool commands take: `<message>.<number of the delivery>`. */
function idOf({ message, part }: Delivery): string {
  return `${message}.${Number(part.slice(2))}`;
}

function keyOf(id: string) {
  const found = /^([A-Za-z0-9-]+)\.(\d+)$/.exec(id);
  if (found === null) throw new Failure(`"${id}" is no id of the spool; "postern spool list" shows them.`);
  return { message: found[1]!, part: `d#${found[2]!.padStart(4, '0')}` };
}

function summary(delivery: Delivery) {
  const { message, state, transport, nextHop, from, attempts, dueAt, lastReply, reason } = delivery;
  return {
    id: idOf(delivery),
    messageId: message,
    state,
    transport,
    nextHop,
    from,
    recipients: delivery.recipients.map(({ address }) => address),
    attempts,
    dueAt,
    lastReply: lastReply ?? '',
    reason: reason ?? '',
    ...(delivery.want === undefined ? {} : { want: delivery.want }),
  };
}

function rowsText(deliveries: readonly Delivery[]): string {
  const rows = deliveries.map((d) => {
    const one = summary(d);
    return [
      one.id,
      one.state,
      one.transport,
      one.nextHop,
      one.from || '<>',
      one.recipients.join(' '),
      String(one.attempts),
      one.dueAt,
      one.lastReply || one.reason,
    ];
  });
  return table(
    ['ID', 'STATE', 'TRANSPORT', 'NEXT HOP', 'FROM', 'RECIPIENTS', 'TRIES', 'DUE', 'LAST REPLY OR REASON'],
    rows,
  );
}

async function list(call: Call) {
  const found = select(call, await deskOf(call.gateway).list(stateOf(call)));
  return { json: found.map(summary), text: rowsText(found) };
}

function stateOf(call: Call): State | undefined {
  const text = option(call, 'state');
  if (text !== undefined && !states.includes(text as State))
    throw new Usage(`"${text}" is no state; it is one of ${states.join(', ')}.`);
  return text as State | undefined;
}

function select(call: Call, deliveries: readonly Delivery[]): Delivery[] {
  const hop = option(call, 'next-hop');
  return deliveries.filter(({ nextHop }) => hop === undefined || nextHop.toLowerCase() === hop.toLowerCase());
}

async function show(call: Call) {
  const id = word(call, 0, 'ID');
  const found = await deskOf(call.gateway).one(keyOf(id));
  if (found === undefined) throw new Failure(`There is no delivery ${id} in the spool.`);
  const { recipients, events, expireAt, acceptedAt, size, leaseUntil } = found;
  const json = {
    ...summary(found),
    recipients,
    events,
    expireAt,
    acceptedAt,
    size,
    ...(leaseUntil === undefined ? {} : { leaseUntil }),
  };
  return { json, text: JSON.stringify(json, undefined, 2) };
}

/** The deliveries a verb is for: ids, a next hop, or all that are open. */
async function chosen(call: Call, desk: SpoolDesk): Promise<Delivery[]> {
  if (call.positionals.length > 0) return Promise.all(call.positionals.map((id) => existing(desk, id)));
  if (option(call, 'next-hop') === undefined && !flag(call, 'all'))
    throw new Usage('Name ids, --next-hop H, or --all.');
  return select(call, await desk.list());
}

async function existing(desk: SpoolDesk, id: string): Promise<Delivery> {
  const found = await desk.one(keyOf(id));
  if (found === undefined) throw new Failure(`There is no delivery ${id} in the spool.`);
  return found;
}

function verb(name: 'hold' | 'release' | 'retry' | 'delete') {
  return async (call: Call) => {
    const desk = deskOf(call.gateway);
    const verb: Steering = name === 'delete' && flag(call, 'report') ? 'delete-report' : name;
    const named = call.positionals.length > 0;
    const results = [];
    for (const delivery of await chosen(call, desk))
      results.push(await steerOne(call.gateway, desk, { delivery, verb }));
    const refused = results.filter((result) => result.refused);
    return {
      json: results,
      text: results.map(({ id, said }) => `${id}: ${said}`).join('\n'),
      exitCode: named && refused.length > 0 ? 1 : 0,
    };
  };
}

async function steerOne(
  gateway: Gateway,
  desk: SpoolDesk,
  { delivery, verb }: { delivery: Delivery; verb: Steering },
) {
  const id = idOf(delivery);
  const steered = steer(delivery, verb, { now: new Date(), clockHours: clockHours(delivery) });
  if ('refused' in steered) return { id, said: steered.refused, refused: true };
  if (steered.next.state === 'held') await gateway.keepMessage(delivery.message);
  if (['held', 'dead'].includes(delivery.state) && steered.next.state === 'pending')
    await gateway.restoreMessage(delivery.message);
  if (!(await desk.write(steered.next, delivery)))
    return { id, said: 'it changed meanwhile; look again', refused: true };
  await wake(gateway, steered.next);
  const said = steered.later
    ? `${verb} takes effect when the running attempt ends`
    : `${verb} done, now ${steered.next.state}`;
  return { id, said, refused: false };
}

/** The clock of released mail starts again with the length that it had. */
function clockHours({ acceptedAt, expireAt }: Delivery): number {
  return Math.max(1, (Date.parse(expireAt) - Date.parse(acceptedAt)) / 3_600_000);
}

async function wake({ queues }: Gateway, delivery: Delivery): Promise<void> {
  const queue: WorkQueue = awsWorkQueue({
    client: sqs(),
    urls: queues,
    queueOf: ({ transport, nextHop }) => queueFor(transport, nextHop, readTuning(process.env)),
  });
  if (owesAnything(delivery)) await queue.report({ message: delivery.message });
  if (delivery.state !== 'pending') return;
  if (delivery.transport === 'route') await queue.route({ id: delivery.message });
  else if (isOutbound(delivery))
    await queue.hop({ transport: delivery.transport, nextHop: delivery.nextHop });
  else await queue.deliver([{ message: delivery.message, part: delivery.part }]);
}

const which = { 'next-hop': { type: 'string' }, all: { type: 'boolean' } } as const;
const ids = '(ID… | --next-hop H | --all)';

export const spoolCommands: Record<string, Command> = {
  'spool list': {
    takes: '[--state S] [--next-hop H]',
    does: 'what is open in the spool',
    options: { state: { type: 'string' }, 'next-hop': { type: 'string' } },
    run: list,
  },
  'spool show': { takes: 'ID', does: 'one delivery with its recipients', run: show },
  'spool hold': { takes: ids, does: 'keeps mail until it is released', options: which, run: verb('hold') },
  'spool release': { takes: ids, does: 'lets held mail go, as new', options: which, run: verb('release') },
  'spool retry': { takes: ids, does: 'tries deferred or dead mail now', options: which, run: verb('retry') },
  'spool delete': {
    takes: `${ids} [--report]`,
    does: 'removes mail; with --report the sender is told',
    options: { ...which, report: { type: 'boolean' } },
    run: verb('delete'),
  },
};
