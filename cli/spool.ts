/** `postern spool`: what waits, and what an administrator does about it (Domino: tell router show queues, MAIL.BOX). */
import type { Delivery, State } from '../mail/spool/records.ts';
import type { Call, Command } from './command.ts';
import { Failure, Usage } from './failure.ts';
import { table } from './output.ts';
import { deskOf, idOf, keyOf, select, verb } from './steer.ts';
import { option, word } from './words.ts';

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

function listText(deliveries: readonly Delivery[]): string {
  return deliveries.length === 0 ? 'Nothing.' : `${rowsText(deliveries)}\n\n${countsText(deliveries)}`;
}

/** How much waits where, with the last that was heard from there. */
function countsText(deliveries: readonly Delivery[]): string {
  const groups = Map.groupBy(
    deliveries,
    ({ state, transport, nextHop }) => `${state} ${transport} ${nextHop}`,
  );
  const rows = [...groups.values()].map((group) => {
    const { state, transport, nextHop } = group[0]!;
    const last = group.findLast(({ lastReply, reason }) => (lastReply ?? reason) !== undefined);
    return [String(group.length), state, transport, nextHop, last?.lastReply || (last?.reason ?? '')];
  });
  return table(['COUNT', 'STATE', 'TRANSPORT', 'NEXT HOP', 'LAST REPLY OR REASON'], rows);
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
  return { json: found.map(summary), text: listText(found) };
}

function stateOf(call: Call): State | undefined {
  const text = option(call, 'state');
  if (text !== undefined && !states.includes(text as State))
    throw new Usage(`"${text}" is no state; it is one of ${states.join(', ')}.`);
  return text as State | undefined;
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

const which = {
  'next-hop': { type: 'string' },
  all: { type: 'boolean' },
  because: { type: 'string' },
} as const;
const ids = '(ID… | --next-hop H | --all) [--because TEXT]';

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
