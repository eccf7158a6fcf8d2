/** `postern trace`: what happened to a message, from accept to its last recipient. */
import { dynamodb, s3 } from '../aws/clients.ts';
import { awsObjects } from '../aws/objects.ts';
import { awsSpool } from '../aws/spool.ts';
import { foldWord, readTrace, tracedSince } from '../aws/trace.ts';
import type { Envelope, EnvelopeRecipient } from '../mail/envelope/envelope.ts';
import { envelopeKeyOf } from '../mail/spool/keys.ts';
import { leavesOutRecipients } from '../mail/spool/message-record.ts';
import { storyOf, type Story } from '../mail/spool/story.ts';
import type { Call, Command } from './command.ts';
import { Failure, Usage } from './failure.ts';
import type { Gateway } from './gateway.ts';
import { option } from './words.ts';

async function trace(call: Call) {
  const [id] = call.positionals;
  if (id !== undefined) {
    const story = await readStory(call.gateway, id);
    if (story === undefined)
      throw new Failure(`There is no message ${id}, or it ended more than 30 days ago.`);
    return { json: story, text: textOf(story) };
  }
  const stories = await search(call);
  return { json: stories, text: stories.map(textOf).join('\n\n') };
}

async function readStory(gateway: Gateway, id: string): Promise<Story | undefined> {
  const spool = awsSpool({
    client: dynamodb(),
    table: gateway.tables.spool,
    clock: () => new Date(),
    keepMessage: gateway.keepMessage,
    onFault: () => undefined,
  });
  const [message, deliveries, reports] = await Promise.all([
    spool.message(id),
    spool.deliveries(id),
    spool.reports(id),
  ]);
  const off = message?.tracking?.off;
  if (off !== undefined)
    throw new Failure(`Message ${id} is not tracked (${off.document}, ${off.field}: ${off.entry}).`);
  if (message === undefined) return undefined;
  const recipients = leavesOutRecipients(message) ? await recipientsOf(gateway, id) : undefined;
  return storyOf({ message, deliveries, reports, ...(recipients && { recipients }) });
}

/** Of a very large envelope, with why each was accepted; its object goes after 30 days. */
async function recipientsOf({ bucket }: Gateway, id: string): Promise<readonly EnvelopeRecipient[]> {
  const envelope = await awsObjects({ client: s3(), bucket })
    .getJson(envelopeKeyOf(id))
    .catch(() => undefined);
  return (envelope as Envelope | undefined)?.recipients ?? [];
}

const day = 86_400_000;

/** `--since`, an ISO time; default 7 days back. */
function startOf(call: Call): number {
  const since = option(call, 'since');
  if (since === undefined) return Date.now() - 7 * day;
  const start = Date.parse(since);
  if (!Number.isNaN(start)) return start;
  throw new Usage(`--since "${since}" is no time; write 2026-11-21 or 2026-11-21T08:00:00Z.`);
}

/** Days to look through, 30 at most, to today. */
function daysOf(start: number): string[] {
  const first = Math.max(start, Date.now() - 30 * day);
  const days: string[] = [];
  for (let at = first; at <= Date.now() + day; at += day) days.push(new Date(at).toISOString().slice(0, 10));
  return [...new Set(days)];
}

async function search(call: Call): Promise<Story[]> {
  const words = ['message-id', 'from', 'to']
    .map((name) => option(call, name))
    .filter((text) => text !== undefined);
  if (words.length === 0 && option(call, 'since') === undefined)
    throw new Usage('Name a message ID, or search with --message-id, --from, --to or --since.');
  const start = startOf(call);
  // Nothing points at <>, the sender of reports.
  const known = words.filter((text) => foldWord(text) !== '');
  const ids = known.length === 0 ? await allSince(call, start) : await idsOfAll(call, known, start);
  const stories = await Promise.all(ids.map((id) => readStory(call.gateway, id)));
  return stories
    .filter((story) => story !== undefined)
    .filter((story) => matches(call, story) && Date.parse(story.events[0]?.at ?? '') >= start)
    .sort((a, b) => a.messageId.localeCompare(b.messageId));
}

function allSince({ gateway }: Call, start: number): Promise<string[]> {
  const from = { client: dynamodb(), table: gateway.tables.spool };
  return tracedSince(from, new Date(start).toISOString());
}

/** What all of the words lead to. */
async function idsOfAll(call: Call, words: readonly string[], start: number): Promise<string[]> {
  const sets = await Promise.all(words.map((text) => idsOf(call, text, start)));
  const [first = [], ...others] = sets;
  return first.filter((id) => others.every((set) => set.includes(id)));
}

async function idsOf(call: Call, text: string, start: number): Promise<string[]> {
  const from = { client: dynamodb(), table: call.gateway.tables.spool };
  const found = await Promise.all(daysOf(start).map((one) => readTrace(from, text, one)));
  return [...new Set(found.flat())];
}

const same = (a: string, b: string): boolean => foldWord(a) === foldWord(b);

/** The pointer says "has to do with"; `--from` and `--to` say in which role. */
function matches(call: Call, story: Story): boolean {
  const [from, to] = [option(call, 'from'), option(call, 'to')];
  if (from !== undefined && !same(story.from, from)) return false;
  return to === undefined || story.recipients.some((address) => same(address, to));
}

function textOf({ messageId, from, subject, events }: Story): string {
  const lines = events.map(({ at, stage, outcome, recipient, because, reply }) => {
    const why =
      because === undefined
        ? ''
        : ` (${because.document}, ${because.field}${because.entry === undefined ? '' : `: ${because.entry}`})`;
    return `  ${at}  ${stage.padEnd(7)} ${outcome}${recipient === undefined ? '' : ` ${recipient}`}${why}${reply === undefined ? '' : ` — ${reply}`}`;
  });
  const about = subject === undefined ? '' : `, "${subject}"`;
  return [`${messageId} from ${from || '<>'}${about}`, ...lines].join('\n');
}

export const traceCommands: Record<string, Command> = {
  trace: {
    takes: '(ID | [--message-id M] [--from A] [--to B] [--since T])',
    does: 'what happened to a message',
    options: {
      'message-id': { type: 'string' },
      from: { type: 'string' },
      to: { type: 'string' },
      since: { type: 'string' },
    },
    run: trace,
  },
};
